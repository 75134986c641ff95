//! A whole life of a database on a microcontroller: created, written, lost, recovered, read.
//!
//! Ends with exit status 0 when everything that was committed came back and nothing else did;
//! other statuses say at which step it failed. See `size`.
#![no_std]
#![no_main]

mod board;

use board::{Board, LOG_LEN};
use cortex_m_rt::entry;
use drystone_core::{Database, Options, StaticMemory, Value, View};
use panic_halt as _;

type Memory = StaticMemory<Board, 512, 8, 1024, 1>;

static MEMORY: Memory = Memory::new();

fn open(board: Board) -> Result<Database<Board, &'static Memory>, i32> {
    let options = Options { create: true, ring_len: LOG_LEN as u64, ..Options::default() };
    Database::open(board, &MEMORY, options).map_err(|_| 1)
}

fn write(board: Board) -> Result<(), i32> {
    let database = open(board)?;
    let mut txn = database.write().map_err(|_| 2)?;
    let tree = txn.create_tree(b"settings").map_err(|_| 3)?;
    txn.put(tree, b"brightness", b"80").map_err(|_| 4)?;
    txn.put(tree, b"name", b"wall").map_err(|_| 4)?;
    txn.commit().map_err(|_| 5)?;
    let mut txn = database.write().map_err(|_| 6)?;
    txn.put(tree, b"name", b"never committed").map_err(|_| 7)?;
    Ok(())
    // Neither the transaction nor the database is closed: as if power were lost here.
}

fn recover(board: Board) -> Result<(), i32> {
    let database = open(board)?;
    let snapshot = database.read().map_err(|_| 8)?;
    let tree = snapshot.tree(b"settings").map_err(|_| 9)?.ok_or(10)?;
    let same = |value: Value<'_>, expected: &[u8]| matches!(value, Value::Inline(bytes) if bytes == expected);
    for (key, expected) in [(&b"brightness"[..], &b"80"[..]), (b"name", b"wall")] {
        let found = snapshot.get(tree, key, |value| same(value, expected)).map_err(|_| 11)?;
        if found != Some(true) {
            return Err(12);
        }
    }
    Ok(())
}

fn run() -> Result<(), i32> {
    let board = Board::take().ok_or(13)?;
    write(board)?;
    recover(board)
}

#[entry]
fn main() -> ! {
    semihosting::process::exit(run().err().unwrap_or(0))
}
