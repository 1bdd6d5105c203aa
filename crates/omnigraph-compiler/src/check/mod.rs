//! The type checker. It judges a query and builds its logical form in one walk: each rule both complains and produces its
//! piece. It never stops at the first error; what is wrong yields nothing and the walk goes on.
//!
//! - `scope`      variables, blocks being built
//! - `types`      which types go together, and constants converted to them
//! - `expr`       expressions; `operator`, `call`, `aggregate`, `search` for their kinds
//! - `pattern`    clauses; `traversal`, `edges`, `path`, `block` for their kinds
//! - `read`       projections, grouping, union; `order` for order and paging; `returned` for what these find again
//! - `mutation`   statements
//! - `params`     declarations of parameters
//! - `warnings`   what is legal and probably wrong; `unindexed` for advice on indexes

mod aggregate;
mod block;
mod call;
mod edges;
mod expr;
mod group;
mod mutation;
mod operator;
mod order;
mod params;
mod path;
mod pattern;
mod read;
mod returned;
mod scope;
mod search;
mod statement;
mod traversal;
mod types;
mod unindexed;
mod warnings;

use std::collections::HashMap;

use self::returned::{Aggregates, Returned};
use self::scope::{Frame, VarInfo};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast;
use crate::ir;
use crate::span::Span;
use crate::suggest::Suggestions;

/// Checks one query of a file that parses. The logical form is there when no diagnostic is an error; warnings come with
/// it.
#[must_use]
pub fn check(query: &ast::QueryDecl, catalog: &Catalog) -> (Option<ir::Operation>, Vec<Diagnostic>) {
    check_one_of(query, catalog, &mut Suggestions::default())
}

/// Checks one of several queries that share what may be spent on suggestions.
pub(crate) fn check_one_of(
    query: &ast::QueryDecl,
    catalog: &Catalog,
    suggestions: &mut Suggestions,
) -> (Option<ir::Operation>, Vec<Diagnostic>) {
    let mut checker = Checker::new(catalog, suggestions);
    let params = checker.declare_params(query);
    checker.params = params;
    let operation = match &query.body {
        ast::Body::Read(read) => checker.read(&query.name.text, read).map(ir::Operation::Read),
        ast::Body::Mutation(mutation) => checker.mutation(&query.name.text, mutation).map(ir::Operation::Mutation),
    };
    checker.warn_unused_params(query);
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    if failed {
        // What is wrong may be why something seems unused or unconnected.
        diagnostics.retain(Diagnostic::is_error);
    }
    (operation.filter(|_| !failed), diagnostics)
}

/// State of the walk over one query.
struct Checker<'a> {
    catalog: &'a Catalog,
    suggestions: &'a mut Suggestions,
    diagnostics: Vec<Diagnostic>,
    /// Declared parameters, and whether each is used.
    params: Vec<ir::Param>,
    params_used: Vec<bool>,
    /// Where each parameter stands among them.
    param_names: HashMap<String, usize>,
    /// All variables of the body at hand, by id.
    vars: Vec<VarInfo>,
    /// Blocks being built, outermost first.
    frames: Vec<Frame>,
    /// Aggregates of the projection at hand.
    aggregates: Aggregates,
    /// In the statements of a mutation, how many variables its pattern has bound: what comes after are rows written, which the
    /// pattern's blocks are evaluated too early to read.
    read_before: Option<usize>,
}

/// Where an expression stands: what it may use besides variables, parameters and constants.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// What bare names mean.
    names: Names<'p>,
    /// Whether aggregates over the rows of the query may stand here.
    aggregates: bool,
    /// Whether blocks may stand here.
    blocks: Blocks,
    /// Whether ranks may be read as scores.
    ranks: bool,
}

/// Whether blocks may stand in a place.
#[derive(Clone, Copy)]
enum Blocks {
    /// They are evaluated for each row of the pattern.
    Allowed,
    /// They may not; what to write instead.
    Refused(&'static str),
}

/// What a bare name means.
#[derive(Clone, Copy)]
enum Names<'p> {
    /// Nothing.
    None,
    /// A property of the row at hand, and `@field` a system field of it.
    Row(ir::VarId),
    /// A column of the projection.
    Columns(&'p Returned<'p>),
}

impl Place<'_> {
    /// Inside `match`.
    const PATTERN: Place<'static> =
        Place { names: Names::None, aggregates: false, blocks: Blocks::Allowed, ranks: false };

    /// Inside `match`, where nothing can be computed once per row.
    const WALK: Place<'static> = Place { names: Names::None, aggregates: false, blocks: Blocks::WALK, ranks: false };
}

impl Blocks {
    const WALK: Self = Self::Refused("test a walk edge by edge; a block stands in a clause of its own");
    const ORDER: Self =
        Self::Refused("return it under a name and use that: `return { $x, count { … } as n, … } order { n }`");
    const HAVING: Self =
        Self::Refused("return it under a name and use that: `return { $x, count { … } as n, … } having n > 1`");
    const UNION: Self = Self::Refused("return it under one name in every body, and order by that");
    const ROW: Self = Self::Refused(
        "the row at hand has no name that a block could read: bind it in a `match` before the statements, test or compute \
         the block over `$x`, and write `where @id = $x.@id`",
    );
    const VALUE: Self = Self::Refused("bind what it reads in a `match` before the statements");
    const WRITTEN: Self = Self::Refused("a result is made of the rows written; ask for more with a query afterwards");
}

impl<'a> Checker<'a> {
    fn new(catalog: &'a Catalog, suggestions: &'a mut Suggestions) -> Self {
        Self {
            catalog,
            suggestions,
            diagnostics: Vec::new(),
            params: Vec::new(),
            params_used: Vec::new(),
            param_names: HashMap::new(),
            vars: Vec::new(),
            frames: Vec::new(),
            aggregates: Aggregates::default(),
            read_before: None,
        }
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    fn error_with_help(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message).with_help(help));
    }

    /// Adds advice to the diagnostic reported last, if there is any.
    fn advise(&mut self, help: Option<String>) {
        if let (Some(help), Some(last)) = (help, self.diagnostics.last_mut()) {
            last.help = Some(help);
        }
    }

    fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(code, span, message));
    }
}
