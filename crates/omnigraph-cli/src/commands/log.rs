//! `log`: the history of a branch, with the commits that were merged into it.

use std::collections::BTreeMap;

use clap::Args;
use omnigraph::log::CommitId;
use omnigraph::{History, Omnigraph};

use crate::error::Result;
use crate::guard::Verb;
use crate::moment::{Moment, readable};
use crate::output::{Columns, Drawn};
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("log");

const HELP: &str = "\
Examples:
  omnigraph log cities.omni
  omnigraph log cities.omni --graph --branch draft --limit 50";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Log {
    /// The graph; or use --store
    uri: Option<String>,
    /// Where to start
    #[command(flatten)]
    moment: Moment,
    /// Draw how lines of history fork and join
    #[arg(long)]
    graph: bool,
    /// Show so many commits at the most
    #[arg(long, value_name = "COMMITS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl Log {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let head = graph.commit_of(&self.moment.target()?).await?;
        let names = History::default();
        // A parent's generation is smaller than its child's, so the greatest is next.
        let mut open = BTreeMap::from([((head.generation, head.commit), head)]);
        let mut columns = Columns::<CommitId>::new();
        let mut left = self.limit.unwrap_or(u64::MAX);
        while left > 0
            && let Some((_, record)) = open.pop_last()
        {
            left -= 1;
            let branch = names.branch_name(&graph, &record).await?;
            let branch = branch.unwrap_or_else(|| Omnigraph::default_branch().to_owned());
            let actor = record.actor.as_ref().map(|actor| format!(" {actor}")).unwrap_or_default();
            let time = readable(record.authored_at);
            let said = format!("{} {branch} {}{actor} {time}", record.commit, record.kind);
            for parent in graph.parents_of(&record).await? {
                open.insert((parent.generation, parent.commit), parent);
            }
            if !self.graph {
                session.out.line(&said)?;
                continue;
            }
            let parents: Vec<CommitId> = record.parents.iter().map(|parent| parent.commit).collect();
            let Drawn { joins, line, parts } = columns.commit(&record.commit, &parents);
            joins.iter().try_for_each(|join| session.out.line(join))?;
            session.out.line(&format!("{line} {said}"))?;
            parts.iter().try_for_each(|part| session.out.line(part))?;
        }
        Ok(())
    }
}
