//! `changes`: what happens on a branch, commit after commit, for consumers that keep their own place.

mod baseline;
mod poll;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("changes");

/// What to do with the change feed.
#[derive(Debug, Subcommand)]
pub(crate) enum Changes {
    /// Show the next changes of a branch, and the cursor to go on with
    Poll(poll::Poll),
    /// Write the state of a branch to a file, and show the cursor that goes on behind it
    Baseline(baseline::Baseline),
}

impl Changes {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        match self {
            Self::Poll(poll) => poll.run(session).await,
            Self::Baseline(baseline) => baseline.run(session).await,
        }
    }
}
