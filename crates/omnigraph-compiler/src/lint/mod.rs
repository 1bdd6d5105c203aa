//! Lint: a whole query file judged against a schema.
//!
//! - `report`  what comes out, in the shape tools read
//! - `rules`   one rule per file

mod report;
mod rules;

pub use report::{Finding, QueryKind, QueryResult, Report, SchemaSource, Status};
pub use rules::{Check, RULES, Rule};

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::compile::{CompiledFile, CompiledQuery, compile_file};
use crate::describe::describe;
use crate::diagnostic::{Code, Severity};
use crate::gq::ast::Body;

/// How findings of a code are treated. Errors of the compiler stay errors.
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
            if let Check::File(check) = rule.check {
                findings.extend(check(&file, input.catalog));
            }
        }
    }
    findings = findings.into_iter().filter_map(|found| with_level(found, levels)).collect();
    let results = file.queries.iter().map(|query| result(query, input, levels, &mut findings)).collect();
    Report::new(schema, input.query_path, results, findings)
}

fn with_level(mut finding: Finding, levels: &Levels) -> Option<Finding> {
    finding.severity = severity(finding.code, finding.severity, levels)?;
    Some(finding)
}

/// How bad a finding of `code` is here, or that nobody wants to know.
fn severity(code: Code, own: Severity, levels: &Levels) -> Option<Severity> {
    match levels.get(&code) {
        // Nothing makes a program run that has no meaning.
        Some(_) if own == Severity::Error => Some(own),
        Some(Level::Off) => None,
        Some(Level::As(severity)) => Some(*severity),
        None => Some(own),
    }
}

/// What is said about one query. Infos have no place in it and become findings that name the query.
fn result(query: &CompiledQuery, input: Input, levels: &Levels, findings: &mut Vec<Finding>) -> QueryResult {
    let name = &query.decl.name.text;
    let ruled = RULES.iter().filter_map(|rule| match rule.check {
        Check::Query(check) => check(query),
        Check::File(_) => None,
    });
    let (mut errors, mut warnings, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    for mut found in query.diagnostics.iter().cloned().chain(ruled) {
        let Some(severity) = severity(found.code, found.severity, levels) else { continue };
        found.severity = severity;
        match severity {
            Severity::Error => errors.push(format!("type error: {}: {}", found.code, found.message)),
            Severity::Warning => warnings.push(format!("{}: {}", found.code, found.message)),
            Severity::Info => findings.push(Finding { query_names: vec![name.clone()], ..Finding::of(&found) }),
        }
        if severity != Severity::Info {
            diagnostics.push(found);
        }
    }
    let error = (!errors.is_empty()).then(|| errors.join("\n"));
    let operation = query.operation.as_ref().filter(|_| error.is_none());
    QueryResult {
        name: name.clone(),
        kind: if matches!(query.decl.body, Body::Mutation(_)) { QueryKind::Mutation } else { QueryKind::Read },
        status: if error.is_none() { Status::Ok } else { Status::Error },
        warnings,
        error,
        operation: operation.map(|operation| describe(operation, input.catalog)),
        diagnostics,
    }
}

/// The queries of a file that have a meaning.
fn valid(file: &CompiledFile) -> impl Iterator<Item = (&CompiledQuery, &crate::ir::Operation)> {
    file.queries.iter().filter_map(|query| Some((query, query.operation.as_ref()?)))
}
