//! GROUP BY and aggregates: groups are found by their encoded values and numbered; each aggregate
//! keeps one state a group. NULL groups with NULL. Without GROUP BY there is exactly one group.
//!
//! When the groups no longer fit into memory, rows of groups not yet known are put aside, spread over
//! temporary files by their hash, and grouped part by part after the rest.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use super::sort::push_sort_keys;
use super::spill::{Partitions, Source, Stored};
use crate::encoding::{KeyOrder, KeySet, encode_vector_row};
use crate::error::Result;
use crate::expression::{Aggregate, Expression, encode_row_key, evaluate, select};
use crate::functions::Accumulator;
use crate::types::{BATCH_ROWS, Batch, Bytes, DataType, Vector};

pub(crate) struct AggregateOperator {
    input: BoxedOperator,
    types: Vec<DataType>,
    groups: Vec<Expression>,
    aggregates: Vec<Aggregate>,
    grouped: Option<Grouped>,
    /// Parts of the input that were put aside.
    parts: Vec<Stored>,
    memory: Option<Reservation>,
}

/// All groups, and how many were given.
struct Grouped {
    keys: KeySet,
    values: Vec<Vector>,
    states: Vec<AggregateState>,
    count: usize,
    at: usize,
}

struct AggregateState {
    accumulator: Accumulator,
    /// Rows held back until all are there, where their order counts.
    held: Option<Held>,
    /// Group and argument pairs that came already, for DISTINCT.
    seen: KeySet,
}

impl AggregateOperator {
    pub(crate) fn new(
        input: BoxedOperator,
        types: Vec<DataType>,
        groups: &[Expression],
        aggregates: &[Aggregate],
    ) -> AggregateOperator {
        let (groups, aggregates) = (groups.to_vec(), aggregates.to_vec());
        AggregateOperator { input, types, groups, aggregates, grouped: None, parts: Vec::new(), memory: None }
    }

    fn start(&self) -> Grouped {
        let state = |aggregate: &Aggregate| {
            let argument = aggregate.arguments.first().map(Expression::data_type);
            let accumulator = Accumulator::new(aggregate.function, argument, aggregate.data_type);
            let held = (!aggregate.order.is_empty()).then(|| Held::new(aggregate));
            AggregateState { accumulator, held, seen: KeySet::default() }
        };
        let mut grouped = Grouped {
            keys: KeySet::default(),
            values: self.groups.iter().map(|group| Vector::empty(group.data_type())).collect(),
            states: self.aggregates.iter().map(state).collect(),
            count: 0,
            at: 0,
        };
        if self.groups.is_empty() {
            grouped.resize(1);
        }
        grouped
    }

    fn read_all(&mut self, mut source: Source, context: &mut Context<'_>) -> Result<Grouped> {
        let mut grouped = self.start();
        let mut memory = context.reserve();
        let mut aside: Option<Partitions> = None;
        while let Some(mut batch) = source.next(&mut self.input, context)? {
            let numbers = if self.groups.is_empty() {
                vec![0; batch.len()]
            } else {
                let values = self.groups.iter().map(|group| evaluate(group, &batch, context));
                let values: Vec<Arc<Vector>> = values.collect::<Result<_>>()?;
                match &mut aside {
                    None => grouped.number_rows(&values, batch.len())?,
                    Some(aside) => {
                        let (known, numbers) = grouped.known_rows(&values, &batch, aside)?;
                        batch = batch.gather(&known)?;
                        numbers
                    }
                }
            };
            for (aggregate, state) in self.aggregates.iter().zip(&mut grouped.states) {
                state.update(aggregate, &numbers, &batch, context)?;
            }
            let held = grouped.memory();
            if self.groups.is_empty() || aside.is_some() {
                memory.set(held)?;
            } else if !memory.try_set(held)? {
                memory.set(held)?;
                aside = Some(Partitions::new(&self.types)?);
            }
        }
        if let Some(aside) = aside {
            self.parts.extend(aside.finish()?.into_iter().filter(|part| !part.is_empty()));
        }
        for (aggregate, state) in self.aggregates.iter().zip(&mut grouped.states) {
            state.release(aggregate)?;
        }
        self.memory = Some(memory);
        Ok(grouped)
    }
}

impl Grouped {
    fn resize(&mut self, count: usize) {
        self.count = count;
        self.states.iter_mut().for_each(|state| state.accumulator.resize(count));
    }

    /// The group number of each row; new groups are added.
    fn number_rows(&mut self, values: &[Arc<Vector>], len: usize) -> Result<Vec<u32>> {
        let refs: Vec<&Vector> = values.iter().map(Arc::as_ref).collect();
        let mut numbers = Vec::with_capacity(len);
        let mut key = Vec::new();
        for row in 0..len {
            encode_row_key(&mut key, &refs, row);
            let (number, new) = self.keys.insert(&key);
            if new {
                for (column, from) in self.values.iter_mut().zip(&refs) {
                    column.push_from(from, row)?;
                }
            }
            numbers.push(number);
        }
        self.resize(self.keys.len());
        Ok(numbers)
    }

    /// The rows of known groups and the group number of each; the others are put aside.
    fn known_rows(
        &self,
        values: &[Arc<Vector>],
        batch: &Batch,
        aside: &mut Partitions,
    ) -> Result<(Vec<u32>, Vec<u32>)> {
        let refs: Vec<&Vector> = values.iter().map(Arc::as_ref).collect();
        let (mut rows, mut numbers, mut key) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..batch.len() {
            encode_row_key(&mut key, &refs, row);
            match self.keys.get(&key) {
                Some(number) => {
                    rows.push(u32::try_from(row).unwrap_or(u32::MAX));
                    numbers.push(number);
                }
                None => aside.push(&key, batch.columns(), row)?,
            }
        }
        Ok((rows, numbers))
    }

    fn memory(&self) -> usize {
        let states = self.states.iter().map(AggregateState::memory);
        let values = self.values.iter().map(Vector::memory);
        self.keys.memory() + values.sum::<usize>() + states.sum::<usize>()
    }

    /// The next groups as a batch.
    fn give(&mut self) -> Result<Option<Batch>> {
        let (start, end) = (self.at, self.count.min(self.at + BATCH_ROWS));
        if start == end {
            return Ok(None);
        }
        self.at = end;
        let bounds = (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX));
        let rows: Vec<u32> = (bounds.0..bounds.1).collect();
        let values = self.values.iter().map(|column| column.gather(&rows));
        let states = self.states.iter().map(|state| state.accumulator.finish(start, end));
        let columns = values.chain(states).map(|column| column.map(Arc::new));
        Ok(Some(Batch::new(columns.collect::<Result<_>>()?, end - start)))
    }
}

impl AggregateState {
    fn update(
        &mut self,
        aggregate: &Aggregate,
        numbers: &[u32],
        batch: &Batch,
        context: &mut Context<'_>,
    ) -> Result<()> {
        // With FILTER the arguments are evaluated only for the rows that count.
        let filtered;
        let (batch, numbers) = match &aggregate.filter {
            Some(filter) => {
                let rows = select(filter, batch, context)?;
                let kept: Vec<u32> = rows.iter().map(|row| numbers[*row as usize]).collect();
                filtered = (batch.gather(&rows)?, kept);
                (&filtered.0, filtered.1.as_slice())
            }
            None => (batch, numbers),
        };
        let values = aggregate.arguments.iter().map(|argument| evaluate(argument, batch, context));
        let values: Vec<Arc<Vector>> = values.collect::<Result<_>>()?;
        let refs: Vec<&Vector> = values.iter().map(Arc::as_ref).collect();
        if let Some(held) = &mut self.held {
            let keys = aggregate.order.iter().map(|key| evaluate(&key.expression, batch, context));
            let keys: Vec<Arc<Vector>> = keys.collect::<Result<_>>()?;
            return held.add(aggregate, numbers, &refs, &keys);
        }
        self.take(aggregate, numbers, &refs)
    }

    /// Gives rows to the accumulator.
    fn take(&mut self, aggregate: &Aggregate, numbers: &[u32], arguments: &[&Vector]) -> Result<()> {
        let mut mask: Option<Vec<bool>> = None;
        if let (true, Some(argument)) = (aggregate.distinct, arguments.first()) {
            let mut key = Vec::new();
            let new = numbers.iter().enumerate().map(|(row, number)| {
                key.clear();
                key.extend_from_slice(&number.to_be_bytes());
                encode_vector_row(&mut key, argument, row, KeyOrder::ASCENDING);
                self.seen.insert(&key).1
            });
            mask = Some(new.collect());
        }
        self.accumulator.update(numbers, arguments, mask.as_deref())
    }

    /// Gives the rows held back to the accumulator, in their order.
    fn release(&mut self, aggregate: &Aggregate) -> Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let order = held.keys.order();
        for rows in order.chunks(BATCH_ROWS) {
            let numbers: Vec<u32> = rows.iter().map(|row| held.numbers[*row as usize]).collect();
            let columns =
                held.columns.iter().map(|column| column.gather(rows)).collect::<Result<Vec<_>>>()?;
            let refs: Vec<&Vector> = columns.iter().collect();
            self.take(aggregate, &numbers, &refs)?;
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        let held = self.held.as_ref().map_or(0, Held::memory);
        self.accumulator.memory() + self.seen.memory() + held
    }
}

/// Arguments, the group of each row, and the keys of their order.
struct Held {
    columns: Vec<Vector>,
    numbers: Vec<u32>,
    keys: Bytes,
}

impl Held {
    fn new(aggregate: &Aggregate) -> Held {
        let columns = aggregate.arguments.iter().map(|argument| Vector::empty(argument.data_type()));
        Held { columns: columns.collect(), numbers: Vec::new(), keys: Bytes::default() }
    }

    fn add(
        &mut self,
        aggregate: &Aggregate,
        numbers: &[u32],
        arguments: &[&Vector],
        keys: &[Arc<Vector>],
    ) -> Result<()> {
        for (column, argument) in self.columns.iter_mut().zip(arguments) {
            column.append(argument)?;
        }
        self.numbers.extend_from_slice(numbers);
        push_sort_keys(&mut self.keys, &aggregate.order, keys, numbers.len())
    }

    fn memory(&self) -> usize {
        let columns: usize = self.columns.iter().map(Vector::memory).sum();
        columns + self.numbers.len() * 8 + self.keys.bytes_len()
    }
}

impl Operator for AggregateOperator {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        if self.grouped.is_none() {
            self.grouped = Some(self.read_all(Source::Input, context)?);
        }
        loop {
            if let Some(grouped) = &mut self.grouped
                && let Some(batch) = grouped.give()?
            {
                return Ok(Some(batch));
            }
            let Some(part) = self.parts.pop() else { return Ok(None) };
            (self.grouped, self.memory) = (None, None);
            self.grouped = Some(self.read_all(Source::Stored(part), context)?);
        }
    }

    fn reset(&mut self) {
        self.grouped = None;
        self.parts.clear();
        self.memory = None;
        self.input.reset();
    }
}
