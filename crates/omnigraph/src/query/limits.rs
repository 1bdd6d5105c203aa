//! Limits on the cost of one query, and what a running query has spent of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use omnigraph_compiler::ir::Value;
use omnigraph_compiler::settings::SettingValue;

use crate::error::{Error, Result};

/// The greatest cost of one query. A query that exceeds a limit fails with an error that names it; other work continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Memory of joins, groups, sorts and the result, in bytes. Sorts and groups spill to disk before they fail.
    pub memory_bytes: usize,
    /// Time from the start of the query.
    pub timeout: Duration,
    /// Rows of the result.
    pub rows: u64,
    /// Edges read and rows made by all operators.
    pub work: u64,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, timeout: Duration::from_secs(60), rows: 10_000_000, work: 5_000_000_000 }
    }
}

impl QueryLimits {
    /// Lowers these limits to those that a query file sets. A file cannot raise a limit of the caller.
    #[must_use]
    pub(crate) fn tightened(self, settings: &[SettingValue]) -> Self {
        let mut limits = self;
        for SettingValue { setting, value } in settings {
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
                // Durability concerns commits only.
                _ => {}
            }
        }
        limits
    }
}

/// The cost of a finished or running query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryStats {
    /// Rows of the result.
    pub rows: u64,
    /// Edges read and rows made by all operators.
    pub work: u64,
    /// Time since the query started.
    pub elapsed: Duration,
}

/// The limits of one running query, and the cost so far.
#[derive(Debug)]
pub(crate) struct QueryBudget {
    limits: QueryLimits,
    started: Instant,
    work: AtomicU64,
    cancelled: AtomicBool,
}

impl QueryBudget {
    /// Creates a budget whose time starts now.
    #[expect(clippy::disallowed_methods, reason = "a limit on the machine's own time: no data depends on it")]
    pub(crate) fn new(limits: QueryLimits) -> Self {
        Self { limits, started: Instant::now(), work: AtomicU64::new(0), cancelled: AtomicBool::new(false) }
    }

    /// Makes the next call of [`Self::spend`] fail, because the caller dropped the result.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Adds edges read or rows made, and fails at a limit. Operators call it at least every few milliseconds.
    pub(crate) fn spend(&self, work: u64) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        let spent = self.work.fetch_add(work, Ordering::Relaxed).saturating_add(work);
        if spent > self.limits.work {
            let limit = format!("{} rows and edges", self.limits.work);
            return Err(Error::Budget { limit: "work", value: limit });
        }
        if self.elapsed() >= self.limits.timeout { Err(self.timed_out()) } else { Ok(()) }
    }

    /// Fails if the result has more rows than the limit.
    pub(crate) fn admit_rows(&self, rows: u64) -> Result<()> {
        if rows > self.limits.rows {
            return Err(Error::Budget { limit: "rows", value: format!("{} rows", self.limits.rows) });
        }
        Ok(())
    }

    /// Awaits `work`, at most until the query's time is over.
    #[expect(clippy::disallowed_methods, reason = "a limit on the machine's own time: no data depends on it")]
    pub(crate) async fn until_timeout<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let rest = self.limits.timeout.saturating_sub(self.elapsed());
        tokio::time::timeout(rest, work).await.unwrap_or_else(|_| Err(self.timed_out()))
    }

    pub(crate) fn limits(&self) -> &QueryLimits {
        &self.limits
    }

    /// Returns the cost so far of a query with a result of `rows`.
    pub(crate) fn stats(&self, rows: u64) -> QueryStats {
        QueryStats { rows, work: self.work.load(Ordering::Relaxed), elapsed: self.elapsed() }
    }

    #[expect(clippy::disallowed_methods, reason = "a limit on the machine's own time: no data depends on it")]
    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn timed_out(&self) -> Error {
        Error::Budget { limit: "timeout", value: format!("{:?}", self.limits.timeout) }
    }
}
