//! `commit`: the history of a graph.

mod changes;
mod list;
mod show;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("commit");

/// What to do with commits.
#[derive(Debug, Subcommand)]
pub(crate) enum Commit {
    /// List the commits of a branch, newest first
    List(list::List),
    /// Show one commit
    Show(show::Show),
    /// Show what a commit did to each entity
    Changes(changes::Changes),
}

impl Commit {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Changes(changes) => changes.run(session).await,
        }
    }
}
