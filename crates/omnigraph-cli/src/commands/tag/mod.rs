//! `tag`: names of commits.

mod create;
mod delete;
mod list;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// What to do with tags.
#[derive(Debug, Subcommand)]
pub(crate) enum Tag {
    /// Give a commit a name; it can stand wherever a commit id can
    Create(create::Create),
    /// List the tags
    List(list::List),
    /// Delete a tag; the commit stays
    Delete(delete::Delete),
}

impl Tag {
    /// The command as the guard sees it.
    pub(super) fn verb(&self) -> Verb {
        match self {
            Self::Create(_) | Self::Delete(_) => Verb::write("tag"),
            Self::List(_) => Verb::read("tag"),
        }
    }

    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        match self {
            Self::Create(create) => create.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Delete(delete) => delete.run(session).await,
        }
    }
}
