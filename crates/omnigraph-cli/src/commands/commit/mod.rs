//! `commit`: the history of a graph.

mod changes;
mod list;
mod pick;
mod show;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// What to do with commits.
#[derive(Debug, Subcommand)]
pub(crate) enum Commit {
    /// List the commits of a branch, newest first
    List(list::List),
    /// Show one commit
    Show(show::Show),
    /// Show what a commit did to each entity
    Changes(changes::Changes),
    /// Undo what a commit did, as a new commit
    Revert(pick::Revert),
    /// Do what a commit did elsewhere, as a new commit
    CherryPick(pick::CherryPick),
}

impl Commit {
    /// The command as the guard sees it.
    pub(super) fn verb(&self) -> Verb {
        match self {
            Self::Revert(_) | Self::CherryPick(_) => Verb::write("commit"),
            Self::List(_) | Self::Show(_) | Self::Changes(_) => Verb::read("commit"),
        }
    }

    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        match self {
            Self::List(list) => list.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Changes(changes) => changes.run(session).await,
            Self::Revert(revert) => revert.run(session).await,
            Self::CherryPick(pick) => pick.run(session).await,
        }
    }
}
