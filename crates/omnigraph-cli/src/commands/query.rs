//! `query`: a question to a branch, or to a commit of the past.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use omnigraph::{QueryLimits, QueryRequest, Snapshot};
use serde_json::Value;

use crate::error::{Failure, Result};
use crate::guard::Verb;
use crate::input::{self, Text};
use crate::moment::Moment;
use crate::output::{Answer, Format};
use crate::session::{Session, say};

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("query");

/// What an inline query is called in messages.
const INLINE: &str = "<query-string>";

const HELP: &str = "\
Examples:
  omnigraph query --store cities.omni -e 'query all() { match { $c: City } return { $c.name } }'
  omnigraph query near --query roads.gq --params '{\"name\": \"Oslo\"}' --format csv --store cities.omni
  omnigraph query near --query roads.gq --snapshot 01J9Z3… --store cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Query {
    /// What is asked.
    #[command(flatten)]
    question: Question,
    /// How the answer is written
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = Format::Table)]
    format: Format,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is asked, of which state, and what it may cost.
#[derive(Args, Debug)]
pub(super) struct Question {
    /// Which query of the file to run, if it has several
    name: Option<String>,
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
    /// The state that is asked
    #[command(flatten)]
    moment: Moment,
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

impl Query {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let (snapshot, request) = self.question.ask(session).await?;
        let result = snapshot.query(request).await?;
        result.warnings.iter().for_each(warn);
        let format = if self.json { Format::Json } else { self.format };
        Answer::of(&result).write(format, &mut session.out)?;
        Ok(())
    }
}

impl Question {
    /// The state that is asked, and the request.
    pub(super) async fn ask(self, session: &Session) -> Result<(Snapshot, QueryRequest)> {
        let Text { name: file, source } = self.source()?;
        let params = self.params()?;
        let limits = self.limits();
        let address = session.address(None)?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(self.moment.target()?).await?;
        Ok((snapshot, QueryRequest { source, file, name: self.name, params, limits }))
    }

    fn limits(&self) -> QueryLimits {
        let usual = QueryLimits::default();
        let bytes = |mebibytes: u64| usize::try_from(mebibytes.saturating_mul(1 << 20)).unwrap_or(usize::MAX);
        QueryLimits {
            memory_bytes: self.memory_limit.map_or(usual.memory_bytes, bytes),
            timeout: self.timeout.map_or(usual.timeout, Duration::from_secs),
            rows: self.row_limit.unwrap_or(usual.rows),
            work: self.work_limit.unwrap_or(usual.work),
        }
    }

    fn source(&self) -> Result<Text> {
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

    fn params(&self) -> Result<Option<Value>> {
        let (name, text) = match (&self.params, &self.params_file) {
            (Some(text), _) => ("--params".to_owned(), text.clone()),
            (None, Some(path)) => {
                let Text { name, source } = input::read("parameter file", path)?;
                (name, source)
            }
            (None, None) => return Ok(None),
        };
        let parsed = serde_json::from_str(&text);
        parsed.map(Some).map_err(|error| Failure::Input(format!("{name} is not valid JSON: {error}")))
    }
}

/// A finding of the compiler that does not stop the query, with its place if it has one.
fn warn(finding: &Value) {
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
