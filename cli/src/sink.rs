//! Where results go: standard output, or a file for all that follows or for one statement.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use crate::progress::Progress;

/// The output of the shell.
#[derive(Debug)]
pub struct Sink {
    stdout: BufWriter<Stdout>,
    file: Option<Redirect>,
    terminal: bool,
    /// What is shown until there is output.
    pub progress: Progress,
}

#[derive(Debug)]
struct Redirect {
    name: String,
    file: BufWriter<File>,
    /// Statements and commands left, counted down; none: all that follow.
    left: Option<u8>,
}

impl Default for Sink {
    /// Standard output.
    fn default() -> Sink {
        Sink {
            stdout: BufWriter::new(io::stdout()),
            file: None,
            terminal: io::stdout().is_terminal(),
            progress: Progress::default(),
        }
    }
}

impl Sink {
    /// Goes to a file from now on, or, with `once`, for the next statement.
    pub fn redirect(&mut self, name: &str, once: bool) -> io::Result<()> {
        self.restore()?;
        let file = BufWriter::new(File::create(name)?);
        // The command that asks for it is the first to be counted.
        self.file = Some(Redirect { name: name.to_owned(), file, left: once.then_some(2) });
        Ok(())
    }

    /// Goes to standard output again.
    pub fn restore(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |mut redirect| redirect.file.flush())
    }

    /// Goes to standard output again; what the file did not get is lost.
    pub fn abandon(&mut self) {
        if let Some(redirect) = self.file.take() {
            drop(redirect.file.into_parts());
        }
    }

    /// Takes note that a statement or command has ended.
    pub fn end_piece(&mut self) -> io::Result<()> {
        self.flush()?;
        if let Some(left) = self.file.as_mut().and_then(|redirect| redirect.left.as_mut()) {
            *left -= 1;
            if *left == 0 {
                return self.restore();
            }
        }
        Ok(())
    }

    /// The file it goes to.
    pub fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(|redirect| redirect.name.as_str())
    }

    /// Standard output, wherever the rest goes.
    pub fn stdout(&mut self) -> &mut dyn Write {
        &mut self.stdout
    }

    /// The columns of the terminal, if it goes to one.
    pub fn width(&self) -> Option<usize> {
        (self.terminal && self.file.is_none())
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0))
    }

    /// Whether somebody looks at it.
    pub fn is_terminal(&self) -> bool {
        self.terminal && self.file.is_none()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_terminal() {
            self.progress.end();
        }
        match &mut self.file {
            Some(redirect) => redirect.file.write(bytes),
            None => self.stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(redirect) => redirect.file.flush(),
            None => self.stdout.flush(),
        }
    }
}
