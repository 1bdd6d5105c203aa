//! From the text of a query file to checked operations: selection of a query, and all of them at once.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::check::{check, check_one_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{File, Item, QueryDecl};
use crate::gq::parse;
use crate::ir::{Operation, Value};
use crate::settings::{self, Setting};
use crate::span::Span;
use crate::suggest::{Suggestions, did_you_mean};

/// A query that may run.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What it does.
    pub operation: Operation,
    /// What the file sets for whoever runs it, each setting once.
    pub settings: Vec<(&'static Setting, Value)>,
    /// What is legal and probably wrong.
    pub warnings: Vec<Diagnostic>,
}

/// One query of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledQuery {
    /// As written; shared with the file.
    pub decl: Arc<QueryDecl>,
    /// What it does; there when no diagnostic is an error.
    pub operation: Option<Operation>,
    /// About this query only.
    pub diagnostics: Vec<Diagnostic>,
}

/// All queries of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledFile {
    /// The whole file, for settings and branch statements.
    pub file: File,
    /// In the order of the file; empty when it does not parse.
    pub queries: Vec<CompiledQuery>,
    /// Syntax errors, and what concerns the file as a whole.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles the query called `name`, or the only one of the file.
///
/// # Errors
/// Every syntax error of the file; or what is wrong with its settings; or why no query can be selected; or every error of the one selected.
pub fn compile(source: &str, name: Option<&str>, catalog: &Catalog) -> Result<Compiled, Vec<Diagnostic>> {
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
        Some(operation) => Ok(Compiled { operation, settings, warnings: diagnostics }),
        None => Err(diagnostics),
    }
}

/// Compiles every query of a file, each on its own: an error in one does not keep the others from being judged.
#[must_use]
pub fn compile_file(source: &str, catalog: &Catalog) -> CompiledFile {
    let (file, mut diagnostics) = parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return CompiledFile { file, queries: Vec::new(), diagnostics };
    }
    diagnostics.extend(duplicates(&file));
    diagnostics.extend(settings::check(&file));
    let mut suggestions = Suggestions::default();
    let queries = file
        .queries()
        .map(|decl| {
            let (operation, diagnostics) = check_one_of(decl, catalog, &mut suggestions);
            CompiledQuery { decl: Arc::clone(decl), operation, diagnostics }
        })
        .collect();
    CompiledFile { file, queries, diagnostics }
}

/// Finds the query to run.
///
/// # Errors
/// The name is absent, or needed and not given.
pub fn select<'f>(file: &'f File, name: Option<&str>) -> Result<&'f Arc<QueryDecl>, Diagnostic> {
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

fn no_query(file: &File) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(Code::Q003, Span::default(), "the file holds no query");
    let branch = file.items.iter().find_map(|item| if let Item::Branch(branch) = item { Some(branch) } else { None });
    if let Some(branch) = branch {
        diagnostic.span = branch.at.0;
        diagnostic.help =
            Some("a branch statement is not run as a query; the command is `omnigraph branch`".to_owned());
    }
    diagnostic
}

/// Queries whose name is taken by one before them.
fn duplicates(file: &File) -> Vec<Diagnostic> {
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
