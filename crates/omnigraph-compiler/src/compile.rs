//! Compilation of query files: one selected query, or all of them.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::check::{check, check_with_budget};
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{FileItem, QueryDecl, QueryFile};
use crate::gq::parse;
use crate::ir::QueryOperation;
use crate::settings::{self, SettingValue};
use crate::span::Span;
use crate::suggest::{SuggestionBudget, did_you_mean};

/// A compiled query, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledOperation {
    /// The logical form.
    pub operation: QueryOperation,
    /// Settings of the file, each once.
    pub settings: Vec<SettingValue>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// One query of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledQuery {
    /// Its syntax tree; shared with the file.
    pub decl: Arc<QueryDecl>,
    /// The logical form; `Some` when no diagnostic is an error.
    pub operation: Option<QueryOperation>,
    /// Diagnostics of this query only.
    pub diagnostics: Vec<Diagnostic>,
}

/// All queries of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledFile {
    /// The whole file, for settings and branch statements.
    pub file: QueryFile,
    /// In the order of the file; empty when it does not parse.
    pub queries: Vec<CompiledQuery>,
    /// Syntax errors, and diagnostics of the file as a whole.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles the query called `name`, or the only one of the file.
///
/// # Errors
/// All syntax errors of the file; or errors of its settings; or the reason that no query can be selected; or all errors of the
/// selected query.
pub fn compile(source: &str, name: Option<&str>, catalog: &Catalog) -> Result<CompiledOperation, Vec<Diagnostic>> {
    let (file, diagnostics) = parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let duplicates = duplicates(&file);
    if !duplicates.is_empty() {
        return Err(duplicates);
    }
    let settings = settings::values(&file)?;
    let query = select(&file, name).map_err(|diagnostic| vec![diagnostic])?;
    let (operation, diagnostics) = check(query, catalog);
    match operation {
        Some(operation) => Ok(CompiledOperation { operation, settings, warnings: diagnostics }),
        None => Err(diagnostics),
    }
}

/// Compiles every query of a file independently: an error in one does not affect the others.
#[must_use]
pub fn compile_file(source: &str, catalog: &Catalog) -> CompiledFile {
    let (file, mut diagnostics) = parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return CompiledFile { file, queries: Vec::new(), diagnostics };
    }
    diagnostics.extend(duplicates(&file));
    diagnostics.extend(settings::check(&file));
    let mut suggestions = SuggestionBudget::default();
    let queries = file
        .queries()
        .map(|decl| {
            let (operation, diagnostics) = check_with_budget(decl, catalog, &mut suggestions);
            CompiledQuery { decl: Arc::clone(decl), operation, diagnostics }
        })
        .collect();
    CompiledFile { file, queries, diagnostics }
}

/// Finds the query to run.
///
/// # Errors
/// The name is not found, or is required and not given.
pub fn select<'f>(file: &'f QueryFile, name: Option<&str>) -> Result<&'f Arc<QueryDecl>, Diagnostic> {
    let mut queries = file.queries();
    let start = Span::default();
    let Some(name) = name else {
        return match (queries.next(), queries.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(second)) => {
                let names: Vec<_> = file.queries().map(|query| query.name.text.as_str()).collect();
                Err(Diagnostic::error(
                    Code::Q002,
                    second.name.span(),
                    "query file contains multiple queries; pass --name",
                )
                .with_help(format!("it holds {}", names.join(", "))))
            }
            (None, _) => Err(no_query(file)),
        };
    };
    queries.find(|query| query.name.text == name).ok_or_else(|| {
        let mut diagnostic = Diagnostic::error(Code::Q001, start, format!("query '{name}' not found"));
        diagnostic.help = did_you_mean(name, file.queries().map(|query| query.name.text.as_str()));
        diagnostic
    })
}

fn no_query(file: &QueryFile) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(Code::Q003, Span::default(), "the file holds no query");
    let branch =
        file.items.iter().find_map(|item| if let FileItem::Branch(branch) = item { Some(branch) } else { None });
    if let Some(branch) = branch {
        diagnostic.span = branch.at.0;
        diagnostic.help =
            Some("a branch statement is not run as a query; the command is `omnigraph branch`".to_owned());
    }
    diagnostic
}

/// Reports queries with the name of an earlier one.
fn duplicates(file: &QueryFile) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for query in file.queries() {
        if let Some(first) = seen.get(query.name.text.as_str()) {
            let message = format!("two queries are named `{}`", query.name.text);
            found.push(Diagnostic::error(Code::Q004, query.name.span(), message).with_related(*first, "the first"));
        } else {
            seen.insert(query.name.text.as_str(), query.name.span());
        }
    }
    found
}
