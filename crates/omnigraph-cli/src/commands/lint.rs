//! `lint`: a file of queries judged against a schema. What it finds is its result and goes to stdout.

use std::path::PathBuf;

use clap::Args;
use omnigraph::{Omnigraph, Target};
use omnigraph_compiler::diagnostic::{Code, render_text};
use omnigraph_compiler::lint::{Finding, Input, Level, Levels, QueryKind, Report, SchemaSource, Status, lint};
use omnigraph_compiler::{Catalog, Severity};

use crate::error::{Failure, Result};
use crate::guard::{Class, Verb};
use crate::input::{self, Text};
use crate::output::Out;
use crate::schema_file::SchemaFile;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb { label: "lint", class: Class::Direct, takes_store: true, takes_actor: false };

const HELP: &str = "\
Examples:
  omnigraph lint --query roads.gq --schema cities.pg
  omnigraph lint --query roads.gq cities.omni --json
  omnigraph lint --query roads.gq --schema cities.pg --level W006=off --level L201=error

Exit code 1 if something is in error.";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Lint {
    /// The graph whose schema counts; or use --store, or --schema
    uri: Option<String>,
    /// The file of queries
    #[arg(long, value_name = "PATH")]
    query: PathBuf,
    /// A schema that counts instead of that of a graph
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// How bad a finding is: off, info, warning or error; may be given several times
    #[arg(long = "level", value_name = "CODE=LEVEL", value_parser = level)]
    levels: Vec<(Code, Level)>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Lint {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let queries = input::read("query file", &self.query)?;
        let (catalog, schema) = self.schema(session).await?;
        let levels: Levels = self.levels.iter().copied().collect();
        let judged = Input { query_path: &queries.name, source: &queries.source, catalog: &catalog };
        let report = lint(judged, schema, &levels);
        if self.json {
            session.out.json(&report)?;
        } else {
            show(&report, &queries, &mut session.out)?;
        }
        match report.status {
            Status::Ok => Ok(()),
            Status::Error => Err(Failure::Verdict),
        }
    }

    async fn schema(&self, session: &Session) -> Result<(Catalog, SchemaSource)> {
        if let Some(path) = &self.schema {
            let file = SchemaFile::read(path)?;
            let catalog = file.catalog(None)?;
            return Ok((catalog, SchemaSource::File { path: file.name }));
        }
        let address = session.address(self.uri.as_deref()).map_err(|failure| match failure {
            Failure::Address(text) if self.uri.is_none() && text.starts_with("no graph") => {
                Failure::Address(format!("{text}. Without a graph, lint requires --schema <schema.pg>"))
            }
            other => other,
        })?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(Target::Branch(Omnigraph::default_branch().to_owned())).await?;
        Ok((snapshot.catalog().clone(), SchemaSource::Graph { uri: address.to_string() }))
    }
}

fn level(text: &str) -> std::result::Result<(Code, Level), String> {
    let (code, word) = text.split_once('=').ok_or("write CODE=LEVEL, as in W006=off")?;
    let code = Code::from_text(code).ok_or_else(|| format!("there is no code {code}"))?;
    let level = match word {
        "off" => Level::Off,
        "info" => Level::As(Severity::Info),
        "warning" => Level::As(Severity::Warning),
        "error" => Level::As(Severity::Error),
        _ => return Err(format!("{word} is none of off, info, warning and error")),
    };
    Ok((code, level))
}

fn show(report: &Report, queries: &Text, out: &mut Out) -> std::io::Result<()> {
    for result in &report.results {
        let kind = match result.kind {
            QueryKind::Read => "query",
            QueryKind::Mutation => "mutation",
        };
        let word = match result.status {
            Status::Ok => "OK   ",
            Status::Error => "ERROR",
        };
        out.line(&format!("{word} {kind} {}", result.name))?;
        for found in &result.diagnostics {
            let label = if found.is_error() { "ERROR" } else { "WARN " };
            let text = render_text(&queries.name, &queries.source, std::slice::from_ref(found));
            out.line(&format!("{label} {}", text.trim_end()))?;
        }
    }
    for finding in &report.findings {
        out.line(&described(finding))?;
    }
    let (queries, errors, warnings, infos) = (report.queries_processed, report.errors, report.warnings, report.infos);
    out.line(&format!(
        "INFO  Lint complete: {queries} queries processed ({errors} errors, {warnings} warnings, {infos} infos)"
    ))
}

fn described(finding: &Finding) -> String {
    let label = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARN ",
        Severity::Info => "INFO ",
    };
    let queries = finding.query_names.join(", ");
    let about = if queries.is_empty() { String::new() } else { format!(" (queries: {queries})") };
    format!("{label} {}{about} [{}]", finding.message, finding.code)
}
