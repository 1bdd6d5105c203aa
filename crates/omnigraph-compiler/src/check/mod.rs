//! The type checker. It checks a query and builds its logical form in one walk over the syntax tree. It does not stop at the
//! first error: an invalid part yields `None`, and the walk continues.
//!
//! - `scope`      variables and open blocks
//! - `types`      compatible types, and conversion of constants
//! - `expr`       expressions; `operator`, `call`, `aggregate`, `search` for their kinds
//! - `pattern`    clauses and blocks; `traversal` and `edges` for traversals and paths
//! - `read`       projections, grouping, union; `order` for order and paging; `output_columns` for lookups by both
//! - `mutation`   statements; `statement` for assignments
//! - `params`     declarations of parameters
//! - `warnings`   warnings; `index_advice` for advice on indexes

mod aggregate;
mod call;
mod edges;
mod expr;
mod group;
mod index_advice;
mod mutation;
mod operator;
mod order;
mod output_columns;
mod params;
mod pattern;
mod read;
mod scope;
mod search;
mod statement;
mod traversal;
mod types;
mod warnings;

use std::collections::HashMap;

use self::output_columns::{AggregateSet, ReturnedColumns};
use self::scope::{BlockFrame, VarInfo};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast;
use crate::ir;
use crate::span::Span;
use crate::suggest::SuggestionBudget;

/// Checks one query of a file that parses. Returns the logical form when no diagnostic is an error.
#[must_use]
pub fn check(query: &ast::QueryDecl, catalog: &Catalog) -> (Option<ir::QueryOperation>, Vec<Diagnostic>) {
    check_with_budget(query, catalog, &mut SuggestionBudget::default())
}

/// Checks one of several queries that share a budget of suggestions.
pub(crate) fn check_with_budget(
    query: &ast::QueryDecl,
    catalog: &Catalog,
    suggestions: &mut SuggestionBudget,
) -> (Option<ir::QueryOperation>, Vec<Diagnostic>) {
    let mut checker = TypeChecker::new(catalog, suggestions);
    let params = checker.declare_params(query);
    checker.params = params;
    let operation = match &query.body {
        ast::AstBody::Read(read) => checker.read(&query.name.text, read).map(ir::QueryOperation::Read),
        ast::AstBody::Mutation(mutation) => {
            checker.mutation(&query.name.text, mutation).map(ir::QueryOperation::Mutation)
        }
    };
    checker.warn_unused_params(query);
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    if failed {
        // An error may be the reason that a variable seems unused or unconnected.
        diagnostics.retain(Diagnostic::is_error);
    }
    (operation.filter(|_| !failed), diagnostics)
}

/// State of the walk over one query.
struct TypeChecker<'a> {
    catalog: &'a Catalog,
    suggestions: &'a mut SuggestionBudget,
    diagnostics: Vec<Diagnostic>,
    /// Declared parameters.
    params: Vec<ir::QueryParam>,
    params_used: Vec<bool>,
    /// Index of each parameter.
    param_names: HashMap<String, usize>,
    /// All variables of the current body, by id.
    vars: Vec<VarInfo>,
    /// Open blocks, outermost first.
    frames: Vec<BlockFrame>,
    /// Aggregates of the current projection.
    aggregates: AggregateSet,
    /// Number of variables that the pattern of a mutation has bound. Later variables are written rows, which the blocks of the
    /// pattern cannot read.
    read_before: Option<usize>,
}

/// Context of an expression: its permitted parts besides variables, parameters and constants.
#[derive(Clone, Copy)]
struct ExprContext<'p> {
    /// Meaning of bare names.
    names: NameScope<'p>,
    /// `true` if aggregates over the rows of the query are permitted.
    aggregates: bool,
    /// Permission of blocks.
    blocks: BlockPolicy,
    /// `true` if ranks may be read as scores.
    ranks: bool,
}

/// Permission of blocks in a context.
#[derive(Clone, Copy)]
enum BlockPolicy {
    /// Blocks are evaluated for each row of the pattern.
    Allowed,
    /// Blocks are not permitted; advice on an alternative.
    Refused(&'static str),
}

/// Meaning of a bare name.
#[derive(Clone, Copy)]
enum NameScope<'p> {
    /// No meaning.
    None,
    /// A property of the current row; `@field` is a system field of it.
    Row(ir::VarId),
    /// A column of the projection.
    Columns(&'p ReturnedColumns<'p>),
}

impl ExprContext<'_> {
    /// Inside `match`.
    const PATTERN: ExprContext<'static> =
        ExprContext { names: NameScope::None, aggregates: false, blocks: BlockPolicy::Allowed, ranks: false };

    /// Inside `match`, on the edges of a walk.
    const WALK: ExprContext<'static> = ExprContext { blocks: BlockPolicy::WALK, ..ExprContext::PATTERN };
}

impl BlockPolicy {
    const WALK: Self = Self::Refused("test a walk edge by edge; write the block as a clause of its own");
    const ORDER: Self =
        Self::Refused("return it under a name and use that: `return { $x, count { … } as n, … } order { n }`");
    const HAVING: Self =
        Self::Refused("return it under a name and use that: `return { $x, count { … } as n, … } having n > 1`");
    const UNION: Self = Self::Refused("return it under one name in every body, and order by that");
    const ROW: Self = Self::Refused(
        "the current row has no name that a block could read: bind it in a `match` before the statements, test or compute \
         the block over `$x`, and write `where @id = $x.@id`",
    );
    const VALUE: Self = Self::Refused("bind what it reads in a `match` before the statements");
    const WRITTEN: Self =
        Self::Refused("a result consists of the written rows; read other rows with a query afterwards");
}

impl<'a> TypeChecker<'a> {
    fn new(catalog: &'a Catalog, suggestions: &'a mut SuggestionBudget) -> Self {
        Self {
            catalog,
            suggestions,
            diagnostics: Vec::new(),
            params: Vec::new(),
            params_used: Vec::new(),
            param_names: HashMap::new(),
            vars: Vec::new(),
            frames: Vec::new(),
            aggregates: AggregateSet::default(),
            read_before: None,
        }
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    fn error_with_help(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message).with_help(help));
    }

    /// Adds advice to the last diagnostic.
    fn advise(&mut self, help: Option<String>) {
        if let (Some(help), Some(last)) = (help, self.diagnostics.last_mut()) {
            last.help = Some(help);
        }
    }

    fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(code, span, message));
    }
}
