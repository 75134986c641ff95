//! Sorted runs in temporary files, merged: what ORDER BY does with more rows than the memory holds.
//!
//! A run is rows in order, each with its encoded key as a last column. A merge reads some runs at
//! once, a chunk of each in memory. More runs than that are first merged to longer ones, pass by
//! pass. Equal keys keep the order of their runs, so the sort stays stable.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::spill::{SpillFile, Stored};
use crate::error::{Error, Result};
use crate::types::{BATCH_ROWS, Batch, DataType, Vector, VectorData};

/// Runs that are merged at once, at most.
const FAN_IN_MAX: usize = 64;

/// Runs of sorted rows.
pub(crate) struct Runs {
    /// Those of the rows, and that of the key.
    types: Vec<DataType>,
    file: SpillFile,
    runs: Vec<Stored>,
}

/// One run being merged.
struct Head {
    run: Stored,
    batch: Batch,
    at: usize,
}

/// Runs being merged.
pub(crate) struct Merge {
    types: Vec<DataType>,
    heads: Vec<Head>,
    /// The key of each head's next row.
    next: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
    /// Rows still to be given.
    left: usize,
}

impl Runs {
    /// For rows of these types.
    pub(crate) fn new(types: &[DataType]) -> Result<Runs> {
        let mut types = types.to_vec();
        types.push(DataType::Blob);
        Ok(Runs { file: SpillFile::new(&types)?, types, runs: Vec::new() })
    }

    /// Adds a run: the rows of these columns, the last being the key, in this order.
    pub(crate) fn add(&mut self, columns: &[Arc<Vector>], order: &[u32]) -> Result<()> {
        let mut run = Stored::new(&self.file);
        order.iter().try_for_each(|row| run.push(columns, *row as usize))?;
        run.flush()?;
        self.runs.push(run);
        Ok(())
    }

    /// Merges all runs; gives the first `limit` rows.
    pub(crate) fn merge(
        mut self,
        limit: usize,
        memory: &mut Reservation,
        context: &mut Context<'_>,
    ) -> Result<Merge> {
        loop {
            let chunk_bytes = self.runs.iter().map(|run| run.chunk_bytes).max().unwrap_or(0).max(1);
            // Two for each: the bytes read and the vectors made of them.
            let fan_in = (memory.available() / 4 / (2 * chunk_bytes)).clamp(2, FAN_IN_MAX);
            memory.set(chunk_bytes * fan_in.min(self.runs.len()))?;
            if self.runs.len() <= fan_in {
                return Merge::new(self.types, self.runs, limit);
            }
            let mut longer =
                Runs { types: self.types, file: SpillFile::new(self.file.types())?, runs: vec![] };
            let mut runs = self.runs.into_iter().peekable();
            while runs.peek().is_some() {
                let some = runs.by_ref().take(fan_in).collect();
                let mut merge = Merge::new(longer.types.clone(), some, limit)?;
                let mut run = Stored::new(&longer.file);
                while let Some(batch) = merge.next_with_key()? {
                    context.check()?;
                    (0..batch.len()).try_for_each(|row| run.push(batch.columns(), row))?;
                }
                run.flush()?;
                longer.runs.push(run);
            }
            self = longer;
        }
    }
}

impl Head {
    fn key(&self) -> Result<&[u8]> {
        match self.batch.columns().last().map(|column| &column.data) {
            Some(VectorData::Bytes(keys)) => Ok(keys.get(self.at)),
            _ => Err(Error::internal("a run without keys")),
        }
    }
}

impl Merge {
    fn new(types: Vec<DataType>, runs: Vec<Stored>, limit: usize) -> Result<Merge> {
        let mut merge = Merge { types, heads: Vec::new(), next: BinaryHeap::new(), left: limit };
        for mut run in runs {
            let Some(batch) = run.next()? else { continue };
            let head = Head { run, batch, at: 0 };
            merge.next.push(Reverse((head.key()?.to_vec(), merge.heads.len())));
            merge.heads.push(head);
        }
        Ok(merge)
    }

    fn next_with_key(&mut self) -> Result<Option<Batch>> {
        let mut columns: Vec<Vector> = self.types.iter().map(|data_type| Vector::empty(*data_type)).collect();
        let mut len = 0;
        while len < BATCH_ROWS
            && self.left > 0
            && let Some(Reverse((mut key, number))) = self.next.pop()
        {
            let head = self.heads.get_mut(number).ok_or_else(|| Error::internal("no such run"))?;
            for (to, from) in columns.iter_mut().zip(head.batch.columns()) {
                to.push_from(from, head.at)?;
            }
            len += 1;
            self.left -= 1;
            head.at += 1;
            if head.at == head.batch.len() {
                let Some(batch) = head.run.next()? else { continue };
                head.batch = batch;
                head.at = 0;
            }
            key.clear();
            key.extend_from_slice(head.key()?);
            self.next.push(Reverse((key, number)));
        }
        if len == 0 {
            return Ok(None);
        }
        Ok(Some(Batch::new(columns.into_iter().map(Arc::new).collect(), len)))
    }

    /// The next rows, without their keys.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.next_with_key()? else { return Ok(None) };
        let len = batch.len();
        let mut columns = batch.into_columns();
        columns.pop();
        Ok(Some(Batch::new(columns, len)))
    }
}
