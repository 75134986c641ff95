//! A physical plan as text, one operator a line, inputs indented under it.

use super::physical::{Access, ChangeKind, JoinType, Path, Physical, Plan, Statement};
use crate::catalog::{RowKey, Table};
use std::fmt::Write;

/// The lines of a statement's plan; `note` adds something to the line of an operator.
pub fn explain(statement: &Statement, note: impl Fn(&Physical) -> Option<String>) -> Vec<String> {
    let mut lines = Vec::new();
    match &statement.plan {
        Plan::Query(plan) => operator(plan, 0, &note, &mut lines),
        Plan::Change(change) => {
            let verb = match change.kind {
                ChangeKind::Insert { .. } => "Insert into",
                ChangeKind::Update { .. } => "Update",
                ChangeKind::Delete { .. } => "Delete from",
            };
            lines.push(format!("{verb} {}", change.table.name));
            operator(&change.source, 1, &note, &mut lines);
        }
    }
    for (number, plan) in statement.subplans.iter().enumerate() {
        if !matches!(plan, Physical::Values { rows, .. } if rows.is_empty()) {
            lines.push(format!("Subquery {number}"));
            operator(plan, 1, &note, &mut lines);
        }
    }
    lines
}

fn operator(
    plan: &Physical,
    depth: usize,
    note: &dyn Fn(&Physical) -> Option<String>,
    lines: &mut Vec<String>,
) {
    let mut line = "  ".repeat(depth) + &name(plan);
    if let Some(note) = note(plan) {
        let _ = write!(line, " [{note}]");
    }
    lines.push(line);
    plan.inputs().into_iter().for_each(|input| operator(input, depth + 1, note, lines));
}

/// What an operator does.
fn name(plan: &Physical) -> String {
    match plan {
        Physical::Values { rows, .. } => format!("Values ({} rows)", rows.len()),
        Physical::Scan { table, access, filter, .. } => {
            let filtered = if filter.is_some() { ", filtered" } else { "" };
            format!("Scan {}{}{filtered}", table.name, path(table, access))
        }
        Physical::Filter { .. } => "Filter".to_owned(),
        Physical::Project { expressions, .. } => format!("Project ({} columns)", expressions.len()),
        Physical::IndexJoin { table, access, join, .. } => {
            format!("{}Lookup join {}{}", kind(*join), table.name, path(table, access))
        }
        Physical::HashJoin { join, .. } => format!("{}Hash join", kind(*join)),
        Physical::LoopJoin { join, .. } => format!("{}Loop join", kind(*join)),
        Physical::Aggregate { groups, aggregates, .. } => {
            format!("Aggregate ({} groups, {} aggregates)", groups.len(), aggregates.len())
        }
        Physical::Sort { keys, limit, .. } => {
            let first = if limit.is_some() { ", first rows only" } else { "" };
            format!("Sort ({} keys{first})", keys.len())
        }
        Physical::Limit { .. } => "Limit".to_owned(),
        Physical::Distinct { on, .. } if on.is_empty() => "Distinct".to_owned(),
        Physical::Distinct { on, .. } => format!("Distinct (on {} columns)", on.len()),
        Physical::Append { .. } => "Append".to_owned(),
        Physical::SetOperation { except: true, .. } => "Except".to_owned(),
        Physical::SetOperation { except: false, .. } => "Intersect".to_owned(),
        Physical::Series { .. } => "Series".to_owned(),
        Physical::Recursive { .. } => "Recursive".to_owned(),
        Physical::Working { .. } => "Rows of the round before".to_owned(),
    }
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
