//! `commit revert` and `commit cherry-pick`: what a commit did, undone or done again as a new commit.

use clap::Args;
use omnigraph::{Omnigraph, PickRequest};
use serde_json::json;

use crate::consent::{self, Audience};
use crate::error::Result;
use crate::session::{Session, settle};
use crate::taking::{Taking, Terms, report};

/// What is to be done with the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Undo it.
    Revert,
    /// Do it again.
    CherryPick,
}

const REVERT: &str = "Example:\n  omnigraph commit revert 01J9Z3… --on main --uri cities.omni";
const CHERRY_PICK: &str = "Example:\n  omnigraph commit cherry-pick 01J9Z3… --on main --uri cities.omni";

/// The command line of `revert`.
#[derive(Args, Debug)]
#[command(after_help = REVERT)]
pub(crate) struct Revert {
    /// Which commit, and where.
    #[command(flatten)]
    pick: Pick,
}

/// The command line of `cherry-pick`.
#[derive(Args, Debug)]
#[command(after_help = CHERRY_PICK)]
pub(crate) struct CherryPick {
    /// Which commit, and where.
    #[command(flatten)]
    pick: Pick,
}

#[derive(Args, Debug)]
struct Pick {
    /// The commit, by its id or by the name of a tag
    commit_id: String,
    /// The branch that changes
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    on: String,
    /// How disagreements are settled
    #[command(flatten)]
    taking: Taking,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Revert {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        self.pick.run(Deed::Revert, session).await
    }
}

impl CherryPick {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        self.pick.run(Deed::CherryPick, session).await
    }
}

impl Pick {
    async fn run(self, deed: Deed, session: &mut Session) -> Result<()> {
        let Self { commit_id, on, taking, uri, json } = self;
        let (label, done) = match deed {
            Deed::Revert => ("commit revert", "reverted"),
            Deed::CherryPick => ("commit cherry-pick", "picked"),
        };
        let address = session.address(uri.as_deref())?;
        let Terms { policy, choices, resolution } = taking.read()?;
        consent::echo(session, label, &address);
        let graph = session.open_to_write(&address).await?;
        let actor = session.actor().map(str::to_owned);
        let (commit, target) = (commit_id.clone(), on.clone());
        let request = PickRequest { commit, target, policy, choices, resolution, actor: actor.clone() };
        let receipt = match deed {
            Deed::Revert => graph.revert(request).await?,
            Deed::CherryPick => graph.cherry_pick(request).await?,
        };
        settle(&graph).await;
        let mut document = json!({ "commit": commit_id, "target": on, "outcome": receipt.outcome, "actor_id": actor });
        report(session, Audience::of(json), &mut document, &receipt, &format!("{done} {commit_id} on {on}"))
    }
}
