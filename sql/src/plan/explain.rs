//! A physical plan as text, one operator a line, inputs indented under it.

use super::physical::{Access, ChangeKind, JoinType, Path, Physical, Plan, Statement};
use crate::catalog::{RowKey, Table};
use std::fmt::Write;

/// The lines of a statement's plan.
pub fn explain(statement: &Statement) -> Vec<String> {
    let mut lines = Vec::new();
    match &statement.plan {
        Plan::Query(plan) => operator(plan, 0, &mut lines),
        Plan::Change(change) => {
            let verb = match change.kind {
                ChangeKind::Insert { .. } => "Insert into",
                ChangeKind::Update { .. } => "Update",
                ChangeKind::Delete { .. } => "Delete from",
            };
            lines.push(format!("{verb} {}", change.table.name));
            operator(&change.source, 1, &mut lines);
        }
    }
    for (number, plan) in statement.subplans.iter().enumerate() {
        if !matches!(plan, Physical::Values { rows, .. } if rows.is_empty()) {
            lines.push(format!("Subquery {number}"));
            operator(plan, 1, &mut lines);
        }
    }
    lines
}

fn operator(plan: &Physical, depth: usize, lines: &mut Vec<String>) {
    let mut line = "  ".repeat(depth);
    let inputs: Vec<&Physical> = match plan {
        Physical::Values { rows, .. } => {
            let _ = write!(line, "Values ({} rows)", rows.len());
            vec![]
        }
        Physical::Scan { table, access, filter, .. } => {
            let _ = write!(line, "Scan {}{}", table.name, path(table, access));
            line.push_str(if filter.is_some() { ", filtered" } else { "" });
            vec![]
        }
        Physical::Filter { input, .. } => {
            line.push_str("Filter");
            vec![input]
        }
        Physical::Project { input, expressions } => {
            let _ = write!(line, "Project ({} columns)", expressions.len());
            vec![input]
        }
        Physical::IndexJoin { outer, table, access, join, .. } => {
            let _ = write!(line, "{}Lookup join {}{}", kind(*join), table.name, path(table, access));
            vec![outer]
        }
        Physical::HashJoin { left, right, join, .. } => {
            let _ = write!(line, "{}Hash join", kind(*join));
            vec![left, right]
        }
        Physical::LoopJoin { left, right, join, .. } => {
            let _ = write!(line, "{}Loop join", kind(*join));
            vec![left, right]
        }
        Physical::Aggregate { input, groups, aggregates } => {
            let _ = write!(line, "Aggregate ({} groups, {} aggregates)", groups.len(), aggregates.len());
            vec![input]
        }
        Physical::Sort { input, keys, limit } => {
            let first = if limit.is_some() { ", first rows only" } else { "" };
            let _ = write!(line, "Sort ({} keys{first})", keys.len());
            vec![input]
        }
        Physical::Limit { input, .. } => {
            line.push_str("Limit");
            vec![input]
        }
        Physical::Distinct { input, on } => {
            line.push_str("Distinct");
            if !on.is_empty() {
                let _ = write!(line, " (on {} columns)", on.len());
            }
            vec![input]
        }
        Physical::Series { .. } => {
            line.push_str("Series");
            vec![]
        }
        Physical::Recursive { base, step, .. } => {
            line.push_str("Recursive");
            vec![base, step]
        }
        Physical::Working { .. } => {
            line.push_str("Rows of the round before");
            vec![]
        }
        Physical::Append { inputs, .. } => {
            line.push_str("Append");
            inputs.iter().collect()
        }
        Physical::SetOperation { left, right, except, .. } => {
            line.push_str(if *except { "Except" } else { "Intersect" });
            vec![left, right]
        }
    };
    lines.push(line);
    inputs.into_iter().for_each(|input| operator(input, depth + 1, lines));
}

fn kind(join: JoinType) -> &'static str {
    match join {
        JoinType::Inner => "",
        JoinType::Left => "Left ",
        JoinType::Semi => "Semi ",
        JoinType::Anti => "Anti ",
        JoinType::Full => "Full ",
    }
}

fn path(table: &Table, access: &Access) -> String {
    let fixed = access.equal.len();
    let range = access.lower.is_some() || access.upper.is_some();
    let listed = access.one_of.len();
    let name = match access.path {
        Path::Table if fixed == 0 && !range && listed == 0 => return String::new(),
        Path::Table if table.key == RowKey::Rowid => "rowid".to_owned(),
        Path::Table => "primary key".to_owned(),
        Path::Index(number) => match table.indexes.get(number) {
            Some(index) => format!("index {}", index.name),
            None => "an index".to_owned(),
        },
    };
    let range = if range { ", range" } else { "" };
    let listed = if listed > 0 { format!(", {listed} in a list") } else { String::new() };
    format!(" by {name} ({fixed} fixed{listed}{range})")
}
