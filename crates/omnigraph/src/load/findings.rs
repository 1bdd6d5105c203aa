//! What is wrong with an input: faults are collected, tolerated up to a number, and those that are tolerated are written down.

use std::io::Write;

use super::decode::Fault;
use crate::error::{DataError, DataErrors, Error, Result};

/// How many bad rows a load puts up with.
pub struct Tolerance {
    /// Up to so many rows may be bad; the others are loaded.
    pub bad_rows: u64,
    /// Where bad rows go: a line of JSON for each, with file, line, column, code, message and the row as it stood there.
    pub rejects: Box<dyn Write + Send>,
}

/// Faults so far.
pub(super) struct Findings {
    most_reported: usize,
    tolerance: Option<Tolerance>,
    reported: Vec<DataError>,
    total: u64,
}

impl Findings {
    /// None yet. Reports up to `most_reported` of those to come.
    pub(super) fn new(most_reported: usize, tolerance: Option<Tolerance>) -> Self {
        Self { most_reported: most_reported.max(1), tolerance, reported: Vec::new(), total: 0 }
    }

    /// Takes note of a row that cannot be taken.
    pub(super) fn reject(&mut self, fault: Fault) -> Result<()> {
        if let Some(tolerance) = &mut self.tolerance {
            let DataError { code, message, file, line, column, .. } = &fault.error;
            let line = serde_json::json!({
                "file": file, "line": line, "column": column, "code": code, "message": message, "raw": fault.raw,
            });
            let written = writeln!(tolerance.rejects, "{line}");
            written.map_err(|error| Error::request(format!("cannot write the rejected rows: {error}")))?;
        }
        self.note(fault.error);
        Ok(())
    }

    fn note(&mut self, error: DataError) {
        self.total += 1;
        if self.reported.len() < self.most_reported {
            self.reported.push(error);
        }
    }

    /// Whether the load can still succeed.
    pub(super) fn tolerable(&self) -> bool {
        self.total <= self.tolerance.as_ref().map_or(0, |tolerance| tolerance.bad_rows)
    }

    /// Whether nothing is to be gained by looking further: the load fails, and all that is told about it is known.
    pub(super) fn enough(&self) -> bool {
        !self.tolerable() && self.reported.len() >= self.most_reported
    }

    /// Ends early: an error that is no fault of a row, or one after which there are no rows. What was found before is told
    /// too, if the error has a place itself.
    pub(super) fn fail(mut self, error: Error) -> Error {
        match error {
            Error::Data(last) if !self.tolerable() => {
                self.total += 1;
                self.reported.push(*last);
                self.into_error(false)
            }
            other => other,
        }
    }

    /// Ends after a look at the whole input, or at enough of it. `more` are faults between rows, the first
    /// of them and their number; none of them is tolerated. Answers how many rows were rejected.
    pub(super) fn settle(mut self, (more, count): (Vec<DataError>, u64), complete: bool) -> Result<u64> {
        let rejected = self.total;
        if self.tolerable() && count == 0 {
            if let Some(tolerance) = &mut self.tolerance {
                let flushed = tolerance.rejects.flush();
                flushed.map_err(|error| Error::request(format!("cannot write the rejected rows: {error}")))?;
            }
            return Ok(rejected);
        }
        if self.tolerable() {
            // Rows that were put up with are no reason to fail.
            self.reported.clear();
            self.total = 0;
        }
        self.total += count;
        let room = self.most_reported.saturating_sub(self.reported.len());
        self.reported.extend(more.into_iter().take(room));
        Err(self.into_error(complete))
    }

    fn into_error(mut self, complete: bool) -> Error {
        if let Some(tolerance) = &mut self.tolerance {
            // The load fails for another reason, which is the one to tell.
            let _ = tolerance.rejects.flush();
        }
        if self.total == 1
            && let Some(only) = self.reported.pop()
        {
            return Error::Data(Box::new(only));
        }
        Error::Faults(Box::new(DataErrors { errors: self.reported, total: self.total, complete }))
    }
}
