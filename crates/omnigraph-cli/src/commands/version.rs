//! `version`: of the program, and of the storage format it reads and writes.

use clap::Args;
use omnigraph::log::stamp::GRAPH_FORMAT;

use crate::error::Result;
use crate::guard::{Class, Verb};
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb { label: "version", class: Class::Local, takes_store: false, takes_actor: false };

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph version")]
pub(crate) struct Version {}

impl Version {
    pub(super) fn run(self, session: &mut Session) -> Result<()> {
        session.out.line(&format!("omnigraph {}", env!("CARGO_PKG_VERSION")))?;
        session.out.line(&format!("internal-schema {GRAPH_FORMAT}"))?;
        Ok(())
    }
}
