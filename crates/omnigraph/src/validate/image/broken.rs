//! The rules that were found to be broken.

use crate::error::{BrokenRules, Error, Result, RuleError};

/// So many are told in full; more are only counted.
const MOST_TOLD: usize = 100;

/// The rules that a write was found to break.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    told: Vec<RuleError>,
    total: u64,
}

impl Broken {
    /// Whether one more is told in full.
    pub(crate) fn has_room(&self) -> bool {
        self.told.len() < MOST_TOLD
    }

    /// One more.
    pub(crate) fn add(&mut self, rule: RuleError) {
        self.total += 1;
        if self.has_room() {
            self.told.push(rule);
        }
    }

    /// One more, of which nothing is told.
    pub(crate) fn count(&mut self) {
        self.total += 1;
    }

    /// Refuses the write if there is any.
    pub(crate) fn verdict(self) -> Result<()> {
        match self.total {
            0 => Ok(()),
            total => Err(Error::Rule(Box::new(BrokenRules { errors: self.told, total }))),
        }
    }
}
