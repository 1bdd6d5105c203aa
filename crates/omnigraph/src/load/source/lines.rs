//! Text cut into chunks of whole lines.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use crate::error::{Error, Result};

/// Text handed to a decoder at once, cut at a line end.
pub(super) const CHUNK_BYTES: usize = 512 << 10;
/// The longest line, or record of CSV, that is read.
pub(super) const MOST_LINE_BYTES: usize = 32 << 20;
/// How much is kept of a line that is too long, to be shown.
const SHOWN_BYTES: usize = 256;
/// Bytes asked of the source at once when little is missing to a chunk.
const LEAST_READ: usize = 64 << 10;

/// Whole lines of text.
#[derive(Debug)]
pub(in crate::load) struct LinePiece {
    /// The number of the first.
    pub(in crate::load) first_line: u64,
    pub(in crate::load) text: Vec<u8>,
    /// Whether this is the beginning of one line that is longer than lines may be.
    pub(in crate::load) too_long: bool,
}

/// A source cut into chunks.
pub(super) struct Lines {
    name: Arc<str>,
    text: BufReader<Box<dyn Read + Send>>,
    carry: Vec<u8>,
    next_line: u64,
    ended: bool,
}

impl Lines {
    pub(super) fn new(name: Arc<str>, text: Box<dyn Read + Send>) -> Self {
        let text = BufReader::with_capacity(LEAST_READ, text);
        Self { name, text, carry: Vec::new(), next_line: 1, ended: false }
    }

    /// The next chunk; blocks on the source.
    pub(super) fn next_piece(&mut self) -> Result<Option<LinePiece>> {
        let mut text = std::mem::take(&mut self.carry);
        while !self.ended {
            if text.len() >= CHUNK_BYTES
                && let Some(end) = text.iter().rposition(|byte| *byte == b'\n')
            {
                self.carry = text.split_off(end + 1);
                break;
            }
            if text.len() > MOST_LINE_BYTES {
                return self.pass_long_line(text).map(Some);
            }
            self.ended = self.read_some(&mut text)? == 0;
        }
        if text.is_empty() {
            return Ok(None);
        }
        let first_line = self.next_line;
        self.next_line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(Some(LinePiece { first_line, text, too_long: false }))
    }

    fn read_some(&mut self, text: &mut Vec<u8>) -> Result<usize> {
        let wanted = CHUNK_BYTES.saturating_sub(text.len()).max(LEAST_READ) as u64;
        let got = self.text.by_ref().take(wanted).read_to_end(text);
        got.map_err(|error| Error::request(format!("cannot read {}: {error}", self.name)))
    }

    /// `text` is the beginning of a line that is too long: the rest is read and forgotten.
    fn pass_long_line(&mut self, mut text: Vec<u8>) -> Result<LinePiece> {
        let failed = |error| Error::request(format!("cannot read {}: {error}", self.name));
        loop {
            let more = self.text.fill_buf().map_err(failed)?;
            let end = more.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(more.len(), |end| end + 1);
            self.ended = passed == 0;
            self.text.consume(passed);
            if end.is_some() || self.ended {
                break;
            }
        }
        text.truncate(SHOWN_BYTES);
        let first_line = self.next_line;
        self.next_line += 1;
        Ok(LinePiece { first_line, text, too_long: true })
    }
}
