//! `query` and `explain`, and the arguments that they share with `mutate`: the text, its parameters, its limits.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use omnigraph::{Query, QueryLimits};
use serde_json::Value;

use crate::context::{CommandContext, print_status};
use crate::error::{CliError, Result};
use crate::input::{self, SourceText};
use crate::output::{ResultView, RowFormat};
use crate::target_args::TargetArgs;

/// The name of an inline query in messages.
const INLINE_NAME: &str = "<query-string>";

const QUERY_HELP: &str = "\
Examples:
  omnigraph query -e 'query all() { match { $c: City } return { $c.name } }' --store cities.omni
  omnigraph query near --query roads.gq --params '{\"name\": \"Oslo\"}' --format csv --store cities.omni
  omnigraph query near --query roads.gq --snapshot 01J9Z3… --store cities.omni";

const EXPLAIN_HELP: &str = "\
Examples:
  omnigraph explain -e 'query all() { match { $c: City } return { $c.name } }' --store cities.omni
  omnigraph explain near --query roads.gq --params '{\"name\": \"Oslo\"}' --analyze --store cities.omni";

/// The command line of `query`.
#[derive(Args, Debug)]
#[command(after_help = QUERY_HELP)]
pub(crate) struct QueryCommand {
    #[command(flatten)]
    read: ReadArgs,
    /// Format of the result
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = RowFormat::Table)]
    format: RowFormat,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `explain`.
#[derive(Args, Debug)]
#[command(after_help = EXPLAIN_HELP)]
pub(crate) struct ExplainCommand {
    #[command(flatten)]
    read: ReadArgs,
    /// Run the query, and show rows and times
    #[arg(long)]
    analyze: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A query, the state that it reads, and its limits.
#[derive(Args, Debug)]
struct ReadArgs {
    #[command(flatten)]
    query: QueryArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// The text of a query or mutation, and its parameters.
#[derive(Args, Debug)]
pub(super) struct QueryArgs {
    /// Query of the file to run, if it has several
    pub(super) name: Option<String>,
    /// File of queries
    #[arg(long, value_name = "PATH", conflicts_with = "query_string")]
    query: Option<PathBuf>,
    /// Text of the query
    #[arg(short = 'e', long, value_name = "GQ")]
    query_string: Option<String>,
    /// Values of the query's parameters, as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "params_file")]
    params: Option<String>,
    /// File with the values of the query's parameters
    #[arg(long, value_name = "PATH")]
    params_file: Option<PathBuf>,
}

/// The limits of a query.
#[derive(Args, Debug)]
pub(super) struct LimitArgs {
    /// Maximum run time in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Maximum memory of joins, aggregations, sorts and the result, in MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    memory_limit: Option<u64>,
    /// Maximum number of rows in the result
    #[arg(long, value_name = "ROWS")]
    row_limit: Option<u64>,
    /// Maximum number of rows produced and edges visited
    #[arg(long, value_name = "STEPS")]
    work_limit: Option<u64>,
}

impl QueryCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let result = self.read.prepare(context).await?.await?;
        result.warnings_json().iter().for_each(print_warning);
        let format = if self.json { RowFormat::Json } else { self.format };
        Ok(ResultView::new(&result)?.write(format, &mut context.out)?)
    }
}

impl ExplainCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let query = self.read.prepare(context).await?;
        let plan = if self.analyze { query.analyze().await? } else { query.explain().await? };
        if self.json {
            return Ok(context.out.json(&plan.json)?);
        }
        Ok(context.out.line(plan.text.trim_end())?)
    }
}

impl ReadArgs {
    /// Opens the state to read and builds the query.
    async fn prepare(self, context: &CommandContext) -> Result<Query> {
        let SourceText { name: file, source } = self.query.text()?;
        let params = self.query.params()?;
        let address = context.address(None)?;
        let graph = context.open_read_only(&address).await?;
        let snapshot = graph.snapshot(self.target.target()?).await?;
        let mut query = snapshot.query(source).file(file).limits(self.limits.limits());
        if let Some(name) = self.query.name {
            query = query.name(name);
        }
        Ok(match params {
            Some(params) => query.params(params),
            None => query,
        })
    }
}

impl QueryArgs {
    /// Returns the text, and its name in messages.
    pub(super) fn text(&self) -> Result<SourceText> {
        match (&self.query, &self.query_string, &self.name) {
            (Some(path), ..) => input::read_text("query file", path),
            (None, Some(text), _) if text.trim().is_empty() => {
                Err(CliError::Input("--query-string must not be empty".to_owned()))
            }
            (None, Some(text), _) => Ok(SourceText { name: INLINE_NAME.to_owned(), source: text.clone() }),
            (None, None, Some(name)) => Err(CliError::Input(format!(
                "cannot run '{name}' as a stored query: by-name invocation needs a server. Pass its source with --query \
                 <path> or -e <text>"
            ))),
            (None, None, None) => {
                Err(CliError::Input("query text missing. Pass it with --query <path> or -e <text>".to_owned()))
            }
        }
    }

    /// Returns the parameters.
    pub(super) fn params(&self) -> Result<Option<Value>> {
        let (name, text) = match (&self.params, &self.params_file) {
            (Some(text), _) => ("--params".to_owned(), text.clone()),
            (None, Some(path)) => {
                let SourceText { name, source } = input::read_text("parameter file", path)?;
                (name, source)
            }
            (None, None) => return Ok(None),
        };
        input::parse_json(&name, &text).map(Some)
    }
}

impl LimitArgs {
    /// Returns the limits, with defaults for those not given.
    pub(super) fn limits(&self) -> QueryLimits {
        let default = QueryLimits::default();
        let bytes = |mebibytes: u64| usize::try_from(mebibytes.saturating_mul(1 << 20)).unwrap_or(usize::MAX);
        QueryLimits {
            memory_bytes: self.memory_limit.map_or(default.memory_bytes, bytes),
            timeout: self.timeout.map_or(default.timeout, Duration::from_secs),
            rows: self.row_limit.unwrap_or(default.rows),
            work: self.work_limit.unwrap_or(default.work),
        }
    }
}

/// Prints a warning of the compiler, with its place if it has one.
pub(super) fn print_warning(finding: &Value) {
    let text = |key: &str| finding[key].as_str();
    let place = match (text("file"), &finding["line"], &finding["column"]) {
        (Some(file), Value::Number(line), Value::Number(column)) => format!("\n --> {file}:{line}:{column}"),
        _ => String::new(),
    };
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => print_status(&format!("warning[{code}]: {message}{place}")),
        _ => print_status(&format!("warning: {finding}")),
    }
}
