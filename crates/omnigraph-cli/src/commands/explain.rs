//! `explain`: how a query is run, and with `--analyze` what each step took.

use clap::Args;

use super::query::Question;
use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("explain");

const HELP: &str = "\
Examples:
  omnigraph explain --store cities.omni -e 'query all() { match { $c: City } return { $c.name } }'
  omnigraph explain near --query roads.gq --params '{\"name\": \"Oslo\"}' --analyze --store cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Explain {
    /// What is asked.
    #[command(flatten)]
    question: Question,
    /// Run the query, and show rows and times
    #[arg(long)]
    analyze: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let (snapshot, request) = self.question.ask(session).await?;
        let plan = snapshot.explain(request, self.analyze).await?;
        if self.json {
            session.out.json(&plan.json)?;
        } else {
            session.out.line(plan.text.trim_end())?;
        }
        Ok(())
    }
}
