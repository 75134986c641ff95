//! What all joins end with: pairs of an outer and an inner row, the ON condition, and what the
//! kind of join makes of the pairs and of outer rows without a partner. Outer order is kept.

use super::context::Context;
use crate::error::Result;
use crate::expression::{Expression, select};
use crate::plan::JoinType;
use crate::types::{BATCH_ROWS, Batch, DataType, NULL_ROW, Vector};
use std::sync::Arc;

/// Candidate pairs of the outer rows `start` to `end` - 1.
pub(crate) struct Pairs<'a> {
    pub(crate) outer: &'a Batch,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The outer row of each pair, ascending.
    pub(crate) outer_rows: Vec<u32>,
    /// The inner row of each pair, side by side with `outer_rows`.
    pub(crate) inner: Batch,
}

/// Where a full join notes which inner rows have a partner.
pub(crate) struct Matched<'a> {
    /// The row of each pair among all inner rows.
    pub(crate) inner_rows: &'a [u32],
    /// For all inner rows.
    pub(crate) flags: &'a mut [bool],
}

impl Matched<'_> {
    fn note(&mut self, pair: u32) {
        let row = self.inner_rows.get(pair as usize);
        if let Some(flag) = row.and_then(|row| self.flags.get_mut(*row as usize)) {
            *flag = true;
        }
    }
}

/// Inner rows without a partner, beside NULLs: what a full join ends with.
pub(crate) struct Lonely {
    rows: Vec<u32>,
    at: usize,
}

impl Lonely {
    pub(crate) fn new(flags: &[bool]) -> Lonely {
        let rows = flags.iter().enumerate().filter(|(_, matched)| !**matched);
        Lonely { rows: rows.filter_map(|(row, _)| u32::try_from(row).ok()).collect(), at: 0 }
    }

    /// The next of them.
    pub(crate) fn next(&mut self, outer_types: &[DataType], inner: &Batch) -> Result<Option<Batch>> {
        let end = self.rows.len().min(self.at + BATCH_ROWS);
        let rows = self.rows.get(self.at..end).unwrap_or(&[]);
        self.at = end;
        if rows.is_empty() {
            return Ok(None);
        }
        let nulls = outer_types.iter().map(|data_type| Arc::new(Vector::nulls(*data_type, rows.len())));
        let outer = Batch::new(nulls.collect(), rows.len());
        Ok(Some(beside(outer, inner.gather(rows)?)))
    }
}

impl Pairs<'_> {
    /// The rows of the join for these outer rows.
    pub(crate) fn finish(
        self,
        join: JoinType,
        on: Option<&Expression>,
        matched: Option<Matched<'_>>,
        context: &mut Context<'_>,
    ) -> Result<Batch> {
        let count = u32::try_from(self.outer_rows.len()).unwrap_or(u32::MAX);
        let kept: Vec<u32> = match on {
            None => (0..count).collect(),
            Some(on) => {
                let joined = beside(self.outer.gather(&self.outer_rows)?, self.inner.clone());
                select(on, &joined, context)?
            }
        };
        match join {
            JoinType::Inner => {
                let rows: Vec<u32> = kept.iter().map(|pair| self.outer_rows[*pair as usize]).collect();
                let inner = if on.is_none() { self.inner } else { self.inner.gather(&kept)? };
                Ok(beside(self.outer.gather(&rows)?, inner))
            }
            JoinType::Left | JoinType::Full => {
                if let Some(mut matched) = matched {
                    for pair in &kept {
                        matched.note(*pair);
                    }
                }
                let (rows, pairs) = self.with_lonely(&kept);
                Ok(beside(self.outer.gather(&rows)?, self.inner.gather(&pairs)?))
            }
            JoinType::Semi | JoinType::Anti => {
                let (rows, pairs) = self.with_lonely(&kept);
                let mut chosen: Vec<u32> = Vec::new();
                for (row, pair) in rows.iter().zip(&pairs) {
                    let matched = *pair != NULL_ROW;
                    if matched == (join == JoinType::Semi) && chosen.last() != Some(row) {
                        chosen.push(*row);
                    }
                }
                self.outer.gather(&chosen)
            }
        }
    }

    /// The outer row and the pair of each kept pair, and in between the outer rows that have none
    /// with `NULL_ROW`.
    fn with_lonely(&self, kept: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let (mut rows, mut pairs) = (Vec::with_capacity(kept.len()), Vec::with_capacity(kept.len()));
        let mut kept = kept.iter().peekable();
        for row in self.start..self.end {
            let row = u32::try_from(row).unwrap_or(NULL_ROW);
            let before = rows.len();
            while let Some(pair) = kept.next_if(|pair| self.outer_rows[**pair as usize] == row) {
                rows.push(row);
                pairs.push(*pair);
            }
            if rows.len() == before {
                rows.push(row);
                pairs.push(NULL_ROW);
            }
        }
        (rows, pairs)
    }
}

/// The columns of two batches of the same length side by side.
pub(crate) fn beside(left: Batch, right: Batch) -> Batch {
    let len = left.len();
    let mut columns = left.into_columns();
    columns.extend(right.into_columns());
    Batch::new(columns, len)
}
