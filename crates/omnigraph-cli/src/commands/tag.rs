//! `tag`: names of commits.

use clap::{Args, Subcommand};
use omnigraph::{Omnigraph, Tag};
use serde::Serialize;
use serde_json::json;

use crate::confirm::{self, OutputMode};
use crate::context::CommandContext;
use crate::error::Result;
use crate::flag_rules::FlagRules;
use crate::target_args::{GraphFlag, resolve_target};

/// The commands below `tag`.
#[derive(Debug, Subcommand)]
pub(crate) enum TagCommand {
    /// Create a tag: a name that is valid wherever a commit id is
    Create(TagCreate),
    /// List the tags
    List(TagList),
    /// Delete a tag; the commit remains
    Delete(TagDelete),
}

/// The command line of `tag create`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph tag create v1 --on main --store cities.omni")]
pub(crate) struct TagCreate {
    /// Name of the new tag
    name: String,
    /// Commit to tag: the head of a branch, a commit id, a tag, or branch@time
    #[arg(long, value_name = "STATE", default_value = Omnigraph::MAIN)]
    on: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `tag list`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph tag list --store cities.omni")]
pub(crate) struct TagList {
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `tag delete`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph tag delete v1 --store cities.omni")]
pub(crate) struct TagDelete {
    /// Tag to delete
    name: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TagView {
    name: String,
    graph_commit_id: String,
    actor_id: Option<String>,
    created_at: i64,
}

impl TagView {
    fn new(tag: &Tag) -> Self {
        Self {
            name: tag.name().to_owned(),
            graph_commit_id: tag.commit().to_string(),
            actor_id: tag.created_by().map(str::to_owned),
            created_at: tag.created_at(),
        }
    }
}

impl TagCommand {
    /// Returns the global flags that the command accepts.
    pub(super) fn flag_rules(&self) -> FlagRules {
        match self {
            Self::Create(_) | Self::Delete(_) => FlagRules::write("tag"),
            Self::List(_) => FlagRules::read("tag"),
        }
    }

    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        match self {
            Self::Create(create) => create.run(context).await,
            Self::List(list) => list.run(context).await,
            Self::Delete(delete) => delete.run(context).await,
        }
    }
}

impl TagCreate {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { name, on, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        confirm::print_target(context, "tag create", &address);
        let graph = context.open(&address).await?;
        let target = resolve_target(&graph, &on).await?;
        let tag = graph.create_tag(&name, &target).await?;
        let commit = tag.commit().to_string();
        if json {
            let (uri, actor) = (address.as_str(), context.actor());
            let report = json!({ "uri": uri, "name": name, "graph_commit_id": commit, "actor_id": actor });
            return Ok(context.out.json(&report)?);
        }
        Ok(context.out.line(&format!("tagged {commit} as {name}"))?)
    }
}

impl TagList {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let tags: Vec<TagView> = graph.tags().await?.iter().map(TagView::new).collect();
        if self.json {
            return Ok(context.out.json(&json!({ "tags": tags }))?);
        }
        let mut lines = tags.iter().map(|TagView { name, graph_commit_id, .. }| format!("{name} {graph_commit_id}"));
        Ok(lines.try_for_each(|line| context.out.line(&line))?)
    }
}

impl TagDelete {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { name, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        confirm::confirm_destructive(context, "tag delete", &address, OutputMode::from_flag(json)).await?;
        confirm::print_target(context, "tag delete", &address);
        let graph = context.open(&address).await?;
        graph.delete_tag(&name).await?;
        if json {
            let (uri, actor) = (address.as_str(), context.actor());
            return Ok(context.out.json(&json!({ "uri": uri, "name": name, "actor_id": actor }))?);
        }
        Ok(context.out.line(&format!("deleted tag {name}"))?)
    }
}
