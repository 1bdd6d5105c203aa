//! Reads: bodies, projections, union.

use std::borrow::Cow;
use std::collections::HashMap;

use super::group::Grouping;
use super::returned::{Aggregates, Originals, Returned};
use super::types::common_type;
use super::{Blocks, Checker, Names, Place};
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{self, ExprKind as Ast, Projection, Read, Select};
use crate::ir::{Body, Column, Expr, ExprKind, Query, Rank, Type, Union};
use crate::span::Span;
use crate::types::{PropType, Scalar};

/// A checked body, with what order items need to know of it.
pub(super) struct Checked {
    pub(super) body: Body,
    /// Columns before grouping rewrote them; `None` where nothing did.
    ungrouped: Option<Vec<Expr>>,
    /// Whether something in it has been reported, so that its columns are incomplete.
    pub(super) broken: bool,
}

impl Checked {
    /// Columns as they were written, before any grouping.
    pub(super) fn originals(&self) -> Vec<&Expr> {
        originals(self.ungrouped.as_deref(), &self.body.columns)
    }
}

fn originals<'e>(ungrouped: Option<&'e [Expr]>, columns: &'e [Column]) -> Vec<&'e Expr> {
    match ungrouped {
        Some(written) => written.iter().collect(),
        None => columns.iter().map(|column| &column.expr).collect(),
    }
}

impl Checker<'_> {
    pub(super) fn read(&mut self, name: &str, read: &Read) -> Option<Query> {
        let single = read.selects.len() == 1;
        let mut bodies: Vec<Body> = Vec::new();
        let mut order = None;
        let limited = read.limit.is_some();
        for select in &read.selects {
            self.vars.clear();
            self.frames.clear();
            self.open_frame();
            let checked = self.select(select);
            if !limited {
                self.warn_unbounded(&select.clauses);
            }
            if single {
                // The order may read variables and add blocks, so the block is completed after it.
                order = Some(self.ordering(read, &checked));
            }
            self.warn_scopes();
            let frame = self.close_frame();
            let mut body = checked.body;
            body.block = frame.block;
            self.warn_cross_product(&body.block);
            self.warn_unindexed_filters(&body.block, &frame.places);
            bodies.push(body);
        }
        let columns = self.union_columns(read, &bodies);
        let order = match order {
            Some(order) => order,
            None => self.union_order(read, &columns),
        };
        let union = self.union_word(read);
        let limit = read.limit.as_ref().and_then(|count| self.count(count, "limit"));
        let offset = read.offset.as_ref().and_then(|count| self.count(count, "offset"));
        let after = read.after.as_ref().and_then(|name| {
            let text = |ty: &Type| matches!(ty, Type::Value(PropType { scalar: Scalar::String, list: false, .. }));
            self.param_of(name, "after", text)
        });
        self.require_limit(read, order.rank.as_ref());
        Some(Query {
            name: name.to_owned(),
            params: self.params.clone(),
            bodies,
            union,
            columns,
            order,
            offset,
            limit,
            after,
        })
    }

    fn select(&mut self, select: &Select) -> Checked {
        self.clauses(&select.clauses);
        self.aggregates = Aggregates::default();
        let place = Place { names: Names::None, aggregates: true, blocks: Blocks::Allowed, ranks: true };
        let (columns, broken) = self.columns(&select.projections, place);
        let groups = !self.aggregates.is_empty();
        let ungrouped = groups.then(|| columns.iter().map(|column| column.expr.clone()).collect::<Vec<_>>());
        let Grouping { group, columns } = self.group(columns, &select.projections);
        self.aggregates = Aggregates::of(group.as_ref());
        let written = Originals::of(originals(ungrouped.as_deref(), &columns));
        let having = select.having.as_ref().and_then(|having| self.having(having, select, &columns, &written));
        self.aggregates = Aggregates::default();
        let body = Body { block: Default::default(), group, columns, having, distinct: select.distinct };
        Checked { body, ungrouped, broken }
    }

    /// Checks projections and names their columns.
    pub(super) fn columns(&mut self, projections: &[Projection], place: Place) -> (Vec<Column>, bool) {
        let mut columns: Vec<Column> = Vec::with_capacity(projections.len());
        let mut seen: HashMap<Cow<'_, str>, Span> = HashMap::with_capacity(projections.len());
        let mut broken = false;
        for projection in projections {
            let Some(expr) = self.expr(&projection.expr, place).and_then(|expr| self.readable(expr, projection)) else {
                broken = true;
                continue;
            };
            let name = column_name(projection);
            if let Some(first) = seen.get(name.as_ref()) {
                let message = format!("two columns are named `{name}`");
                let diagnostic = Diagnostic::error(Code::T109, projection.at.0, message)
                    .with_related(*first, "the first")
                    .with_help("name one of them with `as`");
                self.diagnostics.push(diagnostic);
                broken = true;
                continue;
            }
            columns.push(Column { name: name.clone().into_owned(), expr });
            seen.insert(name, projection.at.0);
        }
        (columns, broken)
    }

    /// Whether a value can be returned.
    fn readable(&mut self, expr: Expr, projection: &Projection) -> Option<Expr> {
        let span = projection.expr.span();
        match &expr.ty {
            Type::Value(ty) if ty.scalar == Scalar::Blob => {
                let help = "blobs are read by their own interface";
                self.error_with_help(Code::T24, span, "a Blob cannot be returned by a query", help);
                None
            }
            Type::Duration { .. } => {
                self.error(Code::T7, span, "a duration cannot be returned; add it to a Date or DateTime");
                None
            }
            _ => Some(expr),
        }
    }

    fn having(
        &mut self,
        having: &ast::Expr,
        select: &Select,
        columns: &[Column],
        originals: &Originals<'_>,
    ) -> Option<Expr> {
        let grouped = !self.aggregates.is_empty();
        let blocks = if grouped { Blocks::HAVING } else { Blocks::Allowed };
        let returned = Returned::of(columns, &select.projections);
        let place = Place { names: Names::Columns(&returned), aggregates: grouped, blocks, ranks: false };
        let before = self.vars.len();
        let condition = self.condition(having, place, "`having`")?;
        if self.vars.len() > before {
            return self.having_with_block(condition, having, originals);
        }
        let over_columns = self.over_columns(condition, originals);
        if mentions(&over_columns) {
            let help = "return it under a name and use that: `return { count($x) as n } having n > 1`";
            self.error_with_help(
                Code::T111,
                having.span(),
                "`having` is over columns; something in it is not returned",
                help,
            );
            return None;
        }
        Some(over_columns)
    }

    /// A block is computed for each row of the pattern. Without grouping these are the rows that are returned, so the condition is one
    /// of the pattern: its columns become what they are made of.
    fn having_with_block(&mut self, condition: Expr, having: &ast::Expr, originals: &Originals<'_>) -> Option<Expr> {
        let mut ranked = false;
        let condition = super::group::rewrite(condition, &mut |part| {
            let ExprKind::Column(index) = part.kind else { return None };
            let kind = originals.get(index)?.kind.clone();
            ranked |= matches!(kind, ExprKind::Rank(_));
            Some(kind)
        });
        if ranked {
            let help = "test the score in `having` and the block in `match`";
            self.error_with_help(Code::T125, having.span(), "a block and a score cannot be tested together", help);
            return None;
        }
        self.filter(condition, having);
        None
    }

    /// Replaces what is returned by its column.
    pub(super) fn over_columns(&self, expr: Expr, originals: &Originals<'_>) -> Expr {
        super::group::rewrite(expr, &mut |part| originals.position(part).map(ExprKind::Column))
    }

    fn union_word(&mut self, read: &Read) -> Union {
        let mixed = read.unions.iter().find(|word| Some(word.all) != read.unions.first().map(|first| first.all));
        if let Some(word) = mixed {
            let message = "`union` and `union all` do not mix: it could be read in two ways";
            self.error(Code::T122, word.at.0, message);
        }
        if read.unions.first().is_some_and(|word| word.all) { Union::All } else { Union::Distinct }
    }

    /// The names and types of the result's columns.
    fn union_columns(&mut self, read: &Read, bodies: &[Body]) -> Vec<(String, Type)> {
        let Some(first) = bodies.first() else { return Vec::new() };
        let mut columns: Vec<(String, Type)> =
            first.columns.iter().map(|column| (column.name.clone(), column.expr.ty.clone())).collect();
        for (body, select) in bodies.iter().zip(&read.selects).skip(1) {
            let names = body.columns.iter().map(|column| column.name.as_str());
            if !names.clone().eq(columns.iter().map(|(name, _)| name.as_str())) {
                let list =
                    |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let message = format!(
                    "the bodies of a union return the same columns in the same order: {} here, {} first",
                    list(names.collect()),
                    list(columns.iter().map(|(name, _)| name.as_str()).collect())
                );
                self.error(Code::T121, select.at.0, message);
                continue;
            }
            for ((name, ty), column) in columns.iter_mut().zip(&body.columns) {
                match common_type(ty, &column.expr.ty) {
                    Some(common) => *ty = common,
                    None => {
                        let message =
                            format!("column `{name}` is `{}` here and `{ty}` in the first body", column.expr.ty);
                        self.error(Code::T121, select.at.0, message);
                    }
                }
            }
        }
        columns
    }

    /// `nearest` and `rrf` rank everything there is: they need a limit.
    fn require_limit(&mut self, read: &Read, rank: Option<&Rank>) {
        if read.limit.is_some() {
            return;
        }
        let (code, word) = match rank {
            Some(Rank::Nearest(_)) => (Code::T17, "nearest"),
            Some(Rank::Rrf(_)) => (Code::T21, "rrf"),
            _ => return,
        };
        let span = read.order.first().map_or(Span::default(), |item| item.at.0);
        self.error_with_help(code, span, format!("`{word}` needs a `limit`"), "add `limit 10` after the order");
    }
}

/// The name of a column.
pub(super) fn column_name(projection: &Projection) -> Cow<'_, str> {
    match &projection.alias {
        Some(alias) => Cow::Borrowed(&alias.text),
        None => Cow::Owned(default_name(&projection.expr)),
    }
}

/// The name of a column without `as`.
fn default_name(expr: &ast::Expr) -> String {
    match &expr.kind {
        Ast::Property { var, name } => format!("{}.{}", var.text, name.text),
        Ast::System { var: Some(var), field } => format!("{}.@{}", var.text, field.text),
        Ast::System { var: None, field } => format!("@{}", field.text),
        Ast::Variable(name) | Ast::Alias(name) => name.clone(),
        Ast::Literal(_) => "literal".to_owned(),
        Ast::Now => "now".to_owned(),
        Ast::Call { name, .. } => name.text.clone(),
        Ast::Aggregate { arg: Some(arg), .. } => default_name(arg),
        Ast::Aggregate { function, arg: None, .. } => function.as_str().to_owned(),
        _ => crate::gq::print_expr(expr).replace('$', ""),
    }
}

/// Whether an expression reads variables, group keys or aggregates rather than columns and constants only.
pub(super) fn mentions(expr: &Expr) -> bool {
    let mut found = false;
    super::group::visit(expr, &mut |part| {
        found |= matches!(
            part,
            ExprKind::Property { .. }
                | ExprKind::System { .. }
                | ExprKind::Object(_)
                | ExprKind::Variable(_)
                | ExprKind::Path { .. }
                | ExprKind::TextMatch(_)
                | ExprKind::Distance(_)
                | ExprKind::Rank(_)
                | ExprKind::Aggregated(_)
                | ExprKind::GroupKey(_)
        );
    });
    found
}
