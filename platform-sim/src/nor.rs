//! Raw NOR flash: what a device of words and erase units does with a program, an erase and a cut.
//!
//! | | |
//! |---|---|
//! | erased | all bits are one |
//! | program | whole words, each once after it was erased; done when the call returns |
//! | erase | whole units |
//! | power cut inside a program | the words before one are there, that one has some of its bits, the rest is erased |
//! | power cut inside an erase | the units before one are erased, that one holds garbage, the rest is as it was |
//!
//! So a crash decides about the last operation since the last flush alone. The length is fixed.

use crate::plan::Decision;
use crate::random::Random;
use std::ops::Range;

/// What erased flash reads as.
const ERASED: u8 = 0xFF;

/// The sizes of a flash, bytes: powers of two, the second a multiple of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nor {
    /// What is programmed at once, and only once.
    pub word: u32,
    /// What is erased at once.
    pub erase_size: u32,
}

/// The last operation, about which a crash decides.
struct Running {
    mark: u64,
    range: Range<usize>,
    erases: bool,
}

/// What one device in NOR mode remembers beside its bytes.
pub(crate) struct Flash {
    pub(crate) nor: Nor,
    /// Of each word, whether it was programmed since it was erased.
    programmed: Vec<bool>,
    running: Option<Running>,
}

impl Flash {
    /// Words that are not erased count as programmed.
    pub(crate) fn new(nor: Nor, bytes: &[u8]) -> Self {
        let words = bytes.chunks(nor.word as usize);
        let programmed = words.map(|word| word.iter().any(|byte| *byte != ERASED)).collect();
        Self { nor, programmed, running: None }
    }

    fn words(&self, range: &Range<usize>) -> Range<usize> {
        range.start / self.nor.word as usize..range.end.div_ceil(self.nor.word as usize)
    }

    /// The first byte of the range that lies in a word programmed already.
    pub(crate) fn programmed(&self, range: &Range<usize>) -> Option<u64> {
        let word = self.words(range).find(|word| self.programmed[*word])?;
        Some(word as u64 * u64::from(self.nor.word))
    }

    /// Begins a program or an erase of this range; what ran before is done.
    pub(crate) fn begin(
        &mut self,
        mark: u64,
        range: Range<usize>,
        erases: bool,
        durable: &mut [u8],
        current: &[u8],
    ) {
        self.settle(durable, current);
        for word in self.words(&range) {
            self.programmed[word] = !erases;
        }
        self.running = Some(Running { mark, range, erases });
    }

    /// The operation that ran is done.
    pub(crate) fn settle(&mut self, durable: &mut [u8], current: &[u8]) {
        if let Some(Running { range, .. }) = self.running.take() {
            durable[range.clone()].copy_from_slice(&current[range]);
        }
    }

    /// Where the operation began that a crash would decide about, and its mark.
    pub(crate) fn pending(&self) -> Option<(u64, u64)> {
        self.running.as_ref().map(|running| (running.range.start as u64, running.mark))
    }

    /// Lays what a crash leaves of the last operation over the bytes before it.
    pub(crate) fn cut(&self, image: &mut [u8], current: &[u8], decision: Decision, random: &mut Random) {
        let Some(Running { range, erases, .. }) = &self.running else { return };
        let (image, current) = (&mut image[range.clone()], &current[range.clone()]);
        if decision != Decision::Torn {
            if decision.version(1).is_some() {
                image.copy_from_slice(current);
            }
            return;
        }
        let size = if *erases { self.nor.erase_size } else { self.nor.word } as usize;
        let torn = random.index(image.len().div_ceil(size));
        for (number, (to, from)) in
            image.chunks_mut(size).zip(current.chunks(size)).enumerate().take(torn + 1)
        {
            if number < torn {
                to.copy_from_slice(from);
                continue;
            }
            let mut noise = vec![0; to.len()];
            random.fill(&mut noise);
            for ((to, from), noise) in to.iter_mut().zip(from).zip(noise) {
                // A program only ever clears bits; an erase may leave anything.
                *to = if *erases { noise } else { *to & (from | noise) };
            }
        }
    }
}
