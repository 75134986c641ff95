//! The program's options.

use std::time::Duration;

const USAGE: &str = "\
usage: drystone-crash [--images N] [--seed S] [--from K] [--seconds N] [--threads N]
                      [--sequences K [--subsets B] [--nested N]] [--bit-flips] [--io-errors [--workloads N]]
                      [--seeded-bugs [--bug NAME] [--rotate N]] [--replay LINE]
  --images N     distinct crash images of random workloads to check (default 120000)
  --seed S       seed of the run (default 1)
  --from K       number of the first workload, sequence or bug (default 0)
  --seconds N    stop after so many seconds; of --seeded-bugs: look for each so long (default 60)
  --threads N    default 2
  --sequences K  all sequences of up to K steps instead
  --subsets B    all subsets of up to B pending blocks in them (default 5)
  --nested N     crashes inside the recovery of each image of them (default: of some)
  --bit-flips    every bit of an image turned, writes lost and misplaced, wrong files instead
  --io-errors    a device error at every call of so many workloads instead
  --workloads N  default 200
  --seeded-bugs  look for each seeded bug instead (built with --cfg drystone_seeded_bugs)
  --bug NAME     only this one
  --rotate N     only so many, from --from on
  --replay LINE  one case alone, as a failure printed it";

/// What to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    Images,
    Sequences(usize),
    Damage,
    DeviceErrors,
    SeededBugs,
    /// With this bug sown, until something fails.
    Hunt(String),
    Replay(String),
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub mode: Mode,
    pub images: u64,
    pub seed: u64,
    pub from: u64,
    pub seconds: Option<u64>,
    pub threads: u64,
    pub subsets: usize,
    pub nested: Option<usize>,
    pub workloads: u64,
    pub bug: Option<String>,
    pub rotate: Option<u64>,
}

impl Arguments {
    /// Those the program was called with.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut found = Self {
            mode: Mode::Images,
            images: 120_000,
            seed: 1,
            from: 0,
            seconds: None,
            threads: 2,
            subsets: 5,
            nested: None,
            workloads: 200,
            bug: None,
            rotate: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bit-flips" => found.mode = Mode::Damage,
                "--io-errors" => found.mode = Mode::DeviceErrors,
                "--seeded-bugs" => found.mode = Mode::SeededBugs,
                "--help" => return Err(USAGE.to_owned()),
                _ => {
                    let value = words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"))?;
                    found.set(&word, value)?;
                }
            }
        }
        Ok(found)
    }

    fn set(&mut self, word: &str, value: String) -> Result<(), String> {
        let number = || value.parse::<u64>().map_err(|_| format!("{word} {value}: not a number\n{USAGE}"));
        match word {
            "--images" => self.images = number()?,
            "--seed" => self.seed = number()?,
            "--from" => self.from = number()?,
            "--seconds" => self.seconds = Some(number()?),
            "--threads" => self.threads = number()?.max(1),
            "--sequences" => self.mode = Mode::Sequences(number()?.min(4) as usize),
            "--subsets" => self.subsets = number()?.min(16) as usize,
            "--nested" => self.nested = Some(number()?.min(1000) as usize),
            "--workloads" => self.workloads = number()?,
            "--rotate" => self.rotate = Some(number()?),
            "--bug" => self.bug = Some(value),
            "--hunt" => self.mode = Mode::Hunt(value),
            "--replay" => self.mode = Mode::Replay(value),
            _ => return Err(format!("{word} is not an option\n{USAGE}")),
        }
        Ok(())
    }

    /// When to stop.
    pub fn limit(&self) -> Option<Duration> {
        self.seconds.map(Duration::from_secs)
    }
}
