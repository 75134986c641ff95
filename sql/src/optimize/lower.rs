//! From logical to physical, one walk from the top.
//!
//! On the way down go the conditions that still have to be applied (in terms of the columns of
//! the operator below) and the set of columns needed above. On the way up come the physical plan,
//! the ids of the columns it gives, in order, and an estimate of its rows. It may give more
//! columns than were asked for.

use super::access::{ScanLeaf, full_scan, selectivity};
use super::fold::{
    below_first, cannot_fail, columns_of, equality, fold, is_draw, is_random, only_uses, split,
};
use super::order::comes_sorted;
use super::subquery::{substitute, uses_outer};
use super::{Optimizer, exact, place, place_all, position};
use crate::error::Result;
use crate::expression::{self as build, Aggregate, Expression, SortKey};
use crate::plan::{ColumnId, JoinType, Logical, Physical};
use crate::types::Value;
use std::collections::HashSet;

/// A larger table might not fit into memory, and would be written to files for each row.
const HASHED_ROWS_MAX: f64 = 2_000_000.0;

/// A physical plan on the way up.
pub(super) struct Lowered {
    pub(super) plan: Physical,
    pub(super) columns: Vec<ColumnId>,
    pub(super) rows: f64,
}

impl Lowered {
    /// With conditions on top.
    pub(super) fn filtered(self, conditions: Vec<Expression>) -> Result<Lowered> {
        match place_all(conditions, &self.columns)? {
            None => Ok(self),
            Some(predicate) => Ok(Lowered {
                plan: Physical::Filter { input: Box::new(self.plan), predicate },
                rows: (self.rows * 0.5).max(1.0),
                columns: self.columns,
            }),
        }
    }
}

type Needed = HashSet<ColumnId>;

/// Where nothing is known.
const ROWS_UNKNOWN: f64 = 1000.0;

impl Optimizer<'_> {
    pub(super) fn lower(
        &mut self,
        plan: Logical,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        match plan {
            Logical::Filter { input, predicate } => {
                let mut conditions = below_first(predicate, conditions);
                let input = self.join_subqueries(*input, &mut conditions)?;
                self.lower(input, conditions, needed)
            }
            Logical::Project { input, expressions } => self.project(*input, expressions, conditions, needed),
            Logical::Scan { .. } | Logical::Join { join: JoinType::Inner, .. } => {
                self.inner_joins(plan, conditions, needed)
            }
            Logical::Join { left, right, join, on } => {
                self.outer_join((*left, *right), join, on, conditions, needed)
            }
            Logical::Aggregate { input, groups, aggregates } => {
                self.aggregate(*input, groups, aggregates, conditions, needed)
            }
            Logical::Sort { input, keys } => self.sort(*input, keys, conditions, needed, (None, None)),
            Logical::Limit { input, limit, offset } => {
                let mut wanted = needed.clone();
                conditions.iter().for_each(|condition| wanted.extend(columns_of(condition)));
                let lowered = self.limit(*input, limit, offset, &wanted)?;
                lowered.filtered(conditions)
            }
            Logical::Distinct { input, columns, on } => self.distinct(*input, columns, on, conditions),
            Logical::Values { mut rows, columns, types } => {
                rows.iter_mut().flatten().for_each(fold);
                let count = rows.len() as f64;
                Lowered { plan: Physical::Values { rows, types }, columns, rows: count }.filtered(conditions)
            }
            Logical::Append { inputs, columns, types } => self.append(inputs, columns, types, &conditions),
            Logical::SetOperation { left, right, columns, except, all } => {
                let left = self.exactly(left.0, vec![], &left.1)?;
                let right = self.exactly(right.0, vec![], &right.1)?;
                let rows = left.rows;
                let (left, right) = (Box::new(left.plan), Box::new(right.plan));
                let plan = Physical::SetOperation { left, right, except, all };
                Lowered { plan, columns, rows }.filtered(conditions)
            }
            Logical::Series { mut range, column, data_type } => {
                range.iter_mut().for_each(fold);
                let plan = Physical::Series { range, data_type };
                Lowered { plan, columns: vec![column], rows: ROWS_UNKNOWN }.filtered(conditions)
            }
            Logical::Recursive { base, step, columns, types, number, all } => {
                let base = self.exactly(base.0, vec![], &base.1)?;
                let step = self.exactly(step.0, vec![], &step.1)?;
                let rows = base.rows.max(ROWS_UNKNOWN);
                let (base, step) = (Box::new(base.plan), Box::new(step.plan));
                let plan = Physical::Recursive { base, step, types, number, all };
                Lowered { plan, columns, rows }.filtered(conditions)
            }
            Logical::Working { number, columns, types } => {
                let plan = Physical::Working { number, types };
                Lowered { plan, columns, rows: ROWS_UNKNOWN }.filtered(conditions)
            }
        }
    }

    /// A plan with exactly these columns in this order.
    pub(super) fn exactly(
        &mut self,
        plan: Logical,
        conditions: Vec<Expression>,
        ids: &[ColumnId],
    ) -> Result<Lowered> {
        let wanted = ids.iter().copied().collect();
        exact(self.lower(plan, conditions, &wanted)?, ids)
    }

    fn distinct(
        &mut self,
        input: Logical,
        columns: Vec<ColumnId>,
        on: Vec<ColumnId>,
        conditions: Vec<Expression>,
    ) -> Result<Lowered> {
        // The first row of each kind must not become another one.
        let counts = |condition: &Expression| {
            let all = on.is_empty() || only_uses(condition, &on.iter().copied().collect());
            all && !is_random(condition)
        };
        let (below, above): (Vec<_>, Vec<_>) = conditions.into_iter().partition(counts);
        let lowered = self.exactly(input, below, &columns)?;
        let rows = (lowered.rows * 0.5).max(1.0);
        let on = on.iter().map(|id| position(&columns, *id)).collect::<Result<_>>()?;
        let plan = Physical::Distinct { input: Box::new(lowered.plan), on };
        Lowered { plan, columns, rows }.filtered(above)
    }

    fn project(
        &mut self,
        input: Logical,
        mut expressions: Vec<(ColumnId, Expression)>,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        let input = self.decorrelate(input, expressions.iter_mut().map(|(_, expression)| expression))?;
        let random = expressions.iter().any(|(_, expression)| is_random(expression));
        let (above, below) = if random { (conditions, vec![]) } else { (vec![], conditions) };
        let mut pushed = Vec::with_capacity(below.len());
        for mut condition in below {
            substitute(&mut condition, &expressions);
            split(condition, &mut pushed);
        }
        let mut wanted = needed.clone();
        above.iter().for_each(|condition| wanted.extend(columns_of(condition)));
        expressions.retain(|(id, _)| wanted.contains(id));
        let mut inner = Needed::new();
        for (_, expression) in &mut expressions {
            fold(expression);
            inner.extend(columns_of(expression));
        }
        let lowered = self.lower(input, pushed, &inner)?;
        renamed(lowered, expressions)?.filtered(above)
    }

    fn aggregate(
        &mut self,
        input: Logical,
        mut groups: Vec<(ColumnId, Expression)>,
        mut aggregates: Vec<(ColumnId, Aggregate)>,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        let drawn = groups.iter().filter(|(_, group)| is_random(group)).map(|(id, _)| *id);
        let drawn: Needed = drawn.collect();
        let group_ids: Needed = groups.iter().map(|(id, _)| *id).filter(|id| !drawn.contains(id)).collect();
        let (mut above, mut below) = (Vec::new(), Vec::new());
        for mut condition in conditions {
            // Without groups a condition below would not remove the one row above.
            if !groups.is_empty() && only_uses(&condition, &group_ids) && !is_random(&condition) {
                substitute(&mut condition, &groups);
                split(condition, &mut below);
            } else {
                above.push(condition);
            }
        }
        let mut wanted = needed.clone();
        above.iter().for_each(|condition| wanted.extend(columns_of(condition)));
        aggregates.retain(|(id, _)| wanted.contains(id));
        let mut inner = Needed::new();
        for (_, group) in &mut groups {
            fold(group);
            inner.extend(columns_of(group));
        }
        for expression in aggregates.iter().flat_map(|(_, aggregate)| aggregate.expressions()) {
            inner.extend(columns_of(expression));
        }
        let input = self.lower(input, below, &inner)?;
        let columns = groups.iter().map(|(id, _)| *id).chain(aggregates.iter().map(|(id, _)| *id)).collect();
        let rows = if groups.is_empty() { 1.0 } else { (input.rows * 0.2).max(1.0) };
        let groups = groups.into_iter().map(|(_, g)| place(g, &input.columns)).collect::<Result<_>>()?;
        let aggregates = aggregates.into_iter().map(|(_, aggregate)| placed(aggregate, &input.columns));
        let aggregates = aggregates.collect::<Result<_>>()?;
        let plan = Physical::Aggregate { input: Box::new(input.plan), groups, aggregates };
        Lowered { plan, columns, rows }.filtered(above)
    }

    fn sort(
        &mut self,
        input: Logical,
        keys: Vec<SortKey>,
        conditions: Vec<Expression>,
        needed: &Needed,
        (limit, offset): (Option<Expression>, Option<Expression>),
    ) -> Result<Lowered> {
        let mut wanted = needed.clone();
        keys.iter().for_each(|key| wanted.extend(columns_of(&key.expression)));
        let mut input = self.lower(input, conditions, &wanted)?;
        let mut placed = Vec::with_capacity(keys.len());
        for mut key in keys {
            fold(&mut key.expression);
            // What is the same for all rows orders nothing.
            if !matches!(key.expression, Expression::Constant { .. }) {
                placed.push(SortKey { expression: place(key.expression, &input.columns)?, ..key });
            }
        }
        let sorted = placed.is_empty() || comes_sorted(&mut input.plan, &placed);
        let plan = match sorted {
            true => input.plan,
            false => Physical::Sort { input: Box::new(input.plan), keys: placed, limit, offset },
        };
        Ok(Lowered { plan, columns: input.columns, rows: input.rows })
    }

    fn limit(
        &mut self,
        input: Logical,
        mut limit: Option<Expression>,
        mut offset: Option<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        limit.iter_mut().chain(&mut offset).for_each(fold);
        let count = match &limit {
            Some(Expression::Constant { value: Value::Integer(count), .. }) => *count as f64,
            _ => f64::INFINITY,
        };
        let input = match input {
            Logical::Sort { input, keys } => {
                self.sort(*input, keys, vec![], needed, (limit.clone(), offset.clone()))?
            }
            // A projection that the sort is under does not change the number of rows.
            other => self.lower(other, vec![], needed)?,
        };
        let plan = Physical::Limit { input: Box::new(input.plan), limit, offset };
        Ok(Lowered { plan, columns: input.columns, rows: input.rows.min(count) })
    }

    fn append(
        &mut self,
        inputs: Vec<(Logical, Vec<ColumnId>)>,
        columns: Vec<ColumnId>,
        types: Vec<crate::types::DataType>,
        conditions: &[Expression],
    ) -> Result<Lowered> {
        let mut plans = Vec::with_capacity(inputs.len());
        let mut rows = 0.0;
        for (input, ids) in inputs {
            let meant = columns.iter().zip(&ids).zip(&types);
            let meant: Vec<(ColumnId, Expression)> = meant
                .map(|((column, id), data_type)| (*column, Expression::column(*id, *data_type)))
                .collect();
            let mut pushed = Vec::with_capacity(conditions.len());
            for condition in conditions {
                let mut condition = condition.clone();
                substitute(&mut condition, &meant);
                pushed.push(condition);
            }
            let lowered = self.exactly(input, pushed, &ids)?;
            rows += lowered.rows;
            plans.push(lowered.plan);
        }
        Ok(Lowered { plan: Physical::Append { inputs: plans, types }, columns, rows })
    }

    /// LEFT, FULL, semi and anti joins.
    fn outer_join(
        &mut self,
        (left, right): (Logical, Logical),
        join: JoinType,
        on: Vec<Expression>,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        let left_ids: Needed = left.output().into_iter().collect();
        let right_ids: Needed = right.output().into_iter().collect();
        if join == JoinType::Full {
            return self.full_join((left, right), on, conditions, needed);
        }
        let (to_left, above): (Vec<_>, Vec<_>) =
            conditions.into_iter().partition(|c| only_uses(c, &left_ids) && !is_draw(c));
        if join == JoinType::Left && above.iter().any(|condition| rejects_null(condition, &right_ids)) {
            // Rows that the outer join would add are removed again: it is an inner one.
            let inner =
                Logical::Join { left: Box::new(left), right: Box::new(right), join: JoinType::Inner, on };
            return self.lower(inner, to_left.into_iter().chain(above).collect(), needed);
        }
        let mut parts = Vec::new();
        on.into_iter().for_each(|condition| split(condition, &mut parts));
        let (to_right, on): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|c| only_uses(c, &right_ids) && !columns_of(c).is_empty());
        let mut wanted = needed.clone();
        on.iter().chain(&above).for_each(|condition| wanted.extend(columns_of(condition)));
        let left = self.lower(left, to_left, &wanted)?;
        let right = self.leaf(right, to_right, &wanted)?;
        self.join(left, right, join, on, &wanted)?.filtered(above)
    }

    fn full_join(
        &mut self,
        (left, right): (Logical, Logical),
        on: Vec<Expression>,
        conditions: Vec<Expression>,
        needed: &Needed,
    ) -> Result<Lowered> {
        // Rows that one side adds are removed again: it is an outer join of the other side.
        let removed = |side: &Logical| {
            let ids: Needed = side.output().into_iter().collect();
            conditions.iter().any(|condition| rejects_null(condition, &ids))
        };
        let (no_right, no_left) = (removed(&left), removed(&right));
        if no_right || no_left {
            let (left, right) = if no_right { (left, right) } else { (right, left) };
            return self.outer_join((left, right), JoinType::Left, on, conditions, needed);
        }
        let mut wanted = needed.clone();
        on.iter().chain(&conditions).for_each(|condition| wanted.extend(columns_of(condition)));
        let left = self.lower(left, vec![], &wanted)?;
        let right = self.leaf(right, vec![], &wanted)?;
        let mut parts = Vec::new();
        on.into_iter().for_each(|condition| split(condition, &mut parts));
        self.join(left, right, JoinType::Full, parts, &wanted)?.filtered(conditions)
    }

    /// A table to be read; `full` rows, of which the conditions leave some.
    pub(super) fn read(&mut self, leaf: ScanLeaf, needed: &Needed) -> Result<Lowered> {
        let ScanLeaf { table, ids, conditions, full } = &leaf;
        let mut rows = *full;
        conditions.iter().for_each(|condition| rows *= selectivity(&leaf, condition));
        let choice = self.choose(&leaf, &[])?.filter(|choice| choice.cost < *full);
        let (access, answered) = match choice {
            Some(choice) => {
                rows = rows.min(choice.rows);
                (choice.access, choice.answered)
            }
            None => {
                if let Some(plan) = hashed_once(&leaf, needed)? {
                    return Ok(Lowered { rows: rows.max(1.0), ..plan });
                }
                (full_scan(), vec![])
            }
        };
        let rest: Vec<Expression> = conditions
            .iter()
            .enumerate()
            .filter(|(number, _)| !answered.contains(number))
            .map(|(_, condition)| condition.clone())
            .collect();
        let (columns, out) = read_columns(ids, &rest, needed);
        let filter = place_all(rest, &out)?;
        let plan = Physical::Scan { table: table.clone(), columns, access, filter };
        Ok(Lowered { plan, columns: out, rows: rows.max(1.0) })
    }
}

/// A table that a subquery reads for each row of the enclosing query, found by values of that row,
/// and no index for it: it is read once into a hash table, which the join keeps.
fn hashed_once(leaf: &ScanLeaf, needed: &Needed) -> Result<Option<Lowered>> {
    let ids: Needed = leaf.ids.iter().copied().collect();
    let (mut left_keys, mut keys, mut on, mut own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for condition in &leaf.conditions {
        let sides = equality(condition).filter(|_| uses_outer(condition));
        let sides = sides.and_then(|(a, b)| match (uses_outer(a), uses_outer(b)) {
            (true, false) if columns_of(a).is_empty() && only_uses(b, &ids) => Some((a, b)),
            (false, true) if columns_of(b).is_empty() && only_uses(a, &ids) => Some((b, a)),
            _ => None,
        });
        // The table is read for all rows of the enclosing query: what may fail waits for its own.
        let sides = sides.filter(|(_, inner)| cannot_fail(inner));
        match sides {
            Some((outer, inner)) if !columns_of(inner).is_empty() => {
                let common = build::common_type([outer, inner], "the sides of a join")?;
                left_keys.push(build::cast(outer.clone(), common)?);
                keys.push(build::cast(inner.clone(), common)?);
            }
            _ if uses_outer(condition) || !cannot_fail(condition) => on.push(condition.clone()),
            _ => own.push(condition.clone()),
        }
    }
    if keys.is_empty() || leaf.full > HASHED_ROWS_MAX {
        return Ok(None);
    }
    let mut wanted = needed.clone();
    keys.iter().chain(&on).for_each(|condition| wanted.extend(columns_of(condition)));
    let (columns, out) = read_columns(&leaf.ids, &own, &wanted);
    let right_keys = keys.into_iter().map(|key| place(key, &out)).collect::<Result<_>>()?;
    let (filter, on) = (place_all(own, &out)?, place_all(on, &out)?);
    let right = Physical::Scan { table: leaf.table.clone(), columns, access: full_scan(), filter };
    let left = Box::new(Physical::Values { rows: vec![vec![]], types: vec![] });
    let join = JoinType::Inner;
    let plan = Physical::HashJoin { left, right: Box::new(right), left_keys, right_keys, on, join };
    Ok(Some(Lowered { plan, columns: out, rows: 1.0 }))
}

/// The columns of a table that are read: their numbers and ids.
pub(super) fn read_columns(
    ids: &[ColumnId],
    filter: &[Expression],
    needed: &Needed,
) -> (Vec<usize>, Vec<ColumnId>) {
    let mut wanted: Needed = filter.iter().flat_map(columns_of).collect();
    wanted.extend(needed.iter().copied());
    ids.iter().enumerate().filter(|(_, id)| wanted.contains(id)).map(|(number, id)| (number, *id)).unzip()
}

/// The projection, or only other names for the columns where that is enough.
fn renamed(input: Lowered, expressions: Vec<(ColumnId, Expression)>) -> Result<Lowered> {
    let mut columns = vec![None; input.columns.len()];
    let plain = expressions.iter().all(|(id, expression)| {
        let Expression::Column { index, .. } = expression else { return false };
        let position = input.columns.iter().position(|column| column == index);
        match position.and_then(|position| columns.get_mut(position)) {
            Some(place @ None) => {
                *place = Some(*id);
                true
            }
            _ => false,
        }
    });
    if plain {
        // A column without a new name keeps its old one: nothing above asks for it.
        let columns = columns.into_iter().zip(&input.columns).map(|(new, old)| new.unwrap_or(*old)).collect();
        return Ok(Lowered { columns, ..input });
    }
    let columns = expressions.iter().map(|(id, _)| *id).collect();
    let expressions =
        expressions.into_iter().map(|(_, e)| place(e, &input.columns)).collect::<Result<_>>()?;
    let plan = Physical::Project { input: Box::new(input.plan), expressions };
    Ok(Lowered { plan, columns, rows: input.rows })
}

fn placed(aggregate: Aggregate, columns: &[ColumnId]) -> Result<Aggregate> {
    let mut arguments = Vec::with_capacity(aggregate.arguments.len());
    for mut argument in aggregate.arguments {
        fold(&mut argument);
        arguments.push(place(argument, columns)?);
    }
    let filter = aggregate.filter.map(|filter| place(filter, columns)).transpose()?;
    let mut order = Vec::with_capacity(aggregate.order.len());
    for key in aggregate.order {
        order.push(SortKey { expression: place(key.expression, columns)?, ..key });
    }
    Ok(Aggregate { arguments, filter, order, ..aggregate })
}

/// Is it NULL where all these columns are? Only sure cases count.
fn is_null(expression: &Expression, columns: &Needed) -> bool {
    match expression {
        Expression::Column { index, .. } => columns.contains(index),
        Expression::Cast { input, .. } => is_null(input, columns),
        Expression::Call { function, arguments, .. } => {
            !function.takes_nulls() && arguments.iter().any(|argument| is_null(argument, columns))
        }
        _ => false,
    }
}

/// Is the condition never true where all these columns are NULL? Only sure cases count.
fn rejects_null(condition: &Expression, columns: &Needed) -> bool {
    match condition {
        Expression::Call { function, arguments, .. } => {
            function.is_comparison()
                && !function.takes_nulls()
                && arguments.iter().any(|argument| is_null(argument, columns))
        }
        Expression::IsNull { input, negated: true } => is_null(input, columns),
        _ => false,
    }
}
