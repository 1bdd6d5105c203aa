//! `schema`: what a graph may hold.

mod plan;
mod show;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// What to do with a schema.
#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// Print the schema as it was accepted
    Show(show::Show),
    /// Show the steps that would give a graph another schema
    Plan(plan::Plan),
}

impl Schema {
    /// The command as the guard sees it.
    pub(super) fn verb(&self) -> Verb {
        match self {
            Self::Show(_) => show::VERB,
            Self::Plan(_) => plan::VERB,
        }
    }

    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        match self {
            Self::Show(show) => show.run(session).await,
            Self::Plan(plan) => plan.run(session).await,
        }
    }
}
