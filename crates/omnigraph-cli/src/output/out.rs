//! Stdout, buffered. Results and nothing else are written here.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use serde::Serialize;

const BUFFER_BYTES: usize = 64 << 10;

/// Where results go.
#[derive(Debug)]
pub(crate) struct Out {
    buffered: BufWriter<Watched>,
}

#[derive(Debug)]
struct Watched {
    stdout: Stdout,
    reader_is_gone: bool,
}

impl Out {
    /// The stdout of this process.
    pub(crate) fn stdout() -> Self {
        let watched = Watched { stdout: io::stdout(), reader_is_gone: false };
        Self { buffered: BufWriter::with_capacity(BUFFER_BYTES, watched) }
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// If the stream fails, now or when an earlier write is flushed.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())?;
        self.write_all(b"\n")
    }

    /// Writes one document: indented by two, ended by a newline.
    ///
    /// # Errors
    ///
    /// If the stream fails.
    pub(crate) fn json(&mut self, document: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self, document)?;
        self.write_all(b"\n")
    }

    /// Hands on what is still held back.
    ///
    /// # Errors
    ///
    /// If the stream fails.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Whether a write failed because nobody reads any more.
    pub(crate) fn reader_is_gone(&self) -> bool {
        self.buffered.get_ref().reader_is_gone
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffered.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffered.flush()
    }
}

impl Watched {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.reader_is_gone |= result.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        result
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.note(flushed)
    }
}
