//! The report of a lint run. Optional fields are absent when there is nothing to say, never null.

use serde::Serialize;

use crate::describe::Descriptor;
use crate::diagnostic::{Code, Diagnostic, Severity};

/// Everything lint has to say about a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Error if and only if there is an error.
    pub status: Status,
    /// Where the schema comes from.
    pub schema_source: SchemaSource,
    /// The file judged.
    pub query_path: String,
    /// Number of queries judged; none when the file does not parse.
    pub queries_processed: usize,
    /// Queries in error and findings that are errors.
    pub errors: usize,
    /// Warnings of queries and findings that are warnings.
    pub warnings: usize,
    /// Findings that are infos.
    pub infos: usize,
    /// Queries in the order of the file.
    pub results: Vec<QueryResult>,
    /// By severity, type, property, message.
    pub findings: Vec<Finding>,
}

/// Whether something is in error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is not.
    Ok,
    /// It is.
    Error,
}

/// Where a schema comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SchemaSource {
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

/// What is said about one query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueryResult {
    /// Its name.
    pub name: String,
    /// Whether it writes.
    pub kind: QueryKind,
    /// Whether it is in error.
    pub status: Status,
    /// What is legal and probably wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it gives and touches; absent when it is in error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Descriptor>,
    /// Errors and warnings with their places, for whoever shows them beside the source.
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a query writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryKind {
    /// It does not.
    Read,
    /// It does.
    Mutation,
}

/// Something about the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Its code.
    #[serde(serialize_with = "code")]
    pub code: Code,
    /// What it is.
    pub message: String,
    /// The type it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// The property it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The queries it is about, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query_names: Vec<String>,
}

fn code<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl Finding {
    /// A finding about nothing in particular.
    #[must_use]
    pub const fn new(severity: Severity, code: Code, message: String) -> Self {
        Self { severity, code, message, type_name: None, property: None, query_names: Vec::new() }
    }

    /// A diagnostic as a finding.
    #[must_use]
    pub fn of(diagnostic: &Diagnostic) -> Self {
        Self::new(diagnostic.severity, diagnostic.code, diagnostic.message.clone())
    }
}

impl Report {
    pub(super) fn new(
        schema_source: SchemaSource,
        query_path: &str,
        results: Vec<QueryResult>,
        mut findings: Vec<Finding>,
    ) -> Self {
        findings.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.severity, finding.type_name.clone(), finding.property.clone());
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let failed = results.iter().filter(|result| result.status == Status::Error).count();
        let errors = failed + of(Severity::Error);
        let warnings = results.iter().map(|result| result.warnings.len()).sum::<usize>() + of(Severity::Warning);
        let infos = of(Severity::Info);
        Self {
            status: if errors > 0 { Status::Error } else { Status::Ok },
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

    /// 1 if and only if something is in error.
    #[must_use]
    pub const fn exit_status(&self) -> u8 {
        match self.status {
            Status::Ok => 0,
            Status::Error => 1,
        }
    }
}
