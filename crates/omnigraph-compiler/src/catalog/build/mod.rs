//! Tree to catalogue: everything that can be wrong with a schema is found here, and all of it is reported.
//!
//! - `draft` a declaration with its rules collected and its spans kept
//! - `declare` names, headers, properties
//! - `types` what a written type means
//! - `annotate` annotations of properties and headers
//! - `arguments` what annotations and constraints were given
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
mod types;

use super::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::Schema;
use crate::suggest::Suggestions;
use draft::Draft;

/// Resolves a schema. `previous` is the accepted catalogue whose identities are kept; `mint` is called once for every new
/// identity, in an order that depends on the schema's meaning only: types (interfaces, nodes, edges, each by name),
/// properties (in the order of their types, then by name), tables (nodes, edges, each by name).
///
/// The catalogue is there when no diagnostic is an error and the tree parsed without one. Diagnostics come in source order.
pub fn build(
    schema: &Schema,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    let mut builder = Builder::default();
    let drafts = builder.drafts(schema);
    let identities = builder.identities(&drafts, previous, mint);
    let failed = builder.diagnostics.iter().any(Diagnostic::is_error) || builder.incomplete;
    let catalog = identities.filter(|_| !failed).map(|identities| identities.catalog(drafts));
    builder.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    (catalog, builder.diagnostics)
}

/// What is known while a catalogue is being built.
#[derive(Default)]
struct Builder {
    diagnostics: Vec<Diagnostic>,
    /// Part of the tree is missing; the parser has said why.
    incomplete: bool,
    suggestions: Suggestions,
    /// Patterns known to be regular expressions: compiling one costs more than the rest of its type.
    patterns: std::collections::HashSet<String>,
}

impl Builder {
    fn error(&mut self, code: Code, span: crate::Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The near name to advise, if one is looked for at all.
    fn suggest<'a>(&mut self, written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        self.suggestions.did_you_mean(written, || names)
    }

    fn drafts<'a>(&mut self, schema: &'a Schema) -> Vec<Draft<'a>> {
        for import in &schema.imports {
            let message = format!("import `{}` has not been resolved", import.path.node);
            self.report(
                Diagnostic::error(Code::S003, import.path.span, message)
                    .with_help("load the schema together with the files it imports"),
            );
        }
        let mut drafts: Vec<Draft> = schema.declarations.iter().map(|declared| self.declare(declared)).collect();
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
