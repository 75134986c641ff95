//! Timed operations of several sides by turns: in every round each side runs some operations, then
//! the next one, several times over, so that all meet the same machine.

use super::bench::{Bench, agree};
use super::engine::{Answer, Result};

/// One side: an open engine, or the floor.
pub struct Side<T> {
    /// Its name in the results.
    pub name: &'static str,
    /// What is open.
    pub open: T,
}

/// One side's turn.
pub struct Turn {
    /// The round, from 0.
    pub round: usize,
    /// The turn of the round, from 0.
    pub number: usize,
    /// Operations to run.
    pub operations: usize,
    /// Nanoseconds of each operation of the round so far.
    pub times: Vec<u64>,
    /// What was read in the round so far.
    pub answer: Answer,
}

/// How many turns a side has in a round, and of how many operations.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Turns of a side in a round.
    pub turns: usize,
    /// Operations of a turn.
    pub operations: usize,
}

impl Pace {
    /// Just enough to see that it works.
    fn of_trial(self) -> Pace {
        Pace { turns: 1, operations: self.operations.min(100) }
    }
}

/// Runs all rounds and notes the times; the answers must agree.
///
/// # Errors
/// What goes wrong in a side, and answers that are not the same.
pub fn by_turns<T>(
    bench: &mut Bench,
    workload: &'static str,
    sides: &mut [Side<T>],
    pace: Pace,
    mut run: impl FnMut(&mut T, &mut Turn) -> Result<()>,
) -> Result<()> {
    let Pace { turns, operations } = if bench.options.is_trial() { pace.of_trial() } else { pace };
    for round in 0..bench.options.rounds {
        bench.settle()?;
        let start = || Turn {
            round,
            number: 0,
            operations,
            times: Vec::with_capacity(turns * operations),
            answer: Answer::default(),
        };
        let mut taken: Vec<Turn> = sides.iter().map(|_| start()).collect();
        for number in 0..turns {
            for step in 0..sides.len() {
                let at = (step + round + number) % sides.len();
                bench.progress(workload, round, sides[at].name);
                taken[at].number = number;
                run(&mut sides[at].open, &mut taken[at])?;
            }
        }
        let answers: Vec<_> =
            sides.iter().map(|side| side.name).zip(taken.iter().map(|turn| turn.answer)).collect();
        agree(workload, &answers)?;
        for (side, turn) in sides.iter().zip(taken) {
            bench.results.add_times(workload, side.name, turn.times);
        }
    }
    Ok(())
}
