//! The order of inner joins, and how two inputs are joined.
//!
//! From every table as the first one, the cheapest next join is added until all are in; the
//! cheapest such order wins. Costs count rows read, hashed, looked up and given.

use super::access::{LOOKUP_COST, ScanLeaf, column_and_value, is_unique, selectivity};
use super::fold::{below_first, columns_of, equality, is_draw, is_random, only_uses, split};
use super::lower::{Lowered, read_columns};
use super::{Optimizer, place, place_all};
use crate::error::{Error, Result};
use crate::expression::{self as build, Expression};
use crate::plan::{ColumnId, JoinType, Logical, Physical};
use std::collections::HashSet;

type Needed = HashSet<ColumnId>;

/// With more inputs only the smallest is tried as the first.
const STARTS_MAX: usize = 8;
/// A table counts as at least so many rows: a plan made while it is empty is used when it is full.
const ROWS_MIN: f64 = 100.0;
/// A loop over every pair costs this much of a row.
const PAIR_COST: f64 = 0.2;
/// Putting a row into a hash table, or looking one up there.
const HASH_COST: f64 = 1.5;

/// An input of joins: a table, which may be looked up, or anything else.
#[allow(clippy::large_enum_variant)] // Few live at a time.
pub(super) enum Leaf {
    Scan(ScanLeaf),
    Other(Lowered),
}

impl Leaf {
    fn ids(&self) -> Needed {
        match self {
            Leaf::Scan(scan) => scan.ids.iter().copied().collect(),
            Leaf::Other(lowered) => lowered.columns.iter().copied().collect(),
        }
    }

    fn rows(&self) -> f64 {
        match self {
            Leaf::Scan(scan) => {
                let each = scan.conditions.iter().map(|condition| selectivity(scan, condition));
                (scan.full * each.product::<f64>()).max(1.0)
            }
            Leaf::Other(lowered) => lowered.rows,
        }
    }

    /// How many different combinations of values some expressions have, about.
    fn distinct(&self, expressions: &[&Expression]) -> f64 {
        let Leaf::Scan(scan) = self else { return combinations(self.rows(), expressions.len()) };
        let column = |expression: &&Expression| match expression {
            Expression::Column { index, .. } => scan.ids.iter().position(|id| id == index),
            _ => None,
        };
        let columns: Vec<usize> = expressions.iter().filter_map(column).collect();
        if is_unique(&scan.table, &columns) {
            return scan.full.max(1.0);
        }
        combinations(scan.full, expressions.len())
    }
}

/// How many different combinations of values some columns have in so many rows, where nothing else
/// is known: more with each column, but rows have some in common.
fn combinations(rows: f64, columns: usize) -> f64 {
    let columns = i32::try_from(columns).unwrap_or(i32::MAX);
    rows.sqrt().powi(columns).min(rows.powf(0.75)).max(1.0)
}

/// `left = right` between two inputs.
struct Edge {
    left: Expression,
    right: Expression,
}

impl Optimizer<'_> {
    /// An input with the conditions on it alone.
    pub(super) fn leaf(
        &mut self,
        plan: Logical,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Leaf> {
        match plan {
            Logical::Scan { table, columns } => {
                let full = (self.statistics.rows(&table)? as f64).max(ROWS_MIN);
                Ok(Leaf::Scan(ScanLeaf { table, ids: columns, conditions, full }))
            }
            Logical::Filter { input, predicate } => {
                let mut conditions = below_first(predicate, conditions);
                let input = self.join_subqueries(*input, &mut conditions)?;
                self.leaf(input, conditions, needed)
            }
            other => Ok(Leaf::Other(self.lower(other, conditions, needed)?)),
        }
    }

    /// Inner joins below one another become one set of inputs in the best order.
    pub(super) fn inner_joins(
        &mut self,
        plan: Logical,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        let (mut inputs, mut all) = (Vec::new(), Vec::new());
        self.flatten(plan, true, &mut inputs, &mut all)?;
        all.extend(conditions);
        // A table alone is read with all of them.
        let alone = inputs.len() == 1;
        let (drawn, all): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| !alone && is_draw(c));
        let ids: Vec<Needed> = inputs.iter().map(|input| input.output().into_iter().collect()).collect();
        let mut own: Vec<Vec<Expression>> = inputs.iter().map(|_| Vec::new()).collect();
        let mut between = Vec::new();
        for condition in all {
            match ids.iter().position(|ids| only_uses(&condition, ids)).and_then(|index| own.get_mut(index)) {
                Some(own) => own.push(condition),
                None => between.push(condition),
            }
        }
        let mut wanted = needed.clone();
        between.iter().for_each(|condition| wanted.extend(columns_of(condition)));
        let mut leaves = Vec::with_capacity(inputs.len());
        for (input, own) in inputs.into_iter().zip(own) {
            leaves.push(self.leaf(input, own, &wanted)?);
        }
        let order = self.order(&leaves, &between)?;
        let mut leaves: Vec<Option<Leaf>> = leaves.into_iter().map(Some).collect();
        let mut joined: Option<Lowered> = None;
        for index in order {
            let Some(leaf) = leaves.get_mut(index).and_then(Option::take) else { continue };
            joined = Some(match joined {
                None => self.read_leaf(leaf, &wanted)?,
                Some(left) => {
                    let mut known: Needed = left.columns.iter().copied().collect();
                    known.extend(leaf.ids());
                    let (on, rest) = between.into_iter().partition(|condition| only_uses(condition, &known));
                    between = rest;
                    self.join(left, leaf, JoinType::Inner, on, &wanted)?
                }
            });
        }
        joined.ok_or_else(|| Error::internal("a join without inputs"))?.filtered(drawn)
    }

    /// The inputs of a join (the root), and of the joins below it unless their rows are drawn.
    fn flatten(
        &mut self,
        plan: Logical,
        root: bool,
        inputs: &mut Vec<Logical>,
        conditions: &mut Vec<Expression>,
    ) -> Result<()> {
        match plan {
            Logical::Join { left, right, join: JoinType::Inner, on } if root || !on.iter().any(is_random) => {
                self.flatten(*left, false, inputs, conditions)?;
                self.flatten(*right, false, inputs, conditions)?;
                on.into_iter().for_each(|condition| split(condition, conditions));
                Ok(())
            }
            Logical::Filter { input, predicate } if !is_random(&predicate) => {
                let mut parts = Vec::new();
                split(predicate, &mut parts);
                let input = self.join_subqueries(*input, &mut parts)?;
                self.flatten(input, false, inputs, conditions)?;
                conditions.extend(parts);
                Ok(())
            }
            other => {
                inputs.push(other);
                Ok(())
            }
        }
    }

    fn read_leaf(&mut self, leaf: Leaf, needed: &Needed) -> Result<Lowered> {
        match leaf {
            Leaf::Scan(scan) => self.read(scan, needed),
            Leaf::Other(lowered) => Ok(lowered),
        }
    }

    /// The order in which the inputs are joined.
    fn order(&self, leaves: &[Leaf], between: &[Expression]) -> Result<Vec<usize>> {
        let all = 0..leaves.len();
        let starts: Vec<usize> = if leaves.len() <= STARTS_MAX {
            all.collect()
        } else {
            all.min_by(|a, b| rows_of(leaves, *a).total_cmp(&rows_of(leaves, *b))).into_iter().collect()
        };
        let mut best: Option<(f64, Vec<usize>)> = None;
        for start in starts {
            let (cost, order) = self.order_from(start, leaves, between)?;
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, order));
            }
        }
        Ok(best.map(|(_, order)| order).unwrap_or_default())
    }

    fn order_from(&self, start: usize, leaves: &[Leaf], between: &[Expression]) -> Result<(f64, Vec<usize>)> {
        let first = leaves.get(start).ok_or_else(|| Error::internal("no such input"))?;
        let (mut cost, mut rows) = match first {
            Leaf::Scan(scan) => {
                let choice = self.choose(scan, &[])?.filter(|choice| choice.cost < scan.full);
                (choice.map_or(scan.full, |choice| choice.cost), first.rows())
            }
            Leaf::Other(lowered) => (lowered.rows, lowered.rows),
        };
        let mut order = vec![start];
        let mut known = first.ids();
        while order.len() < leaves.len() {
            let mut next: Option<(bool, f64, f64, usize)> = None;
            for (index, leaf) in leaves.iter().enumerate().filter(|(index, _)| !order.contains(index)) {
                let edges = edges(between, &known, &leaf.ids());
                let (step, out) = self.step(rows, leaf, &edges, leaves)?;
                let candidate = (edges.is_empty(), step + out, out, index);
                let better = next.is_none_or(|best| (candidate.0, candidate.1) < (best.0, best.1));
                if better {
                    next = Some(candidate);
                }
            }
            let Some((_, step, out, index)) = next else { break };
            cost += step;
            rows = out;
            order.push(index);
            if let Some(leaf) = leaves.get(index) {
                known.extend(leaf.ids());
            }
        }
        Ok((cost, order))
    }

    /// The cost of joining one more input, and the rows that come out.
    fn step(&self, rows: f64, leaf: &Leaf, edges: &[Edge], leaves: &[Leaf]) -> Result<(f64, f64)> {
        let out = rows * leaf.rows();
        if edges.is_empty() {
            return Ok((out * PAIR_COST + leaf.rows(), out));
        }
        let right: Vec<&Expression> = edges.iter().map(|edge| &edge.right).collect();
        let out = (out / leaf.distinct(&right).max(left_distinct(rows, edges, leaves))).max(1.0);
        let hash = match leaf {
            Leaf::Scan(scan) => scan.full + HASH_COST * (leaf.rows() + rows),
            Leaf::Other(lowered) => HASH_COST * (lowered.rows + rows),
        };
        let lookup = self.lookup(rows, leaf, edges)?.map_or(f64::INFINITY, |choice| choice.0);
        Ok((hash.min(lookup), out))
    }

    /// The cost of looking up each row, where that is possible, and how.
    fn lookup(&self, rows: f64, leaf: &Leaf, edges: &[Edge]) -> Result<Option<(f64, super::access::Choice)>> {
        let Leaf::Scan(scan) = leaf else { return Ok(None) };
        let extra: Vec<(usize, Expression)> =
            edges.iter().filter_map(|edge| column_and_value(scan, &edge.right, &edge.left)).collect();
        if extra.is_empty() {
            return Ok(None);
        }
        let choice = self.choose(scan, &extra)?;
        Ok(choice.map(|choice| (rows * choice.cost.max(LOOKUP_COST), choice)))
    }

    /// Joins two inputs on conditions over both.
    pub(super) fn join(
        &mut self,
        left: Lowered,
        right: Leaf,
        join: JoinType,
        on: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        let known: Needed = left.columns.iter().copied().collect();
        let edges = edges(&on, &known, &right.ids());
        let (_, mut rows) = self.step(left.rows, &right, &edges, &[])?;
        match join {
            JoinType::Inner => {}
            JoinType::Left | JoinType::Full => rows = rows.max(left.rows),
            JoinType::Semi | JoinType::Anti => rows = (left.rows * 0.5).max(1.0),
        }
        if join != JoinType::Full
            && let Some((cost, choice)) = self.lookup(left.rows, &right, &edges)?
            && let Leaf::Scan(scan) = &right
            && cost < scan.full + HASH_COST * (right.rows() + left.rows)
        {
            return index_join(left, scan, choice, join, on, rows, needed);
        }
        let right = self.read_leaf(right, needed)?;
        hash_or_loop(left, right, join, on, rows)
    }
}

/// How many different combinations of values the left sides of some equalities have, about.
fn left_distinct(rows: f64, edges: &[Edge], leaves: &[Leaf]) -> f64 {
    let mut all = 1.0;
    let mut known = 0;
    for leaf in leaves {
        let ids = leaf.ids();
        let own: Vec<&Expression> =
            edges.iter().map(|edge| &edge.left).filter(|left| only_uses(left, &ids)).collect();
        if !own.is_empty() {
            known += own.len();
            all *= leaf.distinct(&own);
        }
    }
    if known < edges.len() { combinations(rows, edges.len()) } else { all.min(rows.max(1.0)) }
}

fn rows_of(leaves: &[Leaf], index: usize) -> f64 {
    leaves.get(index).map_or(f64::INFINITY, Leaf::rows)
}

/// The equalities between what is joined already and one more input.
fn edges(conditions: &[Expression], known: &Needed, next: &Needed) -> Vec<Edge> {
    let used = |expression: &Expression, ids: &Needed| {
        only_uses(expression, ids) && !columns_of(expression).is_empty() && !is_random(expression)
    };
    let sides = conditions.iter().filter_map(equality);
    sides
        .filter_map(|(a, b)| {
            if used(a, known) && used(b, next) {
                Some(Edge { left: a.clone(), right: b.clone() })
            } else if used(b, known) && used(a, next) {
                Some(Edge { left: b.clone(), right: a.clone() })
            } else {
                None
            }
        })
        .collect()
}

fn index_join(
    left: Lowered,
    scan: &ScanLeaf,
    choice: super::access::Choice,
    join: JoinType,
    on: Vec<Expression>,
    rows: f64,
    needed: &Needed,
) -> Result<Lowered> {
    let mut access = choice.access;
    let ends = access.lower.iter_mut().chain(&mut access.upper).map(|bound| &mut bound.value);
    for value in access.equal.iter_mut().chain(ends) {
        let plain = std::mem::replace(value, Expression::constant(crate::types::Value::Null));
        *value = place(plain, &left.columns)?;
    }
    let rest = scan.conditions.iter().enumerate().filter(|(number, _)| !choice.answered.contains(number));
    let rest: Vec<Expression> = rest.map(|(_, condition)| condition.clone()).collect();
    let known: Needed = left.columns.iter().copied().collect();
    // What the lookup made equal need not be compared again.
    let looked_up: Vec<(usize, Expression)> = access_columns(scan, &access);
    let on: Vec<Expression> = on
        .into_iter()
        .filter(|condition| {
            let Some(edge) =
                edges(std::slice::from_ref(condition), &known, &scan.ids.iter().copied().collect()).pop()
            else {
                return true;
            };
            let Some((column, _)) = column_and_value(scan, &edge.right, &edge.left) else { return true };
            let Ok(value) = place(edge.left, &left.columns) else { return true };
            !looked_up.contains(&(column, value))
        })
        .collect();
    let mut wanted = needed.clone();
    on.iter().for_each(|condition| wanted.extend(columns_of(condition)));
    let (columns, inner_ids) = read_columns(&scan.ids, &rest, &wanted);
    let inner_filter = place_all(rest, &inner_ids)?;
    let mut both = left.columns.clone();
    both.extend(&inner_ids);
    let on = place_all(on, &both)?;
    let (table, outer) = (scan.table.clone(), Box::new(left.plan));
    let plan = Physical::IndexJoin { outer, table, columns, access, inner_filter, on, join };
    let columns = if join.gives_right() { both } else { left.columns };
    Ok(Lowered { plan, columns, rows })
}

/// The columns that an access fixes, and their values.
fn access_columns(scan: &ScanLeaf, access: &crate::plan::Access) -> Vec<(usize, Expression)> {
    let key: Vec<usize> = match access.path {
        crate::plan::Path::Table => scan.table.primary_key().to_vec(),
        crate::plan::Path::Index(number) => {
            let index = scan.table.indexes.get(number);
            index.map_or_else(Vec::new, |index| index.columns.iter().map(|(column, _)| *column).collect())
        }
    };
    key.into_iter().zip(access.equal.iter().cloned()).collect()
}

fn hash_or_loop(
    left: Lowered,
    right: Lowered,
    join: JoinType,
    on: Vec<Expression>,
    rows: f64,
) -> Result<Lowered> {
    // The side that is built into the hash table should be the smaller one.
    let (left, right) = match join {
        JoinType::Inner if left.rows < right.rows => (right, left),
        _ => (left, right),
    };
    let left_ids: Needed = left.columns.iter().copied().collect();
    let right_ids: Needed = right.columns.iter().copied().collect();
    let (mut left_keys, mut right_keys, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for condition in on {
        match edges(std::slice::from_ref(&condition), &left_ids, &right_ids).pop() {
            None => rest.push(condition),
            Some(Edge { left: a, right: b }) => {
                let common = build::common_type([&a, &b], "the sides of a join")?;
                left_keys.push(place(build::cast(a, common)?, &left.columns)?);
                right_keys.push(place(build::cast(b, common)?, &right.columns)?);
            }
        }
    }
    let mut both = left.columns.clone();
    both.extend(&right.columns);
    let on = place_all(rest, &both)?;
    let columns = if join.gives_right() { both } else { left.columns };
    let (left, right) = (Box::new(left.plan), Box::new(right.plan));
    let plan = if left_keys.is_empty() {
        Physical::LoopJoin { left, right, on, join }
    } else {
        Physical::HashJoin { left, right, left_keys, right_keys, on, join }
    };
    Ok(Lowered { plan, columns, rows })
}
