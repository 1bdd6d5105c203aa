//! Text inputs in chunks of whole lines, or of whole CSV records: a quoted field may contain line ends.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::write::load::decode::TypedFile;

/// Bytes of a piece of text, which ends at a line end.
const CHUNK_BYTES: usize = 512 << 10;
/// Bytes of the longest line or CSV record.
const MAX_LINE_BYTES: usize = 32 << 20;
/// Bytes of a line over the limit that are kept for the message.
const MAX_SHOWN_BYTES: usize = 256;
/// Bytes of the smallest read.
const MIN_READ_BYTES: usize = 64 << 10;

/// Whole lines of text.
#[derive(Debug)]
pub(in crate::write::load) struct LinePiece {
    /// The number of the first line.
    pub(in crate::write::load) first_line: u64,
    pub(in crate::write::load) text: Vec<u8>,
    /// True if this is the beginning of one line that exceeds the limit.
    pub(in crate::write::load) too_long: bool,
}

/// A reader of chunks of lines.
pub(super) struct LineReader {
    name: Arc<str>,
    text: BufReader<Box<dyn Read + Send>>,
    carry: Vec<u8>,
    next_line: u64,
    ended: bool,
}

impl LineReader {
    pub(super) fn new(name: Arc<str>, text: Box<dyn Read + Send>) -> Self {
        let text = BufReader::with_capacity(MIN_READ_BYTES, text);
        Self { name, text, carry: Vec::new(), next_line: 1, ended: false }
    }

    /// Returns the next chunk. Blocks on the source.
    pub(super) fn next_piece(&mut self) -> Result<Option<LinePiece>> {
        let mut text = std::mem::take(&mut self.carry);
        while !self.ended {
            if text.len() >= CHUNK_BYTES
                && let Some(end) = text.iter().rposition(|byte| *byte == b'\n')
            {
                self.carry = text.split_off(end + 1);
                break;
            }
            if text.len() > MAX_LINE_BYTES {
                return self.skip_long_line(text).map(Some);
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
        let wanted = CHUNK_BYTES.saturating_sub(text.len()).max(MIN_READ_BYTES) as u64;
        let got = self.text.by_ref().take(wanted).read_to_end(text);
        got.map_err(|error| Error::request(format!("cannot read {}: {error}", self.name)))
    }

    /// Skips the rest of a line over the limit. `text` is its beginning.
    fn skip_long_line(&mut self, mut text: Vec<u8>) -> Result<LinePiece> {
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
        text.truncate(MAX_SHOWN_BYTES);
        let first_line = self.next_line;
        self.next_line += 1;
        Ok(LinePiece { first_line, text, too_long: true })
    }
}

/// Whole CSV records.
#[derive(Debug)]
pub(in crate::write::load) struct RecordPiece {
    pub(in crate::write::load) file: Arc<TypedFile>,
    /// The number of the first line.
    pub(in crate::write::load) first_line: u64,
    pub(in crate::write::load) text: Vec<u8>,
    pub(in crate::write::load) records: Vec<RecordSpan>,
}

/// The position of a record in a text.
#[derive(Clone, Copy, Debug)]
pub(in crate::write::load) struct RecordSpan {
    pub(in crate::write::load) start: u32,
    /// The end of its last byte, without the line end.
    pub(in crate::write::load) end: u32,
    /// Line ends before it.
    pub(in crate::write::load) line: u32,
}

/// A reader of chunks of CSV records.
pub(super) struct RecordReader {
    name: Arc<str>,
    text: Box<dyn Read + Send>,
    delimiter: u8,
    carry: Vec<u8>,
    next_line: u64,
    ended: bool,
}

/// A chunk of CSV records.
pub(super) struct RecordChunk {
    pub(super) first_line: u64,
    pub(super) text: Vec<u8>,
    pub(super) records: Vec<RecordSpan>,
}

impl RecordReader {
    pub(super) fn new(name: Arc<str>, text: Box<dyn Read + Send>, delimiter: u8) -> Self {
        Self { name, text, delimiter, carry: Vec::new(), next_line: 1, ended: false }
    }

    /// Returns the header: the first record.
    pub(super) fn header(&mut self) -> Result<Option<RecordChunk>> {
        self.take(1)
    }

    /// Returns the next records. Blocks on the source.
    pub(super) fn next_chunk(&mut self) -> Result<Option<RecordChunk>> {
        self.take(usize::MAX)
    }

    /// Returns up to `max_records` records.
    fn take(&mut self, max_records: usize) -> Result<Option<RecordChunk>> {
        let mut text = std::mem::take(&mut self.carry);
        loop {
            let wanted = if max_records == 1 { 1 } else { CHUNK_BYTES };
            if text.len() < wanted && !self.ended {
                self.read_some(&mut text)?;
                continue;
            }
            let (records, length, lines) = scan_records(&text, self.delimiter, self.ended, max_records);
            if records.is_empty() && !self.ended {
                if text.len() > MAX_LINE_BYTES {
                    let line = self.next_line;
                    return Err(Error::request(format!(
                        "{}: the record at line {line} is longer than 32 MiB. Check for a missing closing quote",
                        self.name
                    )));
                }
                self.read_some(&mut text)?;
                continue;
            }
            if records.is_empty() && length == 0 {
                return Ok(None);
            }
            self.carry = text.split_off(length);
            let first_line = self.next_line;
            self.next_line += lines;
            if records.is_empty() {
                // All lines are blank.
                text = std::mem::take(&mut self.carry);
                continue;
            }
            return Ok(Some(RecordChunk { first_line, text, records }));
        }
    }

    fn read_some(&mut self, text: &mut Vec<u8>) -> Result<()> {
        // The buffer doubles, so that a long record is not scanned repeatedly.
        let wanted = CHUNK_BYTES.max(text.len()) as u64;
        let got = self.text.by_ref().take(wanted).read_to_end(text);
        let got = got.map_err(|error| Error::request(format!("cannot read {}: {error}", self.name)))?;
        self.ended = got == 0;
        Ok(())
    }
}

/// Returns the whole records at the beginning of `text`, and the bytes and lines of these and of blank lines.
fn scan_records(text: &[u8], delimiter: u8, ended: bool, max_records: usize) -> (Vec<RecordSpan>, usize, u64) {
    let mut records = Vec::new();
    let (mut at, mut lines) = (0, 0u32);
    while at < text.len() && records.len() < max_records {
        let Some((end, next, line_count)) = record_end(text, at, delimiter, ended) else { break };
        let (start, line) = (at, lines);
        at = next;
        lines += line_count;
        if end > start {
            // The text of a chunk is far below 4 GiB.
            let offset = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
            records.push(RecordSpan { start: offset(start), end: offset(end), line });
        }
    }
    (records, at, u64::from(lines))
}

/// Returns the end of the record at `start`, the start of the next one, and the number of lines.
fn record_end(text: &[u8], start: usize, delimiter: u8, ended: bool) -> Option<(usize, usize, u32)> {
    let (mut at, mut lines, mut field_starts) = (start, 0, true);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' if field_starts => {
                at += 1;
                // For the end of the record a doubled quote is the end of a quoted part and the start of another.
                let rest = text.get(at..)?;
                let Some(close) = rest.iter().position(|byte| *byte == b'"') else {
                    return ended.then(|| (text.len(), text.len(), lines + line_ends(rest)));
                };
                lines += line_ends(rest.get(..close)?);
                at += close + 1;
                field_starts = text.get(at) == Some(&b'"');
                if at == text.len() && !ended {
                    // The next byte decides if the quote is doubled.
                    return None;
                }
            }
            b'\n' => {
                let end = if at > start && text.get(at - 1) == Some(&b'\r') { at - 1 } else { at };
                return Some((end, at + 1, lines + 1));
            }
            byte => {
                field_starts = *byte == delimiter;
                at += 1;
            }
        }
    }
    ended.then_some((at, at, lines))
}

fn line_ends(text: &[u8]) -> u32 {
    u32::try_from(text.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_where_lines_end_outside_of_quotes() {
        let cases: &[(&str, &[&str])] = &[
            ("a,b\n1,2\n", &["a,b", "1,2"]),
            ("a,b\r\n1,2", &["a,b", "1,2"]),
            ("a\n\"x\ny\"\nz\n", &["a", "\"x\ny\"", "z"]),
            ("\"a\"\"\n\",b\nc", &["\"a\"\"\n\",b", "c"]),
            ("5\" nail\nnext", &["5\" nail", "next"]),
            ("a\n\n\r\n\nb\n\n", &["a", "b"]),
            ("\"\"\n\"\"\"\"\n", &["\"\"", "\"\"\"\""]),
            ("\"open\nnever closed", &["\"open\nnever closed"]),
            ("", &[]),
            ("\n", &[]),
        ];
        for (text, wanted) in cases {
            let mut records =
                RecordReader::new("t".into(), Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), b',');
            let mut got = Vec::new();
            while let Some(chunk) = records.take(1).unwrap() {
                let record = chunk.records[0];
                let text = &chunk.text[record.start as usize..record.end as usize];
                got.push(String::from_utf8(text.to_vec()).unwrap());
            }
            assert_eq!(got, *wanted, "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted_through_quotes_and_blanks() {
        let text = "h\n\n\"x\n\ny\"\nz\n";
        let mut records = RecordReader::new("t".into(), Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), b',');
        let mut lines = Vec::new();
        while let Some(chunk) = records.take(1).unwrap() {
            lines.extend(chunk.records.iter().map(|record| chunk.first_line + u64::from(record.line)));
        }
        assert_eq!(lines, [1, 3, 6]);
    }
}
