//! Runs to one sorted sequence.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::entry::{Entry, Item};
use super::run::Run;
use crate::error::Result;

/// Entries in their order.
#[derive(Debug)]
pub(in crate::load) struct Sorted {
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<(Item, usize)>>,
    /// The run whose entry was given out last.
    given: Option<usize>,
}

impl Sorted {
    pub(super) fn of(mut runs: Vec<Run>) -> Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            if let Some(item) = run.advance()? {
                heads.push(Reverse((item, index)));
            }
        }
        Ok(Self { runs, heads, given: None })
    }

    /// The next entry; `None` at the end.
    pub(in crate::load) fn next(&mut self) -> Result<Option<Entry<'_>>> {
        // Only now may the run move on: its text was lent until here.
        if let Some(index) = self.given.take()
            && let Some(run) = self.runs.get_mut(index)
            && let Some(item) = run.advance()?
        {
            self.heads.push(Reverse((item, index)));
        }
        let Some(Reverse((_, index))) = self.heads.pop() else { return Ok(None) };
        self.given = Some(index);
        self.runs.get(index).map(Run::entry).transpose()
    }
}
