//! Counts the edges that a search scans, and lets the caller cancel the search.

use std::ops::ControlFlow;

/// Scanned edges between two reports: about ten microseconds of work.
const REPORT_INTERVAL_EDGES: u64 = 4096;

/// A progress callback: receives the number of edges scanned since its last call. A break cancels the search.
///
/// Searches call it after each adjacency row that completes a few thousand edges, and at their end.
pub type ProgressFn<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// A counter of scanned edges that reports to a [`ProgressFn`].
pub(crate) struct CostMeter<'a, 'b> {
    scanned: u64,
    progress: &'a mut ProgressFn<'b>,
}

impl<'a, 'b> CostMeter<'a, 'b> {
    /// Runs a search and reports the remaining edges at its end, so that the reports add up however the search ended.
    pub(crate) fn run<T>(
        progress: &'a mut ProgressFn<'b>,
        search: impl FnOnce(&mut Self) -> ControlFlow<(), T>,
    ) -> ControlFlow<(), T> {
        let mut meter = Self { scanned: 0, progress };
        let outcome = search(&mut meter);
        let last = if meter.scanned > 0 { meter.report() } else { ControlFlow::Continue(()) };
        match last {
            ControlFlow::Continue(()) => outcome,
            ControlFlow::Break(()) => ControlFlow::Break(()),
        }
    }

    /// Adds scanned edges, and reports once enough have accumulated.
    #[inline]
    pub(crate) fn add(&mut self, edges: usize) -> ControlFlow<()> {
        self.scanned += edges as u64;
        if self.scanned < REPORT_INTERVAL_EDGES { ControlFlow::Continue(()) } else { self.report() }
    }

    fn report(&mut self) -> ControlFlow<()> {
        (self.progress)(std::mem::take(&mut self.scanned))
    }
}
