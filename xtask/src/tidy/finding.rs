//! What a check reports: a place, the check that speaks, and what to do about it.

use std::fmt;

/// One thing to mend. Ordered by place, so that a report reads file by file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    check: &'static str,
    message: String,
}

impl Finding {
    /// `line` counts from one; zero means the file as a whole.
    pub(crate) fn new(check: &'static str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Finding { path: path.to_owned(), line, check, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, line, check, message } = self;
        match line {
            0 => write!(f, "{path}: [{check}] {message}"),
            _ => write!(f, "{path}:{line}: [{check}] {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_like_a_compiler_message() {
        assert_eq!(Finding::new("size", "a.rs", 7, "too long").to_string(), "a.rs:7: [size] too long");
        assert_eq!(Finding::new("size", "a.rs", 0, "too long").to_string(), "a.rs: [size] too long");
    }
}
