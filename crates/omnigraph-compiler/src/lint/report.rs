//! The report of a lint run. Optional fields are absent when empty, never null.

use serde::Serialize;

use crate::describe::OperationDescriptor;
use crate::diagnostic::{Code, Diagnostic, Severity};

/// All findings of lint about a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LintReport {
    /// Error if and only if there is an error.
    pub status: LintStatus,
    /// Origin of the schema.
    pub schema_source: SchemaOrigin,
    /// The checked file.
    pub query_path: String,
    /// Number of checked queries; 0 when the file does not parse.
    pub queries_processed: usize,
    /// Number of queries with errors and of findings that are errors.
    pub errors: usize,
    /// Number of warnings of queries and of findings that are warnings.
    pub warnings: usize,
    /// Number of findings that are infos.
    pub infos: usize,
    /// Queries in the order of the file.
    pub results: Vec<LintQueryResult>,
    /// Findings by severity, type, property, message.
    pub findings: Vec<FileFinding>,
}

/// Outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LintStatus {
    /// No errors.
    Ok,
    /// Errors.
    Error,
}

/// Origin of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SchemaOrigin {
    /// A file.
    File {
        /// Its path.
        path: String,
    },
    /// A graph.
    Graph {
        /// Its address.
        uri: String,
    },
}

/// Result of one query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LintQueryResult {
    /// Its name.
    pub name: String,
    /// Read or mutation.
    pub kind: QueryKind,
    /// Its status.
    pub status: LintStatus,
    /// Warnings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Errors, one per line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its description; absent when it has errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationDescriptor>,
    /// Errors and warnings with positions.
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
}

/// Kind of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryKind {
    /// A read.
    Read,
    /// A mutation.
    Mutation,
}

/// A finding about the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFinding {
    /// Its severity.
    pub severity: Severity,
    /// Its code.
    #[serde(serialize_with = "code")]
    pub code: Code,
    /// Its message.
    pub message: String,
    /// The type concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The property concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The queries concerned, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query_names: Vec<String>,
}

fn code<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl FileFinding {
    /// Makes a finding without type, property and queries.
    #[must_use]
    pub const fn new(severity: Severity, code: Code, message: String) -> Self {
        Self { severity, code, message, type_name: None, property: None, query_names: Vec::new() }
    }

    /// Makes a finding from a diagnostic.
    #[must_use]
    pub fn from_diagnostic(diagnostic: &Diagnostic) -> Self {
        Self::new(diagnostic.severity, diagnostic.code, diagnostic.message.clone())
    }
}

impl LintReport {
    pub(super) fn new(
        schema_source: SchemaOrigin,
        query_path: &str,
        results: Vec<LintQueryResult>,
        mut findings: Vec<FileFinding>,
    ) -> Self {
        findings.sort_by(|a, b| {
            let key = |finding: &FileFinding| (finding.severity, finding.type_name.clone(), finding.property.clone());
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let failed = results.iter().filter(|result| result.status == LintStatus::Error).count();
        let errors = failed + count(Severity::Error);
        let warnings = results.iter().map(|result| result.warnings.len()).sum::<usize>() + count(Severity::Warning);
        let infos = count(Severity::Info);
        Self {
            status: if errors > 0 { LintStatus::Error } else { LintStatus::Ok },
            schema_source,
            query_path: query_path.to_owned(),
            queries_processed: results.len(),
            errors,
            warnings,
            infos,
            results,
            findings,
        }
    }

    /// Returns 1 if there are errors, else 0.
    #[must_use]
    pub const fn exit_status(&self) -> u8 {
        match self.status {
            LintStatus::Ok => 0,
            LintStatus::Error => 1,
        }
    }
}
