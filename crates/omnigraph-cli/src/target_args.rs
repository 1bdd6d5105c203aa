//! The graph that a command addresses, and the state of it: a branch, a commit, a tag, or a branch at a time.

use std::fmt;

use clap::Args;
use omnigraph::{ChangeFilter, ChangeOp, EntityKind, ErrorKind, Omnigraph, Target};
use omnigraph_compiler::temporal::{format_datetime, parse_datetime};

use crate::error::{CliError, Result};

/// The graph as a positional argument.
#[derive(Args, Clone, Debug)]
pub(crate) struct GraphArg {
    /// Graph to use, as with --store
    pub(crate) uri: Option<String>,
}

/// The graph as a flag, for commands with other positional arguments.
#[derive(Args, Clone, Debug)]
pub(crate) struct GraphFlag {
    /// Graph to use, as with --store
    #[arg(long)]
    pub(crate) uri: Option<String>,
}

/// The storage URI of one graph, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GraphAddress(String);

impl GraphAddress {
    /// Returns the one address among a command's own URI, `--store`, and `OMNIGRAPH_STORE`, which counts only without
    /// the other two.
    ///
    /// # Errors
    ///
    /// [`CliError::Address`] if there is none, if the first two differ, or if the address is not a storage.
    pub(crate) fn resolve(uri: Option<&str>, store: Option<&str>, env: Option<&str>) -> Result<Self> {
        if let (Some(uri), Some(store)) = (uri, store)
            && uri != store
        {
            return Err(CliError::Address(format!(
                "cannot address the graph: the URI '{uri}' and --store '{store}' differ, and are mutually exclusive. \
                 Name the graph once"
            )));
        }
        let given = uri.or(store).or(env).ok_or_else(|| {
            let message = "no graph addressed. Pass --store <URI>, or set the environment variable OMNIGRAPH_STORE";
            CliError::Address(message.to_owned())
        })?;
        match scheme(given) {
            Some("http" | "https") => Err(CliError::Address(format!(
                "{given} is a server, and a served graph must be addressed with `--server <url>`. A URI here is a \
                 storage: a folder or s3://bucket/prefix"
            ))),
            _ => Ok(Self(given.to_owned())),
        }
    }

    /// Returns the URI.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true for a path or a `file://` URI.
    pub(crate) fn is_local(&self) -> bool {
        matches!(scheme(&self.0), None | Some("file"))
    }
}

impl fmt::Display for GraphAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn scheme(uri: &str) -> Option<&str> {
    uri.split_once("://").map(|(scheme, _)| scheme)
}

/// The state that a command reads.
#[derive(Args, Clone, Debug)]
pub(crate) struct TargetArgs {
    /// Branch to read
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    branch: String,
    /// Commit to read instead, as commit id or tag
    #[arg(long, value_name = "COMMIT", conflicts_with_all = ["branch", "at"])]
    snapshot: Option<String>,
    /// Read the branch as of a time by the writers' clocks: 2026-03-01 or 2026-03-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl TargetArgs {
    /// Returns the target.
    ///
    /// # Errors
    ///
    /// [`CliError::Input`] if the time is invalid.
    pub(crate) fn target(self) -> Result<Target> {
        match (self.snapshot, self.at) {
            (Some(commit), _) => Ok(Target::Commit(commit)),
            (None, Some(time)) => Ok(Target::Time { branch: self.branch, micros: parse_time(&time)? }),
            (None, None) => Ok(Target::Branch(self.branch)),
        }
    }
}

/// Parses a time to Unix microseconds.
///
/// # Errors
///
/// [`CliError::Input`] if it is invalid.
pub(crate) fn parse_time(text: &str) -> Result<i64> {
    parse_datetime(text).and_then(|millis| millis.checked_mul(1000)).ok_or_else(|| {
        CliError::Input(format!(
            "invalid time '{text}'. Write 2026-03-01, 2026-03-01T12:00:00Z or 2026-03-01T12:00:00+02:00"
        ))
    })
}

/// Formats a time given in Unix microseconds.
pub(crate) fn format_time(micros: i64) -> String {
    format_datetime(micros.div_euclid(1000))
}

/// Resolves a commit id, `branch@time`, a branch, or a tag.
///
/// # Errors
///
/// [`CliError::Input`] if nothing has that name.
pub(crate) async fn resolve_target(graph: &Omnigraph, name: &str) -> Result<Target> {
    if let Some((branch, time)) = name.rsplit_once('@')
        && let Ok(micros) = parse_time(time)
    {
        return Ok(Target::Time { branch: branch.to_owned(), micros });
    }
    let commit = Target::Commit(name.to_owned());
    if graph.commit(&commit).await.is_ok() {
        return Ok(commit);
    }
    let branch = Target::Branch(name.to_owned());
    match graph.commit(&branch).await {
        Ok(_) => Ok(branch),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => Err(CliError::Input(
            format!("no branch, tag or commit named '{name}'. A branch at a time is written branch@2026-03-01"),
        )),
        Err(error) => Err(error.into()),
    }
}

/// A selection of changes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChangeFilterArgs {
    /// Only nodes or only edges
    #[arg(long = "kind", value_name = "node|edge")]
    kinds: Vec<EntityKind>,
    /// Only this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only this operation; may be repeated
    #[arg(long = "op", value_name = "insert|update|delete")]
    ops: Vec<ChangeOp>,
}

impl ChangeFilterArgs {
    /// Returns the filter.
    pub(crate) fn filter(self) -> ChangeFilter {
        ChangeFilter { kinds: self.kinds, types: self.types, ops: self.ops }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_address_is_taken() {
        let resolve = |uri, store, env| GraphAddress::resolve(uri, store, env).map(|address| address.0);
        assert_eq!(resolve(Some("a"), None, Some("c")).unwrap(), "a");
        assert_eq!(resolve(None, Some("b"), Some("c")).unwrap(), "b");
        assert_eq!(resolve(None, None, Some("c")).unwrap(), "c");
        assert_eq!(resolve(Some("a"), Some("a"), None).unwrap(), "a");
        let refused = resolve(Some("a"), Some("b"), None).unwrap_err().to_string();
        assert!(refused.contains("mutually exclusive") && refused.contains("'a'") && refused.contains("'b'"));
        assert!(resolve(None, None, None).unwrap_err().to_string().contains("no graph addressed"));
    }

    #[test]
    fn a_server_is_not_a_storage() {
        let refused = GraphAddress::resolve(Some("http://host/graphs/k"), None, None).unwrap_err().to_string();
        assert!(refused.contains("must be addressed with `--server <url>`"), "{refused}");
    }

    #[test]
    fn paths_and_file_urls_are_local() {
        let local = |given| GraphAddress::resolve(Some(given), None, None).unwrap().is_local();
        assert!(local("graph.omni") && local("/a/b") && local("file:///a/b"));
        assert!(!local("s3://bucket/graph") && !local("gs://bucket/graph"));
    }
}
