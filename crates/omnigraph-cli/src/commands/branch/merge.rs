//! `branch merge`.

use clap::Args;
use omnigraph::{MergeOutcome, MergeRequest, Omnigraph};
use serde_json::json;

use crate::consent::{self, Audience};
use crate::error::Result;
use crate::session::{Session, say, settle};
use crate::taking::{Taking, Terms, report};

const HELP: &str = "\
Examples:
  omnigraph branch merge draft --into main --delete-branch --uri cities.omni
  omnigraph branch merge draft --dry-run --json --uri cities.omni
  omnigraph branch merge draft --theirs City --choices choices.json --uri cities.omni
  omnigraph branch merge draft --resolve settle.gq --uri cities.omni                  # a mutation settles the rest";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Merge {
    /// The branch whose changes are taken
    source: String,
    /// The branch that changes
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    into: String,
    /// How disagreements are settled
    #[command(flatten)]
    taking: Taking,
    /// Say what would be done, conflicts and all, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete the source branch once it is merged
    #[arg(long, conflicts_with = "dry_run")]
    delete_branch: bool,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Merge {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let Self { source, into, taking, dry_run, delete_branch, uri, json } = self;
        let address = session.address(uri.as_deref())?;
        let Terms { policy, choices, resolution } = taking.read()?;
        let actor = session.actor().map(str::to_owned);
        let (branch, target) = (source.clone(), into.clone());
        let request = MergeRequest { source: branch, target, policy, choices, resolution, actor: actor.clone() };
        if dry_run {
            let graph = match &request.resolution {
                Some(_) => session.open_to_write(&address).await?,
                None => session.open_to_read(&address).await?,
            };
            let receipt = graph.preview_merge(request).await?;
            let mut document = json!({ "source": source, "target": into, "outcome": receipt.outcome, "dry_run": true });
            return report(
                session,
                Audience::of(json),
                &mut document,
                &receipt,
                &format!("would merge {source} into {into}"),
            );
        }
        consent::echo(session, "branch merge", &address);
        let graph = session.open_to_write(&address).await?;
        let receipt = graph.merge(request).await?;
        settle(&graph).await;
        let mut document = json!({ "source": source, "target": into, "outcome": receipt.outcome, "actor_id": actor });
        let mut refused = None;
        if delete_branch {
            refused = graph.delete_branch(&source, actor.as_deref()).await.err().map(|error| error.to_string());
            document["branch_deleted"] = refused.is_none().into();
            if let Some(reason) = &refused {
                document["branch_delete_error"] = reason.as_str().into();
            }
        }
        report(session, Audience::of(json), &mut document, &receipt, &format!("merged {source} into {into}"))?;
        match (delete_branch, refused) {
            (true, None) if !json => session.out.line(&format!("deleted branch {source}"))?,
            (true, Some(reason)) => say(&format!("warning: could not delete branch {source}: {reason}")),
            _ => {}
        }
        debug_assert!(receipt.commit.is_some() || receipt.outcome == MergeOutcome::AlreadyUpToDate);
        Ok(())
    }
}
