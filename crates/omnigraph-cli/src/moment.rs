//! Which state of a graph is meant: a branch, a commit, a tag, or a branch at a time.

use clap::Args;
use omnigraph::{ChangeFilter, ChangeOp, EntityKind, Omnigraph, Target};
use omnigraph_compiler::temporal::{format_datetime, parse_datetime};

use crate::error::{Failure, Result};

/// The state that a command reads.
#[derive(Args, Clone, Debug)]
pub(crate) struct Moment {
    /// The branch to read
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// A commit to read instead, by its id or by the name of a tag
    #[arg(long, value_name = "COMMIT", conflicts_with_all = ["branch", "at"])]
    snapshot: Option<String>,
    /// The branch as it was at a time, by the clocks of those who wrote: 2026-03-01 or 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl Moment {
    /// As a target.
    ///
    /// # Errors
    ///
    /// [`Failure::Input`] if the time is none.
    pub(crate) fn target(self) -> Result<Target> {
        match (self.snapshot, self.at) {
            (Some(commit), _) => Ok(Target::Commit(commit)),
            (None, Some(time)) => Ok(Target::Time { branch: self.branch, micros: time_of(&time)? }),
            (None, None) => Ok(Target::Branch(self.branch)),
        }
    }
}

/// Unix microseconds of a time as people write it.
///
/// # Errors
///
/// [`Failure::Input`] if it is none.
pub(crate) fn time_of(text: &str) -> Result<i64> {
    parse_datetime(text).and_then(|millis| millis.checked_mul(1000)).ok_or_else(|| {
        Failure::Input(format!(
            "'{text}' is no time: write 2026-03-01, 2026-03-01T12:00:00Z or 2026-03-01T12:00:00+02:00"
        ))
    })
}

/// A time as people read it, from Unix microseconds.
pub(crate) fn readable(micros: i64) -> String {
    format_datetime(micros.div_euclid(1000))
}

/// The state that one word means: a commit id, `branch@time`, a branch, or a tag.
///
/// # Errors
///
/// If it is nothing of these.
pub(crate) async fn named(graph: &Omnigraph, word: &str) -> Result<Target> {
    if let Some((branch, time)) = word.rsplit_once('@')
        && let Ok(micros) = time_of(time)
    {
        return Ok(Target::Time { branch: branch.to_owned(), micros });
    }
    let commit = Target::Commit(word.to_owned());
    if graph.commit_of(&commit).await.is_ok() {
        return Ok(commit);
    }
    let branch = Target::Branch(word.to_owned());
    match graph.commit_of(&branch).await {
        Ok(_) => Ok(branch),
        Err(error) if error.code() == "OG-LOG-006" || error.code() == "OG-LOG-008" => {
            Err(Failure::Input(format!("'{word}' is no branch, tag, commit id or branch@time of this graph")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Which changes are wanted.
#[derive(Args, Clone, Debug)]
pub(crate) struct Wanted {
    /// Only nodes or only edges
    #[arg(long = "kind", value_name = "node|edge")]
    kinds: Vec<EntityKind>,
    /// Only this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only this operation; may be given several times
    #[arg(long = "op", value_name = "insert|update|delete")]
    ops: Vec<ChangeOp>,
}

impl Wanted {
    /// As a filter.
    pub(crate) fn filter(self) -> ChangeFilter {
        ChangeFilter { kinds: self.kinds, types: self.types, ops: self.ops }
    }
}
