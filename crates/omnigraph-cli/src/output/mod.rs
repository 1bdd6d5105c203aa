//! Results on stdout.
//!
//! - `rows`    the result of a query in five formats
//! - `changes` changes of entities, streamed
//! - `commits` commits as JSON, as lines, and as a graph
//!
//! [`ResultWriter`] is the only writer of stdout.

mod changes;
mod commits;
mod rows;

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use serde::Serialize;

pub(crate) use changes::{ChangeFormat, ChangeWriter, change_lines};
pub(crate) use commits::{CauseView, CommitGraph, CommitView};
pub(crate) use rows::{ResultView, RowFormat};

const BUFFER_BYTES: usize = 64 << 10;

/// Buffered stdout. It records a closed pipe.
#[derive(Debug)]
pub(crate) struct ResultWriter {
    buffered: BufWriter<PipeWriter>,
}

#[derive(Debug)]
struct PipeWriter {
    stdout: Stdout,
    is_closed: bool,
}

impl ResultWriter {
    /// Creates a writer to the stdout of this process.
    pub(crate) fn stdout() -> Self {
        let pipe = PipeWriter { stdout: io::stdout(), is_closed: false };
        Self { buffered: BufWriter::with_capacity(BUFFER_BYTES, pipe) }
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// If the stream fails, in this write or in the flush of an earlier one.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())?;
        self.write_all(b"\n")
    }

    /// Writes one JSON document with an indentation of two and a final newline.
    ///
    /// # Errors
    ///
    /// If the stream fails.
    pub(crate) fn json(&mut self, document: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self, document)?;
        self.write_all(b"\n")
    }

    /// Flushes the buffer.
    ///
    /// # Errors
    ///
    /// If the stream fails.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Returns true if a write failed because the reader closed the pipe.
    pub(crate) fn pipe_is_closed(&self) -> bool {
        self.buffered.get_ref().is_closed
    }
}

impl Write for ResultWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffered.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffered.flush()
    }
}

impl PipeWriter {
    fn record<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.is_closed |= result.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        result
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes);
        self.record(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.record(flushed)
    }
}
