//! The postings of one token: the rows that hold it, ascending, with its frequency and positions in each.
//!
//! Two byte strings of variable-length integers, seven bits to a byte, low bits first:
//!
//! - rows: the distance from the row before (from -1 at the start), doubled, plus one if the frequency is 1; then the
//!   frequency if it is not;
//! - positions: of every row the first position and the distances between neighbours, as many as the frequency says.
//!
//! Counting and scoring read only the first string.

/// Writes the postings of one token.
#[derive(Debug, Default)]
pub(super) struct PostingsWriter {
    /// The row strings of all rows but the last one, whose frequency can still grow.
    pub(super) rows: Vec<u8>,
    pub(super) positions: Vec<u8>,
    /// How many rows there are.
    pub(super) documents: u32,
    /// One more than the row before the last, and than the last; 0 before the first.
    before: u32,
    current: u32,
    frequency: u32,
    position: u32,
}

impl PostingsWriter {
    /// Adds an occurrence; rows and, within a row, positions come in ascending order.
    pub(super) fn push(&mut self, row: u32, position: u32) {
        if self.current != row + 1 {
            self.close_row();
            self.current = row + 1;
            self.documents += 1;
            self.position = 0;
        }
        self.frequency += 1;
        put(&mut self.positions, u64::from(position - self.position));
        self.position = position;
    }

    /// Writes the last row.
    pub(super) fn close_row(&mut self) {
        if self.frequency == 0 {
            return;
        }
        let distance = u64::from(self.current - self.before) << 1;
        if self.frequency == 1 {
            put(&mut self.rows, distance | 1);
        } else {
            put(&mut self.rows, distance);
            put(&mut self.rows, u64::from(self.frequency));
        }
        self.before = self.current;
        self.frequency = 0;
    }
}

/// Reads the postings of one token from the first row to the last.
#[derive(Clone, Debug)]
pub(crate) struct Postings<'a> {
    rows: &'a [u8],
    positions: &'a [u8],
    /// One more than the current row; 0 before the first.
    row: u32,
    frequency: u32,
    /// Positions at the front of `positions` that belong to earlier rows.
    unread: usize,
}

impl<'a> Postings<'a> {
    pub(super) const fn new(rows: &'a [u8], positions: &'a [u8]) -> Self {
        Self { rows, positions, row: 0, frequency: 0, unread: 0 }
    }

    /// The next row; `None` after the last.
    pub(crate) fn next(&mut self) -> Option<u32> {
        if self.rows.is_empty() {
            return None;
        }
        self.unread += self.frequency as usize;
        let head = take(&mut self.rows);
        self.row += (head >> 1) as u32;
        self.frequency = if head & 1 == 1 { 1 } else { take(&mut self.rows) as u32 };
        Some(self.row - 1)
    }

    /// How often the current row holds the token.
    pub(crate) const fn frequency(&self) -> u32 {
        self.frequency
    }

    /// The first row from `row` on, the current one included.
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
            take(&mut self.positions);
        }
        self.unread = 0;
        into.clear();
        // A copy, so that they can be read again.
        let mut bytes = self.positions;
        let mut position = 0;
        for _ in 0..self.frequency {
            position += take(&mut bytes) as u32;
            into.push(position);
        }
    }
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// The next integer of a string that [`put`] wrote; what is cut off counts as 0.
#[inline]
fn take(bytes: &mut &[u8]) -> u64 {
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
    fn what_is_written_is_read() {
        let occurrences = [(0, vec![0]), (1, vec![3, 3, 700]), (4_000_000, vec![1]), (4_000_001, vec![2, 90_000])];
        let mut writer = PostingsWriter::default();
        for (row, positions) in &occurrences {
            positions.iter().for_each(|position| writer.push(*row, *position));
        }
        writer.close_row();
        assert_eq!(writer.documents, 4);

        let mut postings = Postings::new(&writer.rows, &writer.positions);
        let mut found = Vec::new();
        for (row, positions) in &occurrences {
            assert_eq!(postings.next(), Some(*row));
            assert_eq!(postings.frequency() as usize, positions.len());
            postings.read_positions(&mut found);
            postings.read_positions(&mut found);
            assert_eq!(found, *positions);
        }
        assert_eq!(postings.next(), None);

        let mut postings = Postings::new(&writer.rows, &writer.positions);
        assert_eq!(postings.seek(1), Some(1));
        assert_eq!(postings.seek(1), Some(1));
        assert_eq!(postings.seek(4_000_001), Some(4_000_001));
        postings.read_positions(&mut found);
        assert_eq!(found, [2, 90_000]);
        assert_eq!(postings.seek(4_000_002), None);
    }
}
