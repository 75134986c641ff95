//! The command line: `drystone [OPTIONS] [FILE] [SQL ...]` and `drystone demo [OPTIONS]`.
//!
//! Options have sqlite3's names, with one dash or two, and may stand anywhere; `--` ends them.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::output::Mode;
use crate::session::Access;
use crate::suggest::nearest;

/// What `-help` prints.
pub const HELP: &str = "\
Usage: drystone [OPTIONS] [FILE] [SQL ...]
       drystone demo [--tracks N] [--seed N] [--file PATH]

FILE is a database, created if it does not exist; without it, or with
:memory:, nothing is kept. SQL and dot commands come from the arguments or,
without any, from standard input, statement by statement.

  -box -csv -json -list ... how results are written (box on a terminal, else
                            list); also -column -html -insert -jsonl -line
                            -markdown -quote -table -tabs
  -header -noheader         column names before the rows
  -separator TEXT           between the values of list (|) and csv (,)
  -nullvalue TEXT           stands for NULL
  -readonly                 open FILE for reading only; it must exist
  -salvage                  open FILE although its log is damaged, and drop the
                            transactions behind the damage (.recover only reads)
  -bail                     stop at the first error of standard input
  -init FILE                execute a script first
  -cmd TEXT                 execute SQL or a dot command first
  -f FILE                   execute a script in place of standard input
  -interactive -batch       prompt, or not, whatever standard input is
  -version                  print the version
  -help                     print this

drystone demo builds a music library and queries it; see `drystone demo -help`.
The exit status is 1 when anything failed. Dot commands: drystone :memory: .help
";

/// What `demo -help` prints.
pub const DEMO_HELP: &str = "\
Usage: drystone demo [--tracks N] [--seed N] [--file PATH]

Builds a generated music library (artists, albums, tracks, plays) in a file,
durably, queries it, and prints what was done and how long it took.

  --tracks N      size of the library (20000)
  --seed N        another library of the same size (1)
  --file PATH     where; the file must not exist
                  (drystone-demo.db in this folder, replaced if it is there)
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a database and execute SQL.
    Run(Run),
    /// Build and query the music library.
    Demo(Demo),
    /// Print a text and leave.
    Print(&'static str),
}

/// What to execute on what, and how to write it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The database; `None`: in memory.
    pub file: Option<PathBuf>,
    /// Scripts to execute first.
    pub init: Vec<String>,
    /// SQL or dot commands to execute before all others.
    pub commands: Vec<String>,
    /// Scripts.
    pub scripts: Vec<String>,
    /// SQL or dot commands.
    pub inputs: Vec<String>,
    /// Output mode, if one was asked for.
    pub mode: Option<Mode>,
    /// `-header` or `-noheader`.
    pub header: Option<bool>,
    /// `-separator`.
    pub separator: Option<String>,
    /// `-nullvalue`.
    pub null: Option<String>,
    /// `-readonly`.
    pub read_only: bool,
    /// `-salvage`.
    pub salvage: bool,
    /// `-bail`.
    pub bail: bool,
    /// `-interactive` or `-batch`.
    pub interactive: Option<bool>,
}

impl Run {
    /// How the database is to be opened. All that is to be done being `.recover`, nothing of a damaged
    /// file may be written.
    pub fn access(&self) -> Access {
        let only = match (self.inputs.as_slice(), self.commands.as_slice()) {
            ([one], []) if self.init.is_empty() && self.scripts.is_empty() => one.trim(),
            _ => "",
        };
        match (self.salvage, self.read_only) {
            (true, _) => Access::Salvage,
            _ if only.trim_end_matches(';') == ".recover" => Access::Rescue,
            (_, true) => Access::Read,
            _ => Access::Write,
        }
    }

    /// Neither scripts nor arguments stand in its place.
    pub fn reads_standard_input(&self) -> bool {
        self.inputs.is_empty() && self.scripts.is_empty()
    }
}

/// What the demonstration builds.
#[derive(Debug, PartialEq, Eq)]
pub struct Demo {
    /// Tracks in the library.
    pub tracks: u32,
    /// Seed of the generator.
    pub seed: u64,
    /// Where, if not at the usual place.
    pub file: Option<PathBuf>,
}

/// Most tracks the demonstration takes; more would only take longer.
const DEMO_TRACKS_MAX: u32 = 10_000_000;

const OPTIONS: [&str; 29] = [
    "box",
    "column",
    "csv",
    "html",
    "insert",
    "json",
    "jsonl",
    "line",
    "list",
    "markdown",
    "quote",
    "table",
    "tabs",
    "header",
    "noheader",
    "separator",
    "nullvalue",
    "readonly",
    "salvage",
    "bail",
    "cmd",
    "f",
    "init",
    "interactive",
    "batch",
    "version",
    "help",
    "h",
    "V",
];

const DEMO_OPTIONS: [&str; 5] = ["tracks", "seed", "file", "help", "h"];

/// Understands the arguments after the program's name; the error is one sentence.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments.peekable();
    if arguments.next_if(|first| first == "demo").is_some() {
        return parse_demo(arguments);
    }
    let mut run = Run::default();
    let mut file_seen = false;
    let mut options_ended = false;
    while let Some(argument) = arguments.next() {
        let option = if options_ended { None } else { option_name(&argument) };
        match option {
            Some("") => options_ended = true,
            Some("version" | "V") => {
                return Ok(Command::Print(concat!("drystone ", env!("CARGO_PKG_VERSION"), "\n")));
            }
            Some("help" | "h") => return Ok(Command::Print(HELP)),
            Some(name) => {
                let value = |text: Option<OsString>| text_of(name, text);
                match name {
                    "header" => run.header = Some(true),
                    "noheader" => run.header = Some(false),
                    "separator" => run.separator = Some(value(arguments.next())?),
                    "nullvalue" => run.null = Some(value(arguments.next())?),
                    "readonly" => run.read_only = true,
                    "salvage" => run.salvage = true,
                    "bail" => run.bail = true,
                    "cmd" => run.commands.push(value(arguments.next())?),
                    "f" => run.scripts.push(value(arguments.next())?),
                    "init" => run.init.push(value(arguments.next())?),
                    "interactive" => run.interactive = Some(true),
                    "batch" => run.interactive = Some(false),
                    _ => run.mode = Some(Mode::named(name).ok_or_else(|| unknown(name, &OPTIONS))?),
                }
            }
            None if !file_seen => {
                file_seen = true;
                run.file = Some(PathBuf::from(argument)).filter(|file| !is_memory(file));
            }
            None => run.inputs.push(text_of("SQL", Some(argument))?),
        }
    }
    for (name, given) in [("readonly", run.read_only), ("salvage", run.salvage)] {
        if given && run.file.is_none() {
            return Err(format!("-{name} needs the name of a database"));
        }
    }
    if run.read_only && run.salvage {
        return Err(String::from("-salvage writes; without writing .recover prints what can be read"));
    }
    Ok(Command::Run(run))
}

fn parse_demo(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut demo = Demo { tracks: 20_000, seed: 1, file: None };
    while let Some(argument) = arguments.next() {
        match option_name(&argument) {
            Some("help" | "h") => return Ok(Command::Print(DEMO_HELP)),
            Some("tracks") => {
                let text = text_of("tracks", arguments.next())?;
                let parsed = text.replace('_', "").parse().ok();
                demo.tracks = parsed.filter(|n| (1..=DEMO_TRACKS_MAX).contains(n)).ok_or_else(|| {
                    format!("--tracks takes a number from 1 to {DEMO_TRACKS_MAX}, not '{text}'")
                })?;
            }
            Some("seed") => {
                let text = text_of("seed", arguments.next())?;
                demo.seed = text.parse().map_err(|_| format!("--seed takes a number, not '{text}'"))?;
            }
            Some("file") => {
                let file = arguments.next().ok_or("--file needs a value")?;
                demo.file = Some(PathBuf::from(file));
            }
            Some(name) => return Err(unknown(name, &DEMO_OPTIONS)),
            None => {
                let text = argument.to_string_lossy();
                return Err(format!("demo takes options only, not '{text}'; a file named demo is ./demo"));
            }
        }
    }
    Ok(Command::Demo(demo))
}

/// The name of an option without its dashes; `None` for other arguments.
fn option_name(argument: &OsString) -> Option<&str> {
    let text = argument.to_str()?;
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-').filter(|name| !name.is_empty()))?;
    // SQL may begin with a comment.
    (!name.starts_with(' ')).then_some(name)
}

fn is_memory(file: &std::path::Path) -> bool {
    file.as_os_str() == ":memory:"
}

fn text_of(name: &str, value: Option<OsString>) -> Result<String, String> {
    let value = value.ok_or_else(|| format!("-{name} needs a value"))?;
    value.into_string().map_err(|value| format!("{name} is not UTF-8: {}", value.to_string_lossy()))
}

fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(known) => format!("unknown option -{name}; did you mean -{known}?"),
        None => format!("unknown option -{name}; -help lists the options"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn one_dash_or_two_anywhere() {
        let expected = Run {
            file: Some(PathBuf::from("my.db")),
            inputs: vec![String::from("SELECT 1"), String::from("-- x"), String::from("-x")],
            mode: Some(Mode::Csv),
            header: Some(true),
            separator: Some(String::from(";")),
            bail: true,
            ..Run::default()
        };
        let arguments =
            ["--csv", "my.db", "-header", "SELECT 1", "-- x", "-separator", ";", "-bail", "--", "-x"];
        assert_eq!(parsed(&arguments), Ok(Command::Run(expected)));
        assert_eq!(parsed(&[]), Ok(Command::Run(Run::default())));
        let memory = Run { inputs: vec![String::from(".help")], ..Run::default() };
        assert_eq!(parsed(&[":memory:", ".help"]), Ok(Command::Run(memory)));
        assert_eq!(parsed(&["-help", "-nonsense"]), Ok(Command::Print(HELP)));
    }

    #[test]
    fn demo() {
        let demo = Demo { tracks: 1_000, seed: 7, file: Some(PathBuf::from("x")) };
        let arguments = ["demo", "--tracks", "1_000", "-seed", "7", "--file", "x"];
        assert_eq!(parsed(&arguments), Ok(Command::Demo(demo)));
        assert!(parsed(&["./demo"]).is_ok_and(|command| matches!(command, Command::Run(_))));
    }

    #[test]
    fn mistakes() {
        for (arguments, message) in [
            (&["-cvs"][..], "unknown option -cvs; did you mean -csv?"),
            (&["-head"], "unknown option -head; did you mean -header?"),
            (&["-frobnicate"], "unknown option -frobnicate; -help lists the options"),
            (&["-separator"], "-separator needs a value"),
            (&["-readonly"], "-readonly needs the name of a database"),
            (&["-salvage"], "-salvage needs the name of a database"),
            (&["demo", "--track", "5"], "unknown option -track; did you mean -tracks?"),
            (&["demo", "--tracks", "0"], "--tracks takes a number from 1 to 10000000, not '0'"),
            (&["demo", "my.db"], "demo takes options only, not 'my.db'; a file named demo is ./demo"),
        ] {
            assert_eq!(parsed(arguments), Err(message.to_owned()));
        }
    }
}
