//! Edit distance: insertions, deletions and substitutions of characters (Levenshtein), up to a limit.

/// One word that others are measured against. Holds the memory that measuring needs.
#[derive(Debug)]
pub(crate) struct Edits {
    word: Vec<char>,
    limit: usize,
    other: Vec<char>,
    /// Distances between the part of `word` read so far and every prefix of the other word.
    row: Vec<usize>,
}

impl Edits {
    /// Measures distances from `word` up to `limit`.
    pub(crate) fn new(word: &str, limit: usize) -> Self {
        Self { word: word.chars().collect(), limit, other: Vec::new(), row: Vec::new() }
    }

    /// Whether `other` is within the limit.
    ///
    /// Only cells of the table within `limit` of its diagonal can hold a distance within the limit; what lies outside
    /// of that band counts as too far.
    pub(crate) fn reach(&mut self, other: &str) -> bool {
        // A character takes at most four bytes: most words are too long or too short by their bytes alone.
        if other.len() < self.word.len().saturating_sub(self.limit)
            || other.len() / 4 > self.word.len().saturating_add(self.limit)
        {
            return false;
        }
        self.other.clear();
        self.other.extend(other.chars());
        let columns = self.other.len();
        if columns.abs_diff(self.word.len()) > self.limit {
            return false;
        }
        self.row.clear();
        self.row.extend(0..=columns);
        for line in 1..=self.word.len() {
            if self.fill(line) > self.limit {
                return false;
            }
        }
        self.row.last().is_some_and(|distance| *distance <= self.limit)
    }

    /// Fills the band of one line of the table and gives the least distance in it.
    fn fill(&mut self, line: usize) -> usize {
        let low = line.saturating_sub(self.limit).max(1);
        let high = line.saturating_add(self.limit).min(self.other.len());
        let letter = self.word[line - 1];
        let mut diagonal = self.row[low - 1];
        // Before the band stands the column of the empty prefix, or a cell that is too far to matter.
        self.row[low - 1] = if low == 1 { line } else { usize::MAX / 2 };
        let mut least = self.row[low - 1];
        for column in low..=high {
            let substituted = diagonal + usize::from(letter != self.other[column - 1]);
            diagonal = self.row[column];
            let distance = substituted.min(diagonal + 1).min(self.row[column - 1] + 1);
            self.row[column] = distance;
            least = least.min(distance);
        }
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(a: &str, b: &str, limit: usize) -> bool {
        Edits::new(a, limit).reach(b)
    }

    #[test]
    fn the_distance_is_exact_at_the_limit() {
        for (a, b, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("harbour", "harbur", 1),
            ("harbour", "harobur", 2),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("été", "ete", 2),
            ("東京", "京都", 2),
            ("abcdef", "fedcba", 6),
        ] {
            assert!(within(a, b, distance), "{a} {b}");
            assert!(within(a, b, usize::MAX), "{a} {b}");
            assert!(distance == 0 || !within(a, b, distance - 1), "{a} {b}");
        }
    }
}
