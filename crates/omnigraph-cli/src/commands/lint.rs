//! `lint`: checks a file of queries against a schema. Its findings are its result, on stdout.

use std::path::PathBuf;

use clap::Args;
use omnigraph::Omnigraph;
use omnigraph_compiler::diagnostic::{Code, render_text};
use omnigraph_compiler::lint::{
    FileFinding, LintInput, LintLevel, LintLevels, LintReport, LintStatus, QueryKind, SchemaOrigin, lint,
};
use omnigraph_compiler::{Catalog, Severity};

use crate::context::CommandContext;
use crate::error::{CliError, Result};
use crate::input::{self, SchemaFile, SourceText};
use crate::output::ResultWriter;
use crate::target_args::GraphArg;

const HELP: &str = "\
Examples:
  omnigraph lint --query roads.gq --schema cities.pg
  omnigraph lint --query roads.gq --json --store cities.omni
  omnigraph lint --query roads.gq --schema cities.pg --level W006=off --level L201=error

The exit code is 1 if there are errors.";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct LintCommand {
    #[command(flatten)]
    graph: GraphArg,
    /// File of queries
    #[arg(long, value_name = "PATH")]
    query: PathBuf,
    /// Schema file, instead of a graph's schema
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// Severity of a finding: off, info, warning or error; may be repeated
    #[arg(long = "level", value_name = "CODE=LEVEL", value_parser = parse_level)]
    levels: Vec<(Code, LintLevel)>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl LintCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let queries = input::read_text("query file", &self.query)?;
        let (catalog, schema) = self.schema(context).await?;
        let levels: LintLevels = self.levels.iter().copied().collect();
        let input = LintInput { query_path: &queries.name, source: &queries.source, catalog: &catalog };
        let report = lint(input, schema, &levels);
        if self.json {
            context.out.json(&report)?;
        } else {
            print_findings(&report, &queries, &mut context.out)?;
        }
        match report.status {
            LintStatus::Ok => Ok(()),
            LintStatus::Error => Err(CliError::CheckFailed),
        }
    }

    async fn schema(&self, context: &CommandContext) -> Result<(Catalog, SchemaOrigin)> {
        if let Some(path) = &self.schema {
            let file = SchemaFile::read(path)?;
            let catalog = file.catalog(None)?;
            return Ok((catalog, SchemaOrigin::File { path: file.name }));
        }
        let address = context.address(self.graph.uri.as_deref()).map_err(|error| match error {
            CliError::Address(text) if text.starts_with("no graph addressed") => {
                CliError::Address(format!("{text}. Without a graph, lint requires --schema <schema.pg>"))
            }
            other => other,
        })?;
        let graph = context.open_read_only(&address).await?;
        let snapshot = graph.branch(Omnigraph::MAIN).snapshot().await?;
        Ok((snapshot.catalog().clone(), SchemaOrigin::Graph { uri: address.to_string() }))
    }
}

fn parse_level(text: &str) -> std::result::Result<(Code, LintLevel), String> {
    let (code, word) = text.split_once('=').ok_or("write CODE=LEVEL, as in W006=off")?;
    let code = Code::from_text(code).ok_or_else(|| format!("code {code} not found"))?;
    let level = match word {
        "off" => LintLevel::Off,
        "info" => LintLevel::As(Severity::Info),
        "warning" => LintLevel::As(Severity::Warning),
        "error" => LintLevel::As(Severity::Error),
        _ => return Err(format!("invalid level {word}: expected off, info, warning or error")),
    };
    Ok((code, level))
}

fn print_findings(report: &LintReport, queries: &SourceText, out: &mut ResultWriter) -> std::io::Result<()> {
    for result in &report.results {
        let kind = match result.kind {
            QueryKind::Read => "query",
            QueryKind::Mutation => "mutation",
        };
        let word = match result.status {
            LintStatus::Ok => "OK   ",
            LintStatus::Error => "ERROR",
        };
        out.line(&format!("{word} {kind} {}", result.name))?;
        for found in &result.diagnostics {
            let label = if found.is_error() { "ERROR" } else { "WARN " };
            let text = render_text(&queries.name, &queries.source, std::slice::from_ref(found));
            out.line(&format!("{label} {}", text.trim_end()))?;
        }
    }
    for finding in &report.findings {
        out.line(&finding_line(finding))?;
    }
    let (queries, errors, warnings, infos) = (report.queries_processed, report.errors, report.warnings, report.infos);
    out.line(&format!(
        "INFO  Lint complete: {queries} queries processed ({errors} errors, {warnings} warnings, {infos} infos)"
    ))
}

fn finding_line(finding: &FileFinding) -> String {
    let label = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARN ",
        Severity::Info => "INFO ",
    };
    let queries = finding.query_names.join(", ");
    let about = if queries.is_empty() { String::new() } else { format!(" (queries: {queries})") };
    format!("{label} {}{about} [{}]", finding.message, finding.code)
}
