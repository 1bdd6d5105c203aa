//! `diff`: what two states of a graph differ by.

use std::pin::pin;

use clap::Args;
use futures::TryStreamExt;
use omnigraph::{Difference, History, Omnigraph, Snapshot};
use serde_json::{Value, json};

use crate::error::Result;
use crate::guard::Verb;
use crate::moment::{self, Wanted};
use crate::output::{ChangeFormat, ChangeWriter};
use crate::session::Session;
use crate::view;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("diff");

const HELP: &str = "\
Examples:
  omnigraph diff main draft --store cities.omni
  omnigraph diff main@2026-03-01 main --kind node --op delete --format table --store cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Diff {
    /// The one state: a branch, a commit id, a tag, or branch@time
    before: String,
    /// The other
    after: String,
    /// Compare with where the two parted instead: what AFTER did since
    #[arg(long)]
    since_fork: bool,
    /// What to show
    #[command(flatten)]
    wanted: Wanted,
    /// How changes are written
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = ChangeFormat::Text)]
    format: ChangeFormat,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let format = if self.json { ChangeFormat::Json } else { self.format };
        let address = session.address(None)?;
        let graph = session.open_to_read(&address).await?;
        let (mut before, after) =
            (moment::named(&graph, &self.before).await?, moment::named(&graph, &self.after).await?);
        if self.since_fork {
            before = graph.fork_of(&before, &after).await?;
        }
        let difference = graph.difference(&before, &after, self.wanted.filter()).await?;
        let members = json!({
            "from": commit(&graph, difference.before()).await?,
            "to": commit(&graph, difference.after()).await?,
            "schema": difference.schema_steps(),
        });
        let mut writer = ChangeWriter::begin(format, &members, &mut session.out)?;
        if format == ChangeFormat::Text {
            describe(session, &difference)?;
        }
        let mut changes = pin!(difference.changes());
        while let Some(some) = changes.try_next().await? {
            some.iter().try_for_each(|change| writer.write(change, &mut session.out))?;
        }
        Ok(writer.end(None, &mut session.out)?)
    }
}

async fn commit(graph: &Omnigraph, snapshot: &Snapshot) -> Result<view::Commit> {
    let record = snapshot.commit();
    Ok(view::Commit::new(record, History::default().branch_name(graph, record).await?))
}

fn describe(session: &mut Session, difference: &Difference) -> Result<()> {
    session.out.line(&format!("from: {}", difference.before().commit().commit))?;
    session.out.line(&format!("to: {}", difference.after().commit().commit))?;
    let steps = difference.schema_steps();
    Ok(steps.iter().map(Value::to_string).try_for_each(|step| session.out.line(&format!("schema: {step}")))?)
}
