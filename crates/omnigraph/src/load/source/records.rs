//! Text cut into chunks of whole CSV records: a quoted field may hold line ends.

use std::io::Read;
use std::sync::Arc;

use super::lines::{CHUNK_BYTES, MOST_LINE_BYTES};
use crate::error::{Error, Result};
use crate::load::decode::TypedFile;

/// Whole records of CSV.
#[derive(Debug)]
pub(in crate::load) struct RecordPiece {
    pub(in crate::load) file: Arc<TypedFile>,
    /// The number of the line that the text begins with.
    pub(in crate::load) first_line: u64,
    pub(in crate::load) text: Vec<u8>,
    pub(in crate::load) records: Vec<Record>,
}

/// Where a record is in a text.
#[derive(Clone, Copy, Debug)]
pub(in crate::load) struct Record {
    pub(in crate::load) start: u32,
    /// Behind its last byte, without the line end.
    pub(in crate::load) end: u32,
    /// Line ends before it.
    pub(in crate::load) line: u32,
}

/// A source cut into records.
pub(super) struct Records {
    name: Arc<str>,
    text: Box<dyn Read + Send>,
    delimiter: u8,
    carry: Vec<u8>,
    next_line: u64,
    ended: bool,
}

/// Some records and their text.
pub(super) struct Chunk {
    pub(super) first_line: u64,
    pub(super) text: Vec<u8>,
    pub(super) records: Vec<Record>,
}

impl Records {
    pub(super) fn new(name: Arc<str>, text: Box<dyn Read + Send>, delimiter: u8) -> Self {
        Self { name, text, delimiter, carry: Vec::new(), next_line: 1, ended: false }
    }

    /// The header: the first record, by itself.
    pub(super) fn header(&mut self) -> Result<Option<Chunk>> {
        self.take(1)
    }

    /// The next records; blocks on the source.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        self.take(usize::MAX)
    }

    /// Up to `most` records.
    fn take(&mut self, most: usize) -> Result<Option<Chunk>> {
        let mut text = std::mem::take(&mut self.carry);
        loop {
            let wanted = if most == 1 { 1 } else { CHUNK_BYTES };
            if text.len() < wanted && !self.ended {
                self.read_some(&mut text)?;
                continue;
            }
            let (records, length, lines) = scan(&text, self.delimiter, self.ended, most);
            if records.is_empty() && !self.ended {
                if text.len() > MOST_LINE_BYTES {
                    let line = self.next_line;
                    return Err(Error::request(format!(
                        "{}: the record that begins at line {line} is longer than 32 MiB. Is a closing quote missing?",
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
                // Nothing but blank lines.
                text = std::mem::take(&mut self.carry);
                continue;
            }
            return Ok(Some(Chunk { first_line, text, records }));
        }
    }

    fn read_some(&mut self, text: &mut Vec<u8>) -> Result<()> {
        // At least as much again as there is, so that a long record is not scanned over and over.
        let wanted = CHUNK_BYTES.max(text.len()) as u64;
        let got = self.text.by_ref().take(wanted).read_to_end(text);
        let got = got.map_err(|error| Error::request(format!("cannot read {}: {error}", self.name)))?;
        self.ended = got == 0;
        Ok(())
    }
}

/// The whole records at the beginning of `text`, how many bytes they and blank lines between them take, and how many lines.
fn scan(text: &[u8], delimiter: u8, ended: bool, most: usize) -> (Vec<Record>, usize, u64) {
    let mut records = Vec::new();
    let (mut at, mut lines) = (0, 0u32);
    while at < text.len() && records.len() < most {
        let Some((end, next, within)) = record_end(text, at, delimiter, ended) else { break };
        let (start, line) = (at, lines);
        at = next;
        lines += within;
        if end > start {
            // A chunk ends long before its text reaches 4 GiB.
            let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
            records.push(Record { start: short(start), end: short(end), line });
        }
    }
    (records, at, u64::from(lines))
}

/// Where the record that starts at `start` ends, where the next one starts, and how many lines it takes.
fn record_end(text: &[u8], start: usize, delimiter: u8, ended: bool) -> Option<(usize, usize, u32)> {
    let (mut at, mut lines, mut field_starts) = (start, 0, true);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' if field_starts => {
                at += 1;
                // A doubled quote is two quoted parts in a row, as far as the end is concerned.
                let rest = text.get(at..)?;
                let Some(close) = rest.iter().position(|byte| *byte == b'"') else {
                    return ended.then(|| (text.len(), text.len(), lines + line_ends(rest)));
                };
                lines += line_ends(rest.get(..close)?);
                at += close + 1;
                field_starts = text.get(at) == Some(&b'"');
                if at == text.len() && !ended {
                    // Whether the quote is doubled is not known yet.
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
            let mut records = Records::new("t".into(), Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), b',');
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
        let mut records = Records::new("t".into(), Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), b',');
        let mut lines = Vec::new();
        while let Some(chunk) = records.take(1).unwrap() {
            lines.extend(chunk.records.iter().map(|record| chunk.first_line + u64::from(record.line)));
        }
        assert_eq!(lines, [1, 3, 6]);
    }
}
