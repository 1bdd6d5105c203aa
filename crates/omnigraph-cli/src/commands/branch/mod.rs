//! `branch`: other lines of history beside `main`.

mod create;
mod delete;
mod list;
mod merge;
mod rename;
mod reset;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// What to do with branches.
#[derive(Debug, Subcommand)]
pub(crate) enum Branch {
    /// Create a branch; it costs one small object, whatever the size of the graph
    Create(create::Create),
    /// List the branches
    List(list::List),
    /// Take what a branch has into another
    Merge(merge::Merge),
    /// Give a branch another name
    Rename(rename::Rename),
    /// Give a branch the state of another commit again, as a new commit
    Reset(reset::Reset),
    /// Delete a branch; its commits can still be read by their ids
    Delete(delete::Delete),
}

impl Branch {
    /// The command as the guard sees it.
    pub(super) fn verb(&self) -> Verb {
        match self {
            Self::Create(_) | Self::Merge(_) | Self::Rename(_) | Self::Reset(_) | Self::Delete(_) => {
                Verb::write("branch")
            }
            Self::List(_) => Verb::read("branch"),
        }
    }

    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        match self {
            Self::Create(create) => create.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Merge(merge) => merge.run(session).await,
            Self::Rename(rename) => rename.run(session).await,
            Self::Reset(reset) => reset.run(session).await,
            Self::Delete(delete) => delete.run(session).await,
        }
    }
}
