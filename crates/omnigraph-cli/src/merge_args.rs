//! The conflict strategy of a merge, a revert or a cherry-pick, and the report of the result.

use std::path::PathBuf;

use clap::Args;
use omnigraph::{
    ConflictStrategy, EntityOverride, MergePolicy, MergeReceipt, MergeSide, ResolutionQuery, ResolutionSummary,
};
use serde_json::{Value, json};

use crate::confirm::OutputMode;
use crate::context::CommandContext;
use crate::error::{CliError, Result};
use crate::input::{self, SourceText};

/// Resolution of conflicts. A conflict that no flag resolves fails the command; no changes are made.
#[derive(Args, Clone, Debug)]
pub(crate) struct MergeArgs {
    /// Granularity of conflicts: the same property (field), or the same entity (entity)
    #[arg(long, value_name = "field|entity", default_value = "field", value_parser = parse_policy)]
    policy: MergePolicy,
    /// Resolve conflicts with the target's side: all of them, those of one TYPE, or of one TYPE:ID
    #[arg(long, value_name = "TYPE[:ID]", num_args = 0..=1, default_missing_value = "")]
    ours: Vec<String>,
    /// Resolve conflicts with the source's side: all of them, those of one TYPE, or of one TYPE:ID
    #[arg(long, value_name = "TYPE[:ID]", num_args = 0..=1, default_missing_value = "")]
    theirs: Vec<String>,
    /// File of choices: {"default": "ours", "types": {"City": "theirs"}, "entities": [{"type", "id", "take"}]}
    #[arg(long, value_name = "PATH")]
    choices: Option<PathBuf>,
    /// Mutation that resolves the remaining conflicts; it runs on the merged state, where they have the target's side
    #[arg(long, value_name = "PATH")]
    resolve: Option<PathBuf>,
    /// Query of that file, if it has several
    #[arg(long, value_name = "NAME", requires = "resolve")]
    resolve_query: Option<String>,
    /// Values of its parameters, as a JSON object
    #[arg(long, value_name = "JSON", requires = "resolve")]
    params: Option<String>,
}

/// The strategy with its files read.
pub(crate) struct LoadedMergeArgs {
    pub(crate) policy: MergePolicy,
    pub(crate) choices: ConflictStrategy,
    pub(crate) resolution: Option<ResolutionQuery>,
}

fn parse_policy(text: &str) -> Result<MergePolicy, String> {
    match text {
        "field" => Ok(MergePolicy::Field),
        "entity" => Ok(MergePolicy::Entity),
        _ => Err("expected `field` or `entity`".to_owned()),
    }
}

impl MergeArgs {
    /// Reads the files and combines them with the flags, which take precedence.
    ///
    /// # Errors
    ///
    /// [`CliError::Input`] if a file cannot be read or is invalid, or if both sides are chosen for everything.
    pub(crate) fn load(self) -> Result<LoadedMergeArgs> {
        let mut choices = match &self.choices {
            None => ConflictStrategy::default(),
            Some(path) => {
                let SourceText { name, source } = input::read_text("file of choices", path)?;
                let parsed = serde_json::from_str(&source);
                parsed.map_err(|error| CliError::Input(format!("invalid file of choices {name}: {error}")))?
            }
        };
        let all = |words: &[String]| words.iter().any(String::is_empty);
        if all(&self.ours) && all(&self.theirs) {
            return Err(CliError::Input("--ours and --theirs cannot both apply to everything".to_owned()));
        }
        for (side, words) in [(MergeSide::Ours, &self.ours), (MergeSide::Theirs, &self.theirs)] {
            for word in words {
                match word.split_once(':') {
                    _ if word.is_empty() => choices.default = Some(side),
                    None => drop(choices.types.insert(word.clone(), side)),
                    Some((ty, id)) => {
                        choices.entities.push(EntityOverride { ty: ty.to_owned(), id: id.to_owned(), take: side });
                    }
                }
            }
        }
        Ok(LoadedMergeArgs { policy: self.policy, choices, resolution: self.resolution()? })
    }

    fn resolution(self) -> Result<Option<ResolutionQuery>> {
        let Some(path) = &self.resolve else { return Ok(None) };
        let SourceText { name: file, source } = input::read_text("query file", path)?;
        let params = self.params.as_deref().map(|text| input::parse_json("--params", text)).transpose()?;
        Ok(Some(ResolutionQuery { source, file, name: self.resolve_query, params, ..ResolutionQuery::default() }))
    }
}

/// Prints the result of a merge or of its preview; `document` has the members that every such report begins with.
pub(crate) fn print_merge(
    context: &mut CommandContext,
    mode: OutputMode,
    document: &mut Value,
    receipt: &MergeReceipt,
    headline: &str,
) -> Result<()> {
    if mode == OutputMode::Json {
        document["bases"] = json!(receipt.bases);
        document["types"] = json!(receipt.types);
        if let Some(resolved) = &receipt.resolved {
            document["resolved"] = json!(resolved);
        }
        document["merge_conflicts"] = json!(receipt.conflicts);
        document["graph_commit_id"] = receipt.commit.as_ref().map(|commit| commit.id().to_string()).into();
        return Ok(context.out.json(document)?);
    }
    context.out.line(&format!("{headline}: {}", receipt.outcome.as_str()))?;
    for ty in &receipt.types {
        let adopted = if ty.adopted { " adopted" } else { "" };
        context.out.line(&format!(
            "  {} {} inserted={} updated={} deleted={}{adopted}",
            ty.kind, ty.name, ty.inserted, ty.updated, ty.deleted
        ))?;
    }
    if let Some(ResolutionSummary { query_name, affected_nodes, affected_edges }) = &receipt.resolved {
        context.out.line(&format!("  resolved by {query_name}: {affected_nodes} nodes, {affected_edges} edges"))?;
    }
    Ok(receipt.conflicts.iter().try_for_each(|it| context.out.line(&format!("  conflict: {it}: {}", it.message)))?)
}
