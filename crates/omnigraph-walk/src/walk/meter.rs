//! Counts the edges that a search looks at, and asks now and then whether to go on.

use std::ops::ControlFlow;

/// Edges between two questions: some ten microseconds of walking.
const EDGES_PER_QUESTION: u64 = 4096;

/// Is told the number of edges looked at since it was last called, at least once per few thousand edges or row, and at the
/// end; a break ends the search.
pub type Work<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

pub(crate) struct Meter<'a, 'b> {
    looked: u64,
    work: &'a mut Work<'b>,
}

impl<'a, 'b> Meter<'a, 'b> {
    /// Runs a search that counts, and reports the rest at its end, so that the counts add up however it ended.
    pub(crate) fn over<T>(
        work: &'a mut Work<'b>,
        search: impl FnOnce(&mut Self) -> ControlFlow<(), T>,
    ) -> ControlFlow<(), T> {
        let mut meter = Self { looked: 0, work };
        let outcome = search(&mut meter);
        let rest = if meter.looked > 0 { meter.report() } else { ControlFlow::Continue(()) };
        match rest {
            ControlFlow::Continue(()) => outcome,
            ControlFlow::Break(()) => ControlFlow::Break(()),
        }
    }

    #[inline]
    pub(crate) fn look(&mut self, edges: usize) -> ControlFlow<()> {
        self.looked += edges as u64;
        if self.looked < EDGES_PER_QUESTION { ControlFlow::Continue(()) } else { self.report() }
    }

    fn report(&mut self) -> ControlFlow<()> {
        (self.work)(std::mem::take(&mut self.looked))
    }
}
