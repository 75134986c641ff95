//! Foreign keys, seen from both sides of a change.
//!
//! The table a reference names may be created after the reference, so keys are matched here, when
//! a change is bound, and not when the table is created.

use super::Binder;
use crate::catalog::{Catalog, ForeignKey, RowKey, Table};
use crate::error::{Error, Result, state};
use crate::plan::{ChildCheck, Dependent, ParentCheck, Path, UniqueKey};
use std::sync::Arc;

/// A reference and the key it means.
struct Resolved {
    parent: Arc<Table>,
    key: UniqueKey,
    /// The referring columns, in the order of the key.
    columns: Vec<usize>,
    /// The columns of the key.
    parents: Vec<usize>,
}

impl Binder<'_> {
    /// What new rows need in other tables, when these columns (or all) change.
    pub(super) fn parent_checks(&self, table: &Table, changed: Option<&[usize]>) -> Result<Vec<ParentCheck>> {
        let touched = table.foreign_keys.iter().enumerate().filter(|(_, key)| touches(&key.columns, changed));
        touched
            .map(|(number, key)| {
                let Resolved { parent, key: unique, columns, parents: _ } =
                    resolve(self.catalog, table, key)?;
                let (name, deferred) = (key.name.clone(), key.deferred);
                Ok(ParentCheck { name, parent, key: unique, columns, number, deferred })
            })
            .collect()
    }

    /// What in other tables needs rows that go, when these columns (or all) change.
    pub(super) fn child_checks(&self, table: &Table, changed: Option<&[usize]>) -> Result<Vec<ChildCheck>> {
        let mut checks = Vec::new();
        for child in &self.catalog.tables {
            let keys = child.foreign_keys.iter().enumerate();
            for (number, key) in keys.filter(|(_, key)| key.table.eq_ignore_ascii_case(&table.name)) {
                let Resolved { columns, parents, .. } = resolve(self.catalog, child, key)?;
                if touches(&parents, changed) {
                    checks.push(child_check(child, number, key, columns, parents));
                }
            }
        }
        Ok(checks)
    }
}

impl<'a> Binder<'a> {
    /// The tables that change with these rows, and those that change with theirs, and so on.
    pub(super) fn dependents(&mut self, children: &mut [ChildCheck]) -> Result<Vec<Dependent>> {
        let mut known: Vec<&'a Arc<Table>> = Vec::new();
        self.number(children, &mut known);
        let mut out: Vec<Dependent> = Vec::new();
        while let Some(&table) = known.get(out.len()) {
            let mut children = self.child_checks(table, None)?;
            self.number(&mut children, &mut known);
            out.push(Dependent {
                table: table.clone(),
                checks: self.checks(table)?,
                parents: self.parent_checks(table, None)?,
                children,
                defaults: self.defaults(table)?,
            });
        }
        Ok(out)
    }

    /// Numbers the tables that the checks change, in the order they are found in.
    fn number(&self, checks: &mut [ChildCheck], known: &mut Vec<&'a Arc<Table>>) {
        for check in checks.iter_mut().filter(|check| check.on_delete.acts() || check.on_update.acts()) {
            let Some(table) = self.catalog.find(&check.child.name) else { continue };
            let found = known.iter().position(|known| known.id == table.id);
            check.dependent = Some(found.unwrap_or(known.len()));
            if found.is_none() {
                known.push(table);
            }
        }
    }
}

/// The two sides of a foreign key, to look at it again; none when its table is gone.
pub fn both_sides(catalog: &Catalog, child: u32, number: usize) -> Result<Option<(ParentCheck, ChildCheck)>> {
    let Some(child) = catalog.tables.iter().find(|table| table.id == child) else { return Ok(None) };
    let Some(key) = child.foreign_keys.get(number) else { return Ok(None) };
    let Resolved { parent, key: unique, columns, parents } = resolve(catalog, child, key)?;
    let (name, deferred) = (key.name.clone(), key.deferred);
    let up = ParentCheck { name, parent, key: unique, columns: columns.clone(), number, deferred };
    Ok(Some((up, child_check(child, number, key, columns, parents))))
}

fn touches(columns: &[usize], changed: Option<&[usize]>) -> bool {
    changed.is_none_or(|changed| columns.iter().any(|column| changed.contains(column)))
}

fn resolve(catalog: &Catalog, table: &Table, key: &ForeignKey) -> Result<Resolved> {
    let parent = catalog.find(&key.table).ok_or_else(|| {
        let message = format!("the table {} refers to {}, which does not exist", table.name, key.table);
        Error::name(state::NO_TABLE, message)
    })?;
    let wrong = |what: &str| {
        let message = format!("the foreign key of {} to {}: {what}", table.name, parent.name);
        Error::name(state::BAD_FOREIGN_KEY, message)
    };
    let mut parents = Vec::with_capacity(key.columns.len());
    for name in &key.parents {
        parents.push(parent.column(name).ok_or_else(|| wrong(&format!("there is no column {name}")))?);
    }
    if key.parents.is_empty() {
        parents = parent.primary_key().to_vec();
    }
    if parents.len() != key.columns.len() || parents.is_empty() {
        return Err(wrong("it has another number of columns than the key it refers to"));
    }
    for (&column, &other) in key.columns.iter().zip(&parents) {
        let (from, to) = (table.column_type(column), parent.column_type(other));
        if from.physical() != to.physical() || from.scale() != to.scale() {
            return Err(wrong(&format!("the types {from} and {to} differ")));
        }
    }
    let (unique, order) = unique_key(parent, &parents)
        .ok_or_else(|| wrong("the columns it refers to are not a primary key or UNIQUE"))?;
    let pick =
        |list: &[usize]| -> Vec<usize> { order.iter().filter_map(|&i| list.get(i).copied()).collect() };
    Ok(Resolved { parent: parent.clone(), key: unique, columns: pick(&key.columns), parents: pick(&parents) })
}

/// The unique key with exactly these columns, and where each of its columns stands among them.
pub(super) fn unique_key(table: &Table, columns: &[usize]) -> Option<(UniqueKey, Vec<usize>)> {
    let order = |key: &[usize]| -> Option<Vec<usize>> {
        if key.len() != columns.len() {
            return None;
        }
        key.iter().map(|column| columns.iter().position(|wanted| wanted == column)).collect()
    };
    if let Some(order) = order(table.primary_key()).filter(|_| !columns.is_empty()) {
        return Some((UniqueKey::Primary, order));
    }
    table.indexes.iter().enumerate().filter(|(_, index)| index.unique).find_map(|(number, index)| {
        let key: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
        order(&key).map(|order| (UniqueKey::Index(number), order))
    })
}

fn child_check(
    child: &Arc<Table>,
    number: usize,
    key: &ForeignKey,
    columns: Vec<usize>,
    parents: Vec<usize>,
) -> ChildCheck {
    let found = search_path(child, &columns);
    let (index, order) = match found {
        Some((path, order)) => (Some(path), order),
        None => (None, (0..columns.len()).collect()),
    };
    let pick =
        |list: &[usize]| -> Vec<usize> { order.iter().filter_map(|&i| list.get(i).copied()).collect() };
    ChildCheck {
        name: key.name.clone(),
        child: child.clone(),
        columns: pick(&columns),
        parents: pick(&parents),
        index,
        on_delete: key.on_delete,
        on_update: key.on_update,
        number,
        deferred: key.deferred,
        dependent: None,
    }
}

/// A key of the table that begins with these columns in any order, and that order.
fn search_path(table: &Table, columns: &[usize]) -> Option<(Path, Vec<usize>)> {
    let order = |key: &[usize]| -> Option<Vec<usize>> {
        let first = key.get(..columns.len())?;
        first.iter().map(|column| columns.iter().position(|wanted| wanted == column)).collect()
    };
    if table.key != RowKey::Rowid
        && let Some(order) = order(table.primary_key())
    {
        return Some((Path::Table, order));
    }
    table.indexes.iter().enumerate().find_map(|(number, index)| {
        let key: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
        order(&key).map(|order| (Path::Index(number), order))
    })
}
