//! Rows beyond the memory limit, in temporary files.
//!
//! A `SpillFile` has no name, so it is gone with the operator, however that ends. Rows are written
//! as chunks and read back chunk by chunk. `Partitions` spread rows by the hash of a key, so that
//! rows with equal keys come together again and each part is small enough.

use std::fs::File;
use std::hash::BuildHasher;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::DefaultHashBuilder;

use super::context::Context;
use super::operator::BoxedOperator;
use crate::encoding::{decode_batch, encode_batch};
use crate::error::{Error, ErrorKind, Result, state};
use crate::types::{BATCH_ROWS, Batch, DataType, Vector};

/// About as many bytes are written as one chunk.
const CHUNK_BYTES: usize = 32 << 10;
/// Parts that rows are spread over.
const PARTS: usize = 16;
/// How often what is still too large is spread again.
pub(crate) const LEVELS_MAX: usize = 8;

/// A temporary file.
#[derive(Clone)]
pub(crate) struct SpillFile {
    file: Arc<Mutex<(File, u64)>>,
    types: Arc<[DataType]>,
}

/// Some rows in it.
#[derive(Clone, Copy)]
struct Chunk {
    offset: u64,
    len: usize,
}

fn failed(what: &str, error: &std::io::Error) -> Error {
    let message = format!("a temporary file in {} {what}: {error}", std::env::temp_dir().display());
    Error::new(ErrorKind::Storage, state::IO, message)
        .hint("make room there, let TMPDIR name another folder, or raise the memory limit")
}

impl SpillFile {
    /// A file for rows of these types.
    pub(crate) fn new(types: &[DataType]) -> Result<SpillFile> {
        let file = tempfile::tempfile().map_err(|error| failed("cannot be made", &error))?;
        Ok(SpillFile { file: Arc::new(Mutex::new((file, 0))), types: types.into() })
    }

    /// The types of its rows.
    pub(crate) fn types(&self) -> &[DataType] {
        &self.types
    }

    fn write(&self, batch: &Batch) -> Result<Chunk> {
        let mut bytes = Vec::new();
        encode_batch(batch, &mut bytes);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, end) = &mut *file;
        let chunk = Chunk { offset: *end, len: bytes.len() };
        let written = file.seek(SeekFrom::Start(*end)).and_then(|_| file.write_all(&bytes));
        written.map_err(|error| failed("cannot be written", &error))?;
        *end += bytes.len() as u64;
        Ok(chunk)
    }

    fn read(&self, chunk: Chunk) -> Result<Batch> {
        let mut bytes = vec![0; chunk.len];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = &mut file.0;
        let read = file.seek(SeekFrom::Start(chunk.offset)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(|error| failed("cannot be read", &error))?;
        decode_batch(&bytes, &self.types)
    }
}

/// Rows in a temporary file, to be read in the order they were written.
pub(crate) struct Stored {
    file: SpillFile,
    chunks: Vec<Chunk>,
    at: usize,
    /// The longest chunk.
    pub(crate) chunk_bytes: usize,
    pending: Pending,
}

/// Rows that are not yet written.
struct Pending {
    columns: Vec<Vector>,
    len: usize,
}

impl Pending {
    fn new(types: &[DataType]) -> Pending {
        Pending { columns: types.iter().map(|data_type| Vector::empty(*data_type)).collect(), len: 0 }
    }

    fn is_full(&self) -> bool {
        self.len >= BATCH_ROWS || self.columns.iter().map(Vector::memory).sum::<usize>() >= CHUNK_BYTES
    }

    fn take(&mut self, types: &[DataType]) -> Batch {
        let Pending { columns, len } = std::mem::replace(self, Pending::new(types));
        Batch::new(columns.into_iter().map(Arc::new).collect(), len)
    }
}

impl Stored {
    pub(crate) fn new(file: &SpillFile) -> Stored {
        let pending = Pending::new(&file.types);
        Stored { file: file.clone(), chunks: Vec::new(), at: 0, chunk_bytes: 0, pending }
    }

    /// Adds one row of some columns.
    pub(crate) fn push(&mut self, columns: &[Arc<Vector>], row: usize) -> Result<()> {
        for (to, from) in self.pending.columns.iter_mut().zip(columns) {
            to.push_from(from, row)?;
        }
        self.pending.len += 1;
        if self.pending.is_full() { self.flush() } else { Ok(()) }
    }

    /// Writes what is pending.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.pending.len > 0 {
            let chunk = self.file.write(&self.pending.take(&self.file.types))?;
            self.chunk_bytes = self.chunk_bytes.max(chunk.len);
            self.chunks.push(chunk);
        }
        Ok(())
    }

    /// The next rows; what is pending must have been flushed.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        let Some(chunk) = self.chunks.get(self.at) else { return Ok(None) };
        self.at += 1;
        self.file.read(*chunk).map(Some)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

/// Rows spread by the hash of a key.
pub(crate) struct Partitions {
    parts: Vec<Stored>,
    hasher: DefaultHashBuilder,
}

impl Partitions {
    /// For rows of these types; with a hash of its own, so that a part can be spread again.
    pub(crate) fn new(types: &[DataType]) -> Result<Partitions> {
        Partitions::with_hasher(types, DefaultHashBuilder::default())
    }

    /// For other rows with the same keys.
    pub(crate) fn beside(&self, types: &[DataType]) -> Result<Partitions> {
        Partitions::with_hasher(types, self.hasher.clone())
    }

    fn with_hasher(types: &[DataType], hasher: DefaultHashBuilder) -> Result<Partitions> {
        let file = SpillFile::new(types)?;
        Ok(Partitions { parts: (0..PARTS).map(|_| Stored::new(&file)).collect(), hasher })
    }

    /// Adds one row of some columns.
    pub(crate) fn push(&mut self, key: &[u8], columns: &[Arc<Vector>], row: usize) -> Result<()> {
        let part = usize::try_from(self.hasher.hash_one(key) % PARTS as u64).unwrap_or(0);
        match self.parts.get_mut(part) {
            Some(part) => part.push(columns, row),
            None => Err(Error::internal("no such partition")),
        }
    }

    /// The parts, to be read.
    pub(crate) fn finish(mut self) -> Result<Vec<Stored>> {
        self.parts.iter_mut().try_for_each(Stored::flush)?;
        Ok(self.parts)
    }
}

/// Where an operator's rows come from: its input, then parts of it that were put aside.
pub(crate) enum Source {
    Input,
    Stored(Stored),
}

impl Source {
    pub(crate) fn next(
        &mut self,
        input: &mut BoxedOperator,
        context: &mut Context<'_>,
    ) -> Result<Option<Batch>> {
        match self {
            Source::Input => input.next(context),
            Source::Stored(stored) => {
                context.check()?;
                stored.next()
            }
        }
    }
}
