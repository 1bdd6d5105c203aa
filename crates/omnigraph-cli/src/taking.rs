//! Taking changes of elsewhere into a branch: how disagreements are settled, and how the result is told.

use std::path::PathBuf;

use clap::Args;
use omnigraph::{Choices, EntityChoice, MergePolicy, MergeReceipt, Resolution, Resolved, Side};
use serde_json::Value;

use crate::consent::Audience;
use crate::error::{Failure, Result};
use crate::input::{self, Text};
use crate::session::Session;

/// How disagreements are settled. What is not said is a conflict, and then nothing is changed.
#[derive(Args, Clone, Debug)]
pub(crate) struct Taking {
    /// What counts as a disagreement: the same property (field), or the same entity (entity)
    #[arg(long, value_name = "field|entity", default_value = "field", value_parser = policy)]
    policy: MergePolicy,
    /// Keep what the target has wherever the two disagree; or for one TYPE, or one TYPE:ID
    #[arg(long, value_name = "TYPE[:ID]", num_args = 0..=1, default_missing_value = "")]
    ours: Vec<String>,
    /// Take what the source has wherever the two disagree; or for one TYPE, or one TYPE:ID
    #[arg(long, value_name = "TYPE[:ID]", num_args = 0..=1, default_missing_value = "")]
    theirs: Vec<String>,
    /// A file of choices: {"default": "ours", "types": {"City": "theirs"}, "entities": [{"type", "id", "take"}]}
    #[arg(long, value_name = "PATH")]
    choices: Option<PathBuf>,
    /// A mutation that settles the rest: it runs on the result, where what nobody has decided is as the target has it
    #[arg(long, value_name = "PATH")]
    resolve: Option<PathBuf>,
    /// Which query of that file, if it has several
    #[arg(long, value_name = "NAME", requires = "resolve")]
    resolve_query: Option<String>,
    /// Values of its parameters, as a JSON object
    #[arg(long, value_name = "JSON", requires = "resolve")]
    params: Option<String>,
}

/// What is said about disagreements.
pub(crate) struct Terms {
    pub(crate) policy: MergePolicy,
    pub(crate) choices: Choices,
    pub(crate) resolution: Option<Resolution>,
}

fn policy(text: &str) -> Result<MergePolicy, String> {
    match text {
        "field" => Ok(MergePolicy::Field),
        "entity" => Ok(MergePolicy::Entity),
        _ => Err("it is `field` or `entity`".to_owned()),
    }
}

impl Taking {
    /// All of it; flags go before what the file of choices says.
    ///
    /// # Errors
    ///
    /// [`Failure::Input`] if a file cannot be read or is none of choices, or both sides are to win.
    pub(crate) fn read(self) -> Result<Terms> {
        let mut choices = match &self.choices {
            None => Choices::default(),
            Some(path) => {
                let Text { name, source } = input::read("file of choices", path)?;
                let parsed = serde_json::from_str(&source);
                parsed.map_err(|error| Failure::Input(format!("{name} is no file of choices: {error}")))?
            }
        };
        let all = |words: &[String]| words.iter().any(String::is_empty);
        if all(&self.ours) && all(&self.theirs) {
            return Err(Failure::Input("--ours and --theirs cannot both hold for everything".to_owned()));
        }
        for (side, words) in [(Side::Ours, &self.ours), (Side::Theirs, &self.theirs)] {
            for word in words {
                match word.split_once(':') {
                    _ if word.is_empty() => choices.default = Some(side),
                    None => drop(choices.types.insert(word.clone(), side)),
                    Some((ty, id)) => {
                        choices.entities.push(EntityChoice { ty: ty.to_owned(), id: id.to_owned(), take: side });
                    }
                }
            }
        }
        Ok(Terms { policy: self.policy, choices, resolution: self.resolution()? })
    }

    fn resolution(self) -> Result<Option<Resolution>> {
        let Some(path) = &self.resolve else { return Ok(None) };
        let Text { name: file, source } = input::read("query file", path)?;
        let params = self.params.as_deref().map(|text| input::json("--params", text)).transpose()?;
        Ok(Some(Resolution { source, file, name: self.resolve_query, params, ..Resolution::default() }))
    }
}

/// Tells what was done or would be done; `document` holds the members that every such report has.
pub(crate) fn report(
    session: &mut Session,
    audience: Audience,
    document: &mut Value,
    receipt: &MergeReceipt,
    headline: &str,
) -> Result<()> {
    if audience == Audience::Program {
        document["bases"] = serde_json::json!(receipt.bases);
        document["types"] = serde_json::json!(receipt.types);
        if let Some(resolved) = &receipt.resolved {
            document["resolved"] = serde_json::json!(resolved);
        }
        document["merge_conflicts"] = serde_json::json!(receipt.conflicts);
        document["graph_commit_id"] = receipt.commit.as_ref().map(|commit| commit.commit.to_string()).into();
        return Ok(session.out.json(document)?);
    }
    session.out.line(&format!("{headline}: {}", receipt.outcome.as_str()))?;
    for ty in &receipt.types {
        let how = if ty.adopted { " adopted" } else { "" };
        session.out.line(&format!(
            "  {} {} inserted={} updated={} deleted={}{how}",
            ty.kind, ty.name, ty.inserted, ty.updated, ty.deleted
        ))?;
    }
    if let Some(Resolved { query_name, affected_nodes, affected_edges }) = &receipt.resolved {
        session.out.line(&format!("  resolved by {query_name}: {affected_nodes} nodes, {affected_edges} edges"))?;
    }
    Ok(receipt.conflicts.iter().try_for_each(|it| session.out.line(&format!("  conflict: {it}: {}", it.message)))?)
}
