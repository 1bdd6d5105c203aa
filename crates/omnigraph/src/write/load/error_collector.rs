//! Errors of a load: collected up to a limit, tolerated up to another, with the rejected rows written to a file.

use std::io::Write;

use crate::error::{Error, ErrorReport, Result, RowError};

/// The number of invalid rows that a load skips.
pub struct ErrorPolicy {
    /// Invalid rows up to which the load succeeds without them.
    pub max_errors: u64,
    /// The destination of rejected rows: one JSON object per line with file, line, column, code, message and the raw row.
    pub rejects: Box<dyn Write + Send>,
}

/// The errors of a load so far.
pub(super) struct ErrorCollector {
    report_limit: usize,
    policy: Option<ErrorPolicy>,
    report: ErrorReport<RowError>,
}

impl ErrorCollector {
    /// Returns a collector that keeps `report_limit` errors.
    pub(super) fn new(report_limit: usize, policy: Option<ErrorPolicy>) -> Self {
        Self { report_limit: report_limit.max(1), policy, report: ErrorReport::empty() }
    }

    /// Adds the error of a rejected row.
    pub(super) fn reject(&mut self, error: RowError) -> Result<()> {
        if let Some(policy) = &mut self.policy {
            let RowError { code, message, file, line, column, raw, .. } = &error;
            let reject = serde_json::json!({
                "file": file, "line": line, "column": column, "code": code, "message": message, "raw": raw,
            });
            writeln!(policy.rejects, "{reject}").map_err(|error| cannot_write(&error))?;
        }
        self.report.push(error, self.report_limit);
        Ok(())
    }

    /// Returns true if the load can still succeed.
    pub(super) fn is_tolerable(&self) -> bool {
        self.report.total <= self.policy.as_ref().map_or(0, |policy| policy.max_errors)
    }

    /// Returns true if the load fails and its report is full.
    pub(super) fn is_full(&self) -> bool {
        !self.is_tolerable() && self.report.errors.len() >= self.report_limit
    }

    /// Ends early with an error after which no more rows can be read. Earlier errors are reported with it if it is an error
    /// of the input, too.
    pub(super) fn fail(mut self, error: Error) -> Error {
        match error {
            Error::Data(last) if !self.is_tolerable() => {
                self.report.total += last.total;
                self.report.errors.extend(last.errors);
                self.report.complete = false;
                self.into_error()
            }
            other => other,
        }
    }

    /// Ends after the input was read, and returns the number of rejected rows. `conflicts` are errors between rows, of which
    /// none is tolerated.
    pub(super) fn finish(mut self, conflicts: ErrorReport<RowError>) -> Result<u64> {
        let rejected = self.report.total;
        let complete = !self.is_full();
        if self.is_tolerable() {
            if conflicts.total == 0 {
                if let Some(policy) = &mut self.policy {
                    policy.rejects.flush().map_err(|error| cannot_write(&error))?;
                }
                return Ok(rejected);
            }
            // Skipped rows are not the reason of the failure.
            self.report = ErrorReport::empty();
        }
        let missing = self.report_limit.saturating_sub(self.report.errors.len());
        self.report.total += conflicts.total;
        self.report.errors.extend(conflicts.errors.into_iter().take(missing));
        self.report.complete = complete;
        Err(self.into_error())
    }

    fn into_error(mut self) -> Error {
        if let Some(policy) = &mut self.policy {
            // The error of the load is more important than one of the rejects.
            let _ = policy.rejects.flush();
        }
        Error::Data(Box::new(self.report))
    }
}

fn cannot_write(error: &std::io::Error) -> Error {
    Error::request(format!("cannot write the rejected rows: {error}"))
}
