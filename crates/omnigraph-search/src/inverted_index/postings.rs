//! The postings of one token: the rows that contain it, ascending, with its frequency and positions in each.
//!
//! Two byte strings of variable-length integers (LEB128) of gaps:
//!
//! - rows: the gap to the previous row (to -1 for the first), doubled, plus one if the frequency is 1; then any other frequency
//! - positions: for each row the first position and the gaps between positions, as many as the frequency
//!
//! Counting and scoring read only the first string.

/// A writer of the postings of one token.
#[derive(Debug, Default)]
pub(super) struct PostingsWriter {
    /// Coded rows, without the last one: its frequency may still grow.
    pub(super) rows: Vec<u8>,
    pub(super) positions: Vec<u8>,
    /// Number of rows.
    pub(super) documents: u32,
    /// One more than the last written row; 0 before the first.
    written: u32,
    /// One more than the current row; 0 before the first.
    current: u32,
    frequency: u32,
    position: u32,
}

impl PostingsWriter {
    /// Adds an occurrence. Rows ascend, and positions ascend within a row.
    pub(super) fn push(&mut self, row: u32, position: u32) {
        if self.current != row + 1 {
            self.close_row();
            self.current = row + 1;
            self.documents += 1;
            self.position = 0;
        }
        self.frequency += 1;
        write_varint(&mut self.positions, u64::from(position - self.position));
        self.position = position;
    }

    /// Writes the current row.
    pub(super) fn close_row(&mut self) {
        if self.frequency == 0 {
            return;
        }
        let gap = u64::from(self.current - self.written) << 1;
        if self.frequency == 1 {
            write_varint(&mut self.rows, gap | 1);
        } else {
            write_varint(&mut self.rows, gap);
            write_varint(&mut self.rows, u64::from(self.frequency));
        }
        self.written = self.current;
        self.frequency = 0;
    }
}

/// A cursor over the postings of one token.
#[derive(Clone, Debug)]
pub(crate) struct PostingsReader<'a> {
    rows: &'a [u8],
    positions: &'a [u8],
    /// One more than the current row; 0 before the first.
    row: u32,
    frequency: u32,
    /// Number of leading positions that belong to earlier rows.
    unread: usize,
}

impl<'a> PostingsReader<'a> {
    pub(super) const fn new(rows: &'a [u8], positions: &'a [u8]) -> Self {
        Self { rows, positions, row: 0, frequency: 0, unread: 0 }
    }

    /// Advances to the next row and returns it; `None` after the last.
    pub(crate) fn next(&mut self) -> Option<u32> {
        if self.rows.is_empty() {
            return None;
        }
        self.unread += self.frequency as usize;
        let header = read_varint(&mut self.rows);
        self.row += (header >> 1) as u32;
        self.frequency = if header & 1 == 1 { 1 } else { read_varint(&mut self.rows) as u32 };
        Some(self.row - 1)
    }

    /// Returns the frequency of the token in the current row.
    pub(crate) const fn frequency(&self) -> u32 {
        self.frequency
    }

    /// Advances to the first row that is not less than `row` and returns it; stays if the current row is one.
    pub(super) fn seek(&mut self, row: u32) -> Option<u32> {
        if self.row > row {
            return Some(self.row - 1);
        }
        loop {
            let found = self.next()?;
            if found >= row {
                return Some(found);
            }
        }
    }

    /// Replaces `into` by the positions of the current row.
    pub(super) fn read_positions(&mut self, into: &mut Vec<u32>) {
        for _ in 0..self.unread {
            read_varint(&mut self.positions);
        }
        self.unread = 0;
        into.clear();
        // A copy: the same positions may be read again.
        let mut bytes = self.positions;
        let mut position = 0;
        for _ in 0..self.frequency {
            position += read_varint(&mut bytes) as u32;
            into.push(position);
        }
    }
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads an integer that [`write_varint`] wrote. Missing bytes count as 0.
#[inline]
fn read_varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let Some((byte, rest)) = bytes.split_first() else { break };
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_postings_are_read_back() {
        let occurrences = [(0, vec![0]), (1, vec![3, 3, 700]), (4_000_000, vec![1]), (4_000_001, vec![2, 90_000])];
        let mut writer = PostingsWriter::default();
        for (row, positions) in &occurrences {
            positions.iter().for_each(|position| writer.push(*row, *position));
        }
        writer.close_row();
        assert_eq!(writer.documents, 4);

        let mut postings = PostingsReader::new(&writer.rows, &writer.positions);
        let mut found = Vec::new();
        for (row, positions) in &occurrences {
            assert_eq!(postings.next(), Some(*row));
            assert_eq!(postings.frequency() as usize, positions.len());
            postings.read_positions(&mut found);
            postings.read_positions(&mut found);
            assert_eq!(found, *positions);
        }
        assert_eq!(postings.next(), None);

        let mut postings = PostingsReader::new(&writer.rows, &writer.positions);
        assert_eq!(postings.seek(1), Some(1));
        assert_eq!(postings.seek(1), Some(1));
        assert_eq!(postings.seek(4_000_001), Some(4_000_001));
        postings.read_positions(&mut found);
        assert_eq!(found, [2, 90_000]);
        assert_eq!(postings.seek(4_000_002), None);
    }
}
