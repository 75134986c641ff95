//! A join on equal values: the right side becomes a hash table from encoded keys to its rows,
//! then each left row looks up its partners. NULL equals nothing. A right side that does not fit into
//! memory is spread over temporary files by its keys, the left side likewise, and each part is joined.
//!
//! In a subquery that runs again and again, a right side that is the same each time is built once.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use super::pairs::{Lonely, Matched, Pairs};
use super::spill::{LEVELS_MAX, Partitions, Source};
use crate::encoding::KeySet;
use crate::error::Result;
use crate::expression::{Expression, encode_row_key, evaluate};
use crate::plan::JoinType;
use crate::types::{BATCH_ROWS, Batch, DataType, Vector};

/// No further row of the same key.
const END: u32 = u32::MAX;

pub(crate) struct HashJoin {
    left: BoxedOperator,
    right: BoxedOperator,
    types: (Vec<DataType>, Vec<DataType>),
    left_keys: Vec<Expression>,
    right_keys: Vec<Expression>,
    on: Option<Expression>,
    join: JoinType,
    /// What is still to be joined.
    work: Vec<Work>,
    source: Source,
    table: Option<Table>,
    current: Option<Current>,
    /// A full join: the right rows that are left over.
    lonely: Option<Lonely>,
    /// Whether the right side is the same each time this runs.
    constant: bool,
    /// The table of all right rows, to be used again.
    kept: Option<Table>,
}

/// Rows to be joined: all, or those of one part.
struct Work {
    left: Source,
    right: Source,
    /// How often they have been spread.
    level: usize,
}

/// The right side: rows, and for each key a chain of row numbers in their order.
struct Table {
    columns: Vec<Vector>,
    /// The same, once all are there.
    rows: Batch,
    keys: KeySet,
    first: Vec<u32>,
    last: Vec<u32>,
    next: Vec<u32>,
    /// For a full join: which rows have a partner.
    matched: Vec<bool>,
    memory: Reservation,
}

impl Table {
    fn new(types: &[DataType], memory: Reservation) -> Table {
        Table {
            columns: types.iter().map(|data_type| Vector::empty(*data_type)).collect(),
            rows: Batch::one_row(),
            keys: KeySet::default(),
            first: Vec::new(),
            last: Vec::new(),
            next: Vec::new(),
            matched: Vec::new(),
            memory,
        }
    }

    fn add(&mut self, batch: &Batch, keys: &[Arc<Vector>]) -> Result<()> {
        for (column, from) in self.columns.iter_mut().zip(batch.columns()) {
            column.append(from)?;
        }
        let refs: Vec<&Vector> = keys.iter().map(Arc::as_ref).collect();
        let mut key = Vec::new();
        for row in 0..batch.len() {
            let number = u32::try_from(self.next.len()).unwrap_or(END);
            self.next.push(END);
            if !encode_row_key(&mut key, &refs, row) {
                continue;
            }
            match self.keys.insert(&key) {
                (_, true) => {
                    self.first.push(number);
                    self.last.push(number);
                }
                (group, false) => {
                    let tail = std::mem::replace(&mut self.last[group as usize], number);
                    self.next[tail as usize] = number;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, join: JoinType) {
        let columns = std::mem::take(&mut self.columns);
        self.rows = Batch::new(columns.into_iter().map(Arc::new).collect(), self.next.len());
        if join == JoinType::Full {
            self.matched = vec![false; self.next.len()];
        }
    }

    fn memory(&self) -> usize {
        let columns: usize = self.columns.iter().map(Vector::memory).sum();
        columns + self.keys.memory() + (self.first.len() * 2 + self.next.len()) * 4
    }
}

/// The left batch whose partners are being looked up.
struct Current {
    batch: Batch,
    keys: Vec<Arc<Vector>>,
    at: usize,
}

fn evaluate_all(
    expressions: &[Expression],
    batch: &Batch,
    context: &mut Context<'_>,
) -> Result<Vec<Arc<Vector>>> {
    expressions.iter().map(|expression| evaluate(expression, batch, context)).collect()
}

fn spread_batch(
    batch: &Batch,
    keys: &[Expression],
    parts: &mut Partitions,
    context: &mut Context<'_>,
) -> Result<()> {
    let keys = evaluate_all(keys, batch, context)?;
    let refs: Vec<&Vector> = keys.iter().map(Arc::as_ref).collect();
    let mut key = Vec::new();
    (0..batch.len()).try_for_each(|row| {
        encode_row_key(&mut key, &refs, row);
        parts.push(&key, batch.columns(), row)
    })
}

impl HashJoin {
    /// `sides`, `types` and `keys` are each left, then right.
    pub(crate) fn new(
        sides: (BoxedOperator, BoxedOperator),
        types: (Vec<DataType>, Vec<DataType>),
        keys: (&[Expression], &[Expression]),
        on: Option<&Expression>,
        join: JoinType,
        constant: bool,
    ) -> HashJoin {
        HashJoin {
            left: sides.0,
            right: sides.1,
            types,
            left_keys: keys.0.to_vec(),
            right_keys: keys.1.to_vec(),
            on: on.cloned(),
            join,
            work: vec![Work { left: Source::Input, right: Source::Input, level: 0 }],
            source: Source::Input,
            table: None,
            current: None,
            lonely: None,
            // The marks of a full join would have to be wiped off.
            constant: constant && join != JoinType::Full,
            kept: None,
        }
    }

    /// Keeps the table for the next time, if it is that of all right rows.
    fn keep(&mut self, table: Table) {
        if self.constant && matches!(self.source, Source::Input) {
            self.kept = Some(table);
        }
    }

    /// Makes a table of the right rows; none when they do not fit into memory: then both sides are
    /// spread over parts with the same keys, which are joined one by one.
    fn build(&mut self, work: &mut Work, context: &mut Context<'_>) -> Result<Option<Table>> {
        let mut table = Table::new(&self.types.1, context.reserve());
        while let Some(batch) = work.right.next(&mut self.right, context)? {
            let keys = evaluate_all(&self.right_keys, &batch, context)?;
            table.add(&batch, &keys)?;
            let bytes = table.memory();
            if work.level >= LEVELS_MAX {
                table.memory.set(bytes)?;
            } else if !table.memory.try_set(bytes)? {
                let rows = Batch::new(table.columns.into_iter().map(Arc::new).collect(), table.next.len());
                self.spread(rows, work, context)?;
                return Ok(None);
            }
        }
        table.finish(self.join);
        Ok(Some(table))
    }

    /// Puts the right rows read so far, the rest of them, and the left rows into parts.
    fn spread(&mut self, rows: Batch, work: &mut Work, context: &mut Context<'_>) -> Result<()> {
        let mut right = Partitions::new(&self.types.1)?;
        let mut left = right.beside(&self.types.0)?;
        let mut next = Some(rows);
        while let Some(batch) = next {
            spread_batch(&batch, &self.right_keys, &mut right, context)?;
            next = work.right.next(&mut self.right, context)?;
        }
        while let Some(batch) = work.left.next(&mut self.left, context)? {
            spread_batch(&batch, &self.left_keys, &mut left, context)?;
        }
        let parts = left.finish()?.into_iter().zip(right.finish()?);
        let parts = parts.filter(|(left, right)| !left.is_empty() || !right.is_empty());
        let work = parts.map(|(left, right)| Work {
            left: Source::Stored(left),
            right: Source::Stored(right),
            level: work.level + 1,
        });
        self.work.extend(work);
        Ok(())
    }

    /// Looks up left rows until a batch of partners has come together.
    fn join_some(
        &self,
        table: &mut Table,
        current: &mut Current,
        context: &mut Context<'_>,
    ) -> Result<Batch> {
        // Without a further condition the first partner decides.
        let one_is_enough = matches!(self.join, JoinType::Semi | JoinType::Anti) && self.on.is_none();
        let start = current.at;
        let (mut outer_rows, mut inner_rows) = (Vec::new(), Vec::new());
        let refs: Vec<&Vector> = current.keys.iter().map(Arc::as_ref).collect();
        let mut key = Vec::new();
        while current.at < current.batch.len() && inner_rows.len() < BATCH_ROWS {
            if encode_row_key(&mut key, &refs, current.at)
                && let Some(group) = table.keys.get(&key)
            {
                let mut row = table.first[group as usize];
                while row != END {
                    outer_rows.push(u32::try_from(current.at).unwrap_or(END));
                    inner_rows.push(row);
                    row = if one_is_enough { END } else { table.next[row as usize] };
                }
            }
            current.at += 1;
        }
        let inner = table.rows.gather(&inner_rows)?;
        let pairs = Pairs { outer: &current.batch, start, end: current.at, outer_rows, inner };
        let matched = Matched { inner_rows: &inner_rows, flags: &mut table.matched };
        pairs.finish(self.join, self.on.as_ref(), Some(matched), context)
    }

    /// The next rows of the join with a table.
    fn joined(&mut self, table: &mut Table, context: &mut Context<'_>) -> Result<Option<Batch>> {
        while self.lonely.is_none() {
            let mut current = match self.current.take() {
                Some(current) => current,
                None => {
                    let Some(batch) = self.source.next(&mut self.left, context)? else { break };
                    let keys = evaluate_all(&self.left_keys, &batch, context)?;
                    Current { batch, keys, at: 0 }
                }
            };
            context.check()?;
            let joined = self.join_some(table, &mut current, context)?;
            if current.at < current.batch.len() {
                self.current = Some(current);
            }
            if joined.len() > 0 {
                return Ok(Some(joined));
            }
        }
        if self.join != JoinType::Full {
            return Ok(None);
        }
        let lonely = self.lonely.get_or_insert_with(|| Lonely::new(&table.matched));
        lonely.next(&self.types.0, &table.rows)
    }
}

impl Operator for HashJoin {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        loop {
            if let Some(mut table) = self.table.take() {
                if let Some(batch) = self.joined(&mut table, context)? {
                    self.table = Some(table);
                    return Ok(Some(batch));
                }
                self.lonely = None;
                self.keep(table);
            }
            let Some(mut work) = self.work.pop() else { return Ok(None) };
            self.table = match self.kept.take() {
                Some(kept) => Some(kept),
                None => self.build(&mut work, context)?,
            };
            self.source = work.left;
        }
    }

    fn reset(&mut self) {
        if let Some(table) = self.table.take() {
            self.keep(table);
        }
        self.work = vec![Work { left: Source::Input, right: Source::Input, level: 0 }];
        self.source = Source::Input;
        self.current = None;
        self.lonely = None;
        self.left.reset();
        self.right.reset();
    }
}
