//! Lint: checks of a whole query file against a schema.
//!
//! - `report`  the report, in the shape that tools read
//! - `rules`   the rules

mod report;
mod rules;

pub use report::{FileFinding, LintQueryResult, LintReport, LintStatus, QueryKind, SchemaOrigin};
pub use rules::{LintCheck, LintRule, RULES};

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::compile::{CompiledFile, CompiledQuery, compile_file};
use crate::describe::describe;
use crate::diagnostic::{Code, Severity};
use crate::gq::ast::AstBody;

/// Level of a code's findings. Errors of the compiler stay errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LintLevel {
    /// Not reported.
    Off,
    /// Reported at this severity.
    As(Severity),
}

/// Levels that override the default severities.
pub type LintLevels = BTreeMap<Code, LintLevel>;

/// Input of lint.
#[derive(Clone, Copy, Debug)]
pub struct LintInput<'a> {
    /// Path of the query file, for the report.
    pub query_path: &'a str,
    /// The query file's text.
    pub source: &'a str,
    /// The schema to check against.
    pub catalog: &'a Catalog,
}

/// Checks a query file.
#[must_use]
pub fn lint(input: LintInput, schema: SchemaOrigin, levels: &LintLevels) -> LintReport {
    let file = compile_file(input.source, input.catalog);
    let mut findings: Vec<FileFinding> = Vec::new();
    let unparsed = file.queries.is_empty() && file.diagnostics.iter().any(|found| found.code == Code::Q000);
    if unparsed {
        let text = crate::diagnostic::render_text(input.query_path, input.source, &file.diagnostics);
        findings.push(FileFinding::new(Severity::Error, Code::Q000, text.trim_end().to_owned()));
    } else {
        findings.extend(file.diagnostics.iter().map(FileFinding::from_diagnostic));
        for rule in RULES {
            if let LintCheck::File(check) = rule.check {
                findings.extend(check(&file, input.catalog));
            }
        }
    }
    findings = findings.into_iter().filter_map(|found| with_level(found, levels)).collect();
    let results = file.queries.iter().map(|query| result(query, input, levels, &mut findings)).collect();
    LintReport::new(schema, input.query_path, results, findings)
}

fn with_level(mut finding: FileFinding, levels: &LintLevels) -> Option<FileFinding> {
    finding.severity = severity(finding.code, finding.severity, levels)?;
    Some(finding)
}

/// Returns the severity of a finding of `code`; `None` if it is off.
fn severity(code: Code, own: Severity, levels: &LintLevels) -> Option<Severity> {
    match levels.get(&code) {
        // An error cannot be lowered.
        Some(_) if own == Severity::Error => Some(own),
        Some(LintLevel::Off) => None,
        Some(LintLevel::As(severity)) => Some(*severity),
        None => Some(own),
    }
}

/// Builds the result of one query. Infos become findings that name the query.
fn result(
    query: &CompiledQuery,
    input: LintInput,
    levels: &LintLevels,
    findings: &mut Vec<FileFinding>,
) -> LintQueryResult {
    let name = &query.decl.name.text;
    let ruled = RULES.iter().filter_map(|rule| match rule.check {
        LintCheck::Query(check) => check(query),
        LintCheck::File(_) => None,
    });
    let (mut errors, mut warnings, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    for mut found in query.diagnostics.iter().cloned().chain(ruled) {
        let Some(severity) = severity(found.code, found.severity, levels) else { continue };
        found.severity = severity;
        match severity {
            Severity::Error => errors.push(format!("type error: {}: {}", found.code, found.message)),
            Severity::Warning => warnings.push(format!("{}: {}", found.code, found.message)),
            Severity::Info => {
                findings.push(FileFinding { query_names: vec![name.clone()], ..FileFinding::from_diagnostic(&found) })
            }
        }
        if severity != Severity::Info {
            diagnostics.push(found);
        }
    }
    let error = (!errors.is_empty()).then(|| errors.join("\n"));
    let operation = query.operation.as_ref().filter(|_| error.is_none());
    LintQueryResult {
        name: name.clone(),
        kind: if matches!(query.decl.body, AstBody::Mutation(_)) { QueryKind::Mutation } else { QueryKind::Read },
        status: if error.is_none() { LintStatus::Ok } else { LintStatus::Error },
        warnings,
        error,
        operation: operation.map(|operation| describe(operation, input.catalog)),
        diagnostics,
    }
}

/// Returns the valid queries of a file.
fn valid(file: &CompiledFile) -> impl Iterator<Item = (&CompiledQuery, &crate::ir::QueryOperation)> {
    file.queries.iter().filter_map(|query| Some((query, query.operation.as_ref()?)))
}
