//! `query`: a question to a branch, or to a commit of the past.

use clap::Args;
use omnigraph::{QueryRequest, Snapshot};

use super::source::{self, Limits, Source};
use crate::error::Result;
use crate::guard::Verb;
use crate::input::Text;
use crate::moment::Moment;
use crate::output::{Answer, Format};
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("query");

const HELP: &str = "\
Examples:
  omnigraph query --store cities.omni -e 'query all() { match { $c: City } return { $c.name } }'
  omnigraph query near --query roads.gq --params '{\"name\": \"Oslo\"}' --format csv --store cities.omni
  omnigraph query near --query roads.gq --snapshot 01J9Z3… --store cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Query {
    /// What is asked.
    #[command(flatten)]
    question: Question,
    /// How the answer is written
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = Format::Table)]
    format: Format,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is asked, of which state, and what it may cost.
#[derive(Args, Debug)]
pub(super) struct Question {
    /// The query.
    #[command(flatten)]
    source: Source,
    /// The state that is asked
    #[command(flatten)]
    moment: Moment,
    /// What it may cost.
    #[command(flatten)]
    limits: Limits,
}

impl Query {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let (snapshot, request) = self.question.ask(session).await?;
        let result = snapshot.query(request).await?;
        result.warnings.iter().for_each(source::warn);
        let format = if self.json { Format::Json } else { self.format };
        Answer::of(&result).write(format, &mut session.out)?;
        Ok(())
    }
}

impl Question {
    /// The state that is asked, and the request.
    pub(super) async fn ask(self, session: &Session) -> Result<(Snapshot, QueryRequest)> {
        let Text { name: file, source } = self.source.text()?;
        let params = self.source.params()?;
        let address = session.address(None)?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(self.moment.target()?).await?;
        Ok((snapshot, QueryRequest { source, file, name: self.source.name, params, limits: self.limits.limits() }))
    }
}
