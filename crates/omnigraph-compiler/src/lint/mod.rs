//! Lint: a whole query file judged against a schema.
//!
//! - `report`  what comes out, in the shape tools read
//! - `rules`   one rule per file

mod report;
mod rules;

pub use report::{Finding, QueryKind, QueryResult, Report, SchemaSource, Status};
pub use rules::{RULES, Rule};

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::compile::{CompiledFile, CompiledQuery, compile_file};
use crate::describe::describe;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::gq::ast::Body;

/// How findings of a code are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Not reported.
    Off,
    /// Reported at this severity.
    As(Severity),
}

/// Severities that differ from the rules' own.
pub type Levels = BTreeMap<Code, Level>;

/// What lint reads.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Shown in the report.
    pub query_path: &'a str,
    /// The query file's text.
    pub source: &'a str,
    /// The schema it is judged against.
    pub catalog: &'a Catalog,
}

/// Judges a query file.
#[must_use]
pub fn lint(input: Input, schema: SchemaSource, levels: &Levels) -> Report {
    let file = compile_file(input.source, input.catalog);
    let mut findings: Vec<Finding> = Vec::new();
    let unparsed = file.queries.is_empty() && file.diagnostics.iter().any(|found| found.code == Code::Q000);
    if unparsed {
        let text = crate::diagnostic::render_text(input.query_path, input.source, &file.diagnostics);
        findings.push(Finding::new(Severity::Error, Code::Q000, text.trim_end().to_owned()));
    } else {
        findings.extend(file.diagnostics.iter().map(Finding::of));
        for rule in RULES {
            (rule.check)(&file, input.catalog, &mut findings);
        }
    }
    let results = file.queries.iter().map(|query| result(query, input, levels)).collect();
    let findings = findings.into_iter().filter_map(|finding| level(finding, levels)).collect();
    Report::new(schema, input.query_path, results, findings)
}

fn level(mut finding: Finding, levels: &Levels) -> Option<Finding> {
    match levels.get(&finding.code) {
        Some(Level::Off) => return None,
        Some(Level::As(severity)) => finding.severity = *severity,
        None => {}
    }
    Some(finding)
}

fn result(query: &CompiledQuery, input: Input, levels: &Levels) -> QueryResult {
    let mut warnings: Vec<String> = Vec::new();
    let mut errors: Vec<&Diagnostic> = query.diagnostics.iter().filter(|found| found.is_error()).collect();
    for found in query.diagnostics.iter().filter(|found| !found.is_error()) {
        match levels.get(&found.code) {
            Some(Level::Off) => {}
            Some(Level::As(Severity::Error)) => errors.push(found),
            _ => warnings.push(format!("{}: {}", found.code, found.message)),
        }
    }
    let kind = if matches!(query.decl.body, Body::Mutation(_)) { QueryKind::Mutation } else { QueryKind::Read };
    if kind == QueryKind::Mutation && query.decl.params.is_empty() && levels.get(&Code::L101) != Some(&Level::Off) {
        warnings.push(format!("{}: mutation declares no params; hardcoded mutations are easy to miss", Code::L101));
    }
    let text = |found: &&Diagnostic| format!("type error: {}: {}", found.code, found.message);
    let error = (!errors.is_empty()).then(|| errors.iter().map(text).collect::<Vec<_>>().join("\n"));
    let operation = query.operation.as_ref().filter(|_| error.is_none());
    QueryResult {
        name: query.decl.name.text.clone(),
        kind,
        status: if error.is_none() { Status::Ok } else { Status::Error },
        warnings,
        error,
        operation: operation.map(|operation| describe(operation, input.catalog)),
    }
}

/// The queries of a file that have a meaning.
fn valid(file: &CompiledFile) -> impl Iterator<Item = (&CompiledQuery, &crate::ir::Operation)> {
    file.queries.iter().filter_map(|query| Some((query, query.operation.as_ref()?)))
}
