//! `query`: a question to a branch, or to a commit of the past.

use std::path::PathBuf;

use clap::Args;
use omnigraph::{Omnigraph, QueryRequest, Target};
use serde_json::Value;

use crate::error::{Failure, Result};
use crate::guard::Verb;
use crate::input::{self, Text};
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
    /// The branch to ask
    #[arg(long, value_name = "BRANCH", conflicts_with = "snapshot", default_value = Omnigraph::default_branch())]
    branch: String,
    /// The commit to ask, by its id
    #[arg(long, value_name = "COMMIT")]
    snapshot: Option<String>,
    /// How the answer is written
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = Format::Table)]
    format: Format,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Query {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let Text { name: file, source } = self.source()?;
        let params = self.params()?;
        let address = session.address(None)?;
        let graph = session.open_to_read(&address).await?;
        let target = self.snapshot.map_or(Target::Branch(self.branch), Target::Commit);
        let snapshot = graph.snapshot(target).await?;
        let result = snapshot.query(QueryRequest { source, file, name: self.name, params }).await?;
        result.warnings.iter().for_each(warn);
        let format = if self.json { Format::Json } else { self.format };
        Answer::of(&result).write(format, &mut session.out)?;
        Ok(())
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
