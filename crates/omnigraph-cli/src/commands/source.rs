//! Where the text of a query or mutation comes from, its parameters, and what it may cost.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use omnigraph::QueryLimits;
use serde_json::Value;

use crate::error::{Failure, Result};
use crate::input::{self, Text};
use crate::session::say;

/// What an inline query is called in messages.
const INLINE: &str = "<query-string>";

/// The text and its parameters.
#[derive(Args, Debug)]
pub(super) struct Source {
    /// Which query of the file to run, if it has several
    pub(super) name: Option<String>,
    /// A file of queries
    #[arg(long, value_name = "PATH", conflicts_with = "query_string")]
    query: Option<PathBuf>,
    /// The query itself
    #[arg(short = 'e', long, value_name = "GQ")]
    query_string: Option<String>,
    /// Values of the query's parameters, as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "params_file")]
    params: Option<String>,
    /// A file with the values of the query's parameters
    #[arg(long, value_name = "PATH")]
    params_file: Option<PathBuf>,
}

/// What it may cost.
#[derive(Args, Debug)]
pub(super) struct Limits {
    /// Stop the query after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Stop the query when joins, groups and sorts need more memory than so many MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: Option<u64>,
    /// Stop the query when the answer has more rows
    #[arg(long, value_name = "ROWS")]
    row_limit: Option<u64>,
    /// Stop the query when it has made and looked at so many rows and edges
    #[arg(long, value_name = "STEPS")]
    work_limit: Option<u64>,
}

impl Limits {
    /// The limits, those that are not given as usual.
    pub(super) fn limits(&self) -> QueryLimits {
        let usual = QueryLimits::default();
        let bytes = |mebibytes: u64| usize::try_from(mebibytes.saturating_mul(1 << 20)).unwrap_or(usize::MAX);
        QueryLimits {
            memory_bytes: self.memory_limit.map_or(usual.memory_bytes, bytes),
            timeout: self.timeout.map_or(usual.timeout, Duration::from_secs),
            rows: self.row_limit.unwrap_or(usual.rows),
            work: self.work_limit.unwrap_or(usual.work),
        }
    }
}

impl Source {
    /// The text, and what it is called in messages.
    pub(super) fn text(&self) -> Result<Text> {
        match (&self.query, &self.query_string, &self.name) {
            (Some(path), ..) => input::read("query file", path),
            (None, Some(text), _) if text.trim().is_empty() => {
                Err(Failure::Input("--query-string must not be empty".to_owned()))
            }
            (None, Some(text), _) => Ok(Text { name: INLINE.to_owned(), source: text.clone() }),
            (None, None, Some(name)) => Err(Failure::Input(format!(
                "'{name}' would be a stored query, and by-name invocation needs a server; pass its source with --query \
                 <path> or -e <text>"
            ))),
            (None, None, None) => {
                Err(Failure::Input("no query: pass a source with --query <path> or -e <text>".to_owned()))
            }
        }
    }

    /// The parameters.
    pub(super) fn params(&self) -> Result<Option<Value>> {
        let (name, text) = match (&self.params, &self.params_file) {
            (Some(text), _) => ("--params".to_owned(), text.clone()),
            (None, Some(path)) => {
                let Text { name, source } = input::read("parameter file", path)?;
                (name, source)
            }
            (None, None) => return Ok(None),
        };
        input::json(&name, &text).map(Some)
    }
}

/// A finding of the compiler that does not stop the query, with its place if it has one.
pub(super) fn warn(finding: &Value) {
    let text = |key: &str| finding[key].as_str();
    let place = match (text("file"), &finding["line"], &finding["column"]) {
        (Some(file), Value::Number(line), Value::Number(column)) => format!("\n --> {file}:{line}:{column}"),
        _ => String::new(),
    };
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => say(&format!("warning[{code}]: {message}{place}")),
        _ => say(&format!("warning: {finding}")),
    }
}
