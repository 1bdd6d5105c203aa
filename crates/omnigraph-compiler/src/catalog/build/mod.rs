//! Builds a catalog from a syntax tree and reports every error of the schema.
//!
//! - `draft` a declaration with its rules collected and its spans kept
//! - `declare` names, headers, properties and their types
//! - `annotate` annotations of properties and headers
//! - `arguments` arguments of annotations and constraints
//! - `constrain` keys, uniqueness, indexes, ranges, checks
//! - `default` values of `@default`
//! - `embed` vectors computed from text
//! - `compose` interfaces into node types
//! - `identity` ids: carried over by name or hint, or minted

mod annotate;
mod arguments;
mod compose;
mod constrain;
mod declare;
mod default;
mod draft;
mod embed;
mod identity;

use super::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::SchemaDocument;
use crate::suggest::SuggestionBudget;
use draft::TypeDraft;

/// Builds the catalog of a schema. `previous` is the accepted catalog whose identities are kept; `mint` is called once for every
/// new identity, in an order that depends on the schema's meaning only: types (interfaces, nodes, edges, each by name),
/// properties (in the order of their types, then by name), tables (nodes, edges, each by name).
///
/// Returns a catalog when no diagnostic is an error and the tree parsed without one. Diagnostics come in source order.
pub fn build(
    schema: &SchemaDocument,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    let mut builder = CatalogBuilder::default();
    let drafts = builder.drafts(schema);
    let identities = builder.identities(&drafts, previous, mint);
    let failed = builder.diagnostics.iter().any(Diagnostic::is_error) || builder.incomplete;
    let catalog = identities.filter(|_| !failed).map(|identities| identities.catalog(drafts));
    builder.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    (catalog, builder.diagnostics)
}

/// State of one build.
#[derive(Default)]
struct CatalogBuilder {
    diagnostics: Vec<Diagnostic>,
    /// `true` if part of the tree is missing; the parser has reported it.
    incomplete: bool,
    suggestions: SuggestionBudget,
    /// Patterns that compile: compiling one costs more than the rest of its type.
    patterns: std::collections::HashSet<String>,
}

impl CatalogBuilder {
    fn error(&mut self, code: Code, span: crate::Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Returns advice with a similar name, within the budget.
    fn suggest<'a>(&mut self, written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        self.suggestions.did_you_mean(written, || names)
    }

    fn drafts<'a>(&mut self, schema: &'a SchemaDocument) -> Vec<TypeDraft<'a>> {
        for import in &schema.imports {
            let message = format!("import `{}` has not been resolved", import.path.node);
            self.report(
                Diagnostic::error(Code::S003, import.path.span, message)
                    .with_help("load the schema together with the files it imports"),
            );
        }
        let mut drafts: Vec<TypeDraft> = schema.declarations.iter().map(|declared| self.declare(declared)).collect();
        self.check_names(&drafts);
        self.compose(&mut drafts);
        for (draft, declared) in drafts.iter_mut().zip(&schema.declarations) {
            self.constrain(draft, declared);
            self.check_embeds(draft);
            self.check_defaults(draft);
        }
        drafts
    }
}
