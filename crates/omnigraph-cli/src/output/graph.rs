//! Commits as a graph: a column per line of history, as `git log --graph` draws it.

/// The columns of a picture that is drawn from the newest commit down.
#[derive(Debug)]
pub(crate) struct Columns<K> {
    /// What each column waits for.
    waiting: Vec<K>,
}

/// The lines of one commit.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// Above it.
    pub(crate) joins: Vec<String>,
    /// The line with its mark.
    pub(crate) line: String,
    /// Below it.
    pub(crate) parts: Vec<String>,
}

impl<K: Clone + PartialEq> Columns<K> {
    /// A picture without lines.
    pub(crate) const fn new() -> Self {
        Self { waiting: Vec::new() }
    }

    /// The lines for a commit with these parents: columns that join in it, its own line, columns that part from it.
    pub(crate) fn commit(&mut self, commit: &K, parents: &[K]) -> Drawn {
        let at = match self.waiting.iter().position(|waits| waits == commit) {
            Some(at) => at,
            None => {
                self.waiting.push(commit.clone());
                self.waiting.len() - 1
            }
        };
        let mut joins = Vec::new();
        // Other columns that waited for this commit end here.
        while let Some(other) = self.waiting.iter().skip(at + 1).position(|waits| waits == commit) {
            let other = at + 1 + other;
            joins.push(self.joined(at, other));
            self.waiting.remove(other);
        }
        let (line, mut parts) = (self.line(at, '*'), Vec::new());
        match parents {
            [] => drop(self.waiting.remove(at)),
            [first, more @ ..] => {
                if let Some(column) = self.waiting.get_mut(at) {
                    *column = first.clone();
                }
                for parent in more.iter().filter(|parent| !self.waiting.contains(parent)).cloned().collect::<Vec<_>>() {
                    self.waiting.insert(at + 1, parent);
                    parts.push(self.parted(at));
                }
            }
        }
        Drawn { joins, line, parts }
    }

    fn line(&self, at: usize, mark: char) -> String {
        let columns = (0..self.waiting.len()).map(|column| if column == at { mark } else { '|' });
        columns.map(String::from).collect::<Vec<_>>().join(" ")
    }

    /// Column `other` ends in column `at`.
    fn joined(&self, at: usize, other: usize) -> String {
        let mut line: Vec<char> = self.line(usize::MAX, '|').chars().collect();
        for place in (2 * at + 1)..(2 * other) {
            if let Some(place) = line.get_mut(place).filter(|place| **place == ' ') {
                *place = if line_end(at, other) { '/' } else { '_' };
            }
        }
        if let Some(end) = line.get_mut(2 * other) {
            *end = ' ';
        }
        line.into_iter().collect::<String>().trim_end().to_owned()
    }

    /// A new column comes out of column `at`.
    fn parted(&self, at: usize) -> String {
        let columns = (0..self.waiting.len()).map(|column| if column == at + 1 { "\\" } else { "|" });
        let mut line = String::new();
        for (column, mark) in columns.enumerate() {
            if column > 0 && mark == "|" {
                line.push(' ');
            }
            line.push_str(mark);
        }
        line
    }
}

/// Whether a column ends right beside the one that it joins.
fn line_end(at: usize, other: usize) -> bool {
    other == at + 1
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn a_fork_and_its_merge() {
        let mut columns = Columns::new();
        let drawn = [("m", &["b", "c"][..]), ("c", &["a"]), ("b", &["a"]), ("a", &[])];
        let mut lines = Vec::new();
        for (commit, parents) in drawn {
            let drawn = columns.commit(&commit, parents);
            lines.extend(drawn.joins.into_iter().chain([drawn.line]).chain(drawn.parts));
        }
        assert_eq!(lines, ["*", "|\\", "| *", "* |", "|/", "*"]);
    }
}
