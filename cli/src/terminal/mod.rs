//! The shell on a terminal: line editing, history, completion, colour.
//!
//! ```text
//! line --(no ';' yet: another prompt)--> statement --> executed --> history
//! Ctrl-C: forgets what was typed; while a statement runs, stops that.   Ctrl-D: leaves
//! ```
//!
//! Only where standard input and output are terminals; else nothing of it takes part.

mod complete;
mod highlight;

use std::io;
use std::path::PathBuf;

use rustyline::config::{BellStyle, ColorMode, Config};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Editor};

use crate::interrupt;
use crate::shell::{PROMPT, PROMPT_MORE, Shell};
use crate::splitter::Splitter;
use complete::{Assistant, Names};

/// Statements that are remembered.
const HISTORY_LEN: usize = 10_000;

/// Executes what is typed, until somebody leaves.
pub fn run(shell: &mut Shell) -> io::Result<()> {
    shell.session.aim_interrupt();
    interrupt::watch(shell.session.interrupt.clone())?;
    let colours = if std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty()) {
        ColorMode::Disabled
    } else {
        ColorMode::Enabled
    };
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .bell_style(BellStyle::None)
        .color_mode(colours)
        .history_ignore_space(true)
        .max_history_size(HISTORY_LEN)
        .and_then(|config| config.history_ignore_dups(true))
        .map_err(io::Error::other)?
        .build();
    let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config).map_err(io::Error::other)?;
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    editor.set_helper(Some(Assistant::default()));
    read_and_execute(shell, &mut editor, history)
}

fn read_and_execute(
    shell: &mut Shell,
    editor: &mut Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
) -> io::Result<()> {
    let mut splitter = Splitter::default();
    let mut entry = String::new();
    loop {
        let inside = splitter.is_inside();
        if let Some(assistant) = editor.helper_mut() {
            assistant.inside = inside;
            if !inside {
                assistant.names = Names::of(&shell.session.connection);
            }
        }
        match editor.readline(if inside { PROMPT_MORE } else { PROMPT }) {
            Ok(line) => {
                entry.push_str(&line);
                entry.push('\n');
                splitter.push(format!("{line}\n").as_bytes());
                let go_on = shell.run_pieces(&mut splitter, None)?;
                let stopped = shell.session.interrupt.is_asked();
                shell.session.interrupt.reset();
                if stopped || !splitter.is_inside() {
                    remember(editor, &entry, history.as_ref());
                    entry.clear();
                    // Errors name the line of the statement, not of everything that was typed.
                    splitter = Splitter::default();
                }
                if !go_on {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {
                if entry.is_empty() {
                    let out = shell.session.out.stdout();
                    out.write_all(b"(.quit or Ctrl-D leaves)\n")?;
                    out.flush()?;
                }
                entry.clear();
                splitter = Splitter::default();
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(ReadlineError::Io(error)) => return Err(error),
            Err(ReadlineError::Errno(error)) => return Err(error.into()),
            // A signal, such as another size of the terminal.
            Err(_) => {}
        }
    }
}

/// Puts a statement into the history and its file.
fn remember(editor: &mut Editor<Assistant, FileHistory>, entry: &str, history: Option<&PathBuf>) {
    if entry.trim().is_empty() {
        return;
    }
    // A history that cannot be written is no reason to stop working.
    if editor.add_history_entry(entry.trim_end()).is_ok_and(|added| added)
        && let Some(path) = history
    {
        let _ = editor.append_history(path);
    }
}

/// `DRYSTONE_HISTORY`, or a file in the folder for the state of programs; none when that is empty.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if std::env::var_os("DRYSTONE_HISTORY").is_some() {
        return set("DRYSTONE_HISTORY");
    }
    let state = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
    let folder = state.join("drystone");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
