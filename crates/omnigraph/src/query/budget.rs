//! What one query may cost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use omnigraph_compiler::ir::Value;
use omnigraph_compiler::settings::Setting;

use crate::error::{Error, Result};

/// The most one query may cost. What exceeds it fails with an error that names the limit; nothing else is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Memory for joins, groups and sorts, in bytes. Sorts and groups go to disk before they fail.
    pub memory_bytes: usize,
    /// Time from the start of the query.
    pub timeout: Duration,
    /// Rows of the result.
    pub rows: u64,
    /// Edges looked at and rows made on the way.
    pub work: u64,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, timeout: Duration::from_secs(60), rows: 10_000_000, work: 5_000_000_000 }
    }
}

impl QueryLimits {
    /// These limits, or those that a source sets for itself where they are tighter: whoever runs a query has the last word.
    #[must_use]
    pub(crate) fn tightened(self, settings: &[(&'static Setting, Value)]) -> Self {
        let mut limits = self;
        for (setting, value) in settings {
            match (setting.name, value) {
                ("memory_limit", Value::I64(bytes)) => {
                    limits.memory_bytes = limits.memory_bytes.min(usize::try_from(*bytes).unwrap_or(usize::MAX));
                }
                ("row_limit", Value::I64(rows)) => limits.rows = limits.rows.min(rows.unsigned_abs()),
                ("work_limit", Value::I64(steps)) => limits.work = limits.work.min(steps.unsigned_abs()),
                ("timeout", Value::Duration(timeout)) => {
                    let days = Duration::from_secs(u64::from(timeout.days.unsigned_abs()) * 86_400);
                    let rest = Duration::from_millis(timeout.milliseconds.unsigned_abs());
                    limits.timeout = limits.timeout.min(days + rest);
                }
                // How durable a commit is says nothing of a read.
                _ => {}
            }
        }
        limits
    }
}

/// What one running query has spent.
#[derive(Debug)]
pub(super) struct Budget {
    limits: QueryLimits,
    deadline: Option<Instant>,
    work: AtomicU64,
    cancelled: AtomicBool,
}

impl Budget {
    /// A budget that starts now.
    #[expect(clippy::disallowed_methods, reason = "a limit on the machine's own time: no data depends on it")]
    pub(super) fn new(limits: QueryLimits) -> Self {
        let deadline = Instant::now().checked_add(limits.timeout);
        Self { limits, deadline, work: AtomicU64::new(0), cancelled: AtomicBool::new(false) }
    }

    /// Nobody waits for the answer any more.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Counts edges looked at or rows made; fails when a limit is reached. Called at least every few milliseconds.
    #[expect(clippy::disallowed_methods, reason = "a limit on the machine's own time: no data depends on it")]
    pub(super) fn spend(&self, work: u64) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let spent = self.work.fetch_add(work, Ordering::Relaxed).saturating_add(work);
        if spent > self.limits.work {
            let limit = format!("{} rows and edges", self.limits.work);
            return Err(Error::Budget { limit: "work", value: limit });
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let limit = format!("{:?}", self.limits.timeout);
            return Err(Error::Budget { limit: "timeout", value: limit });
        }
        Ok(())
    }

    /// Fails when the result has more rows than it may.
    pub(super) fn admit_rows(&self, rows: u64) -> Result<()> {
        if rows > self.limits.rows {
            return Err(Error::Budget { limit: "rows", value: format!("{} rows", self.limits.rows) });
        }
        Ok(())
    }

    /// The limits.
    pub(super) fn limits(&self) -> &QueryLimits {
        &self.limits
    }
}
