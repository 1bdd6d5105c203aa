//! Reads: bodies, projections, union.

use std::borrow::Cow;
use std::collections::HashMap;

use super::group::GroupedColumns;
use super::output_columns::{AggregateSet, ReturnedColumns, UngroupedExprs};
use super::types::common_type;
use super::{BlockPolicy, ExprContext, NameScope, TypeChecker};
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{self, AstExprKind, AstRead, AstSelect, ReturnItem};
use crate::ir::{ColumnType, Expr, ExprKind, ExprType, OutputColumn, RankExpr, ReadBody, ReadQuery, UnionMode};
use crate::span::Span;
use crate::suggest::quoted;
use crate::types::{PropType, ScalarType};

/// A checked body, with data for its order items.
pub(super) struct CheckedBody {
    pub(super) body: ReadBody,
    /// Columns before grouping; `None` without grouping.
    ungrouped: Option<Vec<Expr>>,
    /// `true` if its columns are incomplete because of an error.
    pub(super) broken: bool,
}

/// Checked projections.
pub(super) struct CheckedColumns {
    pub(super) columns: Vec<OutputColumn>,
    /// `true` if the columns are incomplete because of an error.
    broken: bool,
}

impl CheckedBody {
    /// Returns the columns before grouping.
    pub(super) fn originals(&self) -> Vec<&Expr> {
        originals(self.ungrouped.as_deref(), &self.body.columns)
    }
}

fn originals<'e>(ungrouped: Option<&'e [Expr]>, columns: &'e [OutputColumn]) -> Vec<&'e Expr> {
    match ungrouped {
        Some(written) => written.iter().collect(),
        None => columns.iter().map(|column| &column.expr).collect(),
    }
}

impl TypeChecker<'_> {
    pub(super) fn read(&mut self, name: &str, read: &AstRead) -> Option<ReadQuery> {
        let single = read.selects.len() == 1;
        let mut bodies: Vec<ReadBody> = Vec::new();
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
            let text =
                |ty: &ExprType| matches!(ty, ExprType::Value(PropType { scalar: ScalarType::String, list: false, .. }));
            self.param_of(name, "after", text)
        });
        self.require_limit(read, order.rank.as_ref());
        Some(ReadQuery {
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

    fn select(&mut self, select: &AstSelect) -> CheckedBody {
        self.clauses(&select.clauses);
        self.aggregates = AggregateSet::default();
        let place = ExprContext { aggregates: true, ranks: true, ..ExprContext::PATTERN };
        let CheckedColumns { columns, broken } = self.columns(&select.projections, place);
        let groups = !self.aggregates.is_empty();
        let ungrouped = groups.then(|| columns.iter().map(|column| column.expr.clone()).collect::<Vec<_>>());
        let GroupedColumns { group, columns } = self.group(columns, &select.projections);
        self.aggregates = AggregateSet::from_group(group.as_ref());
        let written = UngroupedExprs::new(originals(ungrouped.as_deref(), &columns));
        let having = select.having.as_ref().and_then(|having| self.having(having, select, &columns, &written));
        self.aggregates = AggregateSet::default();
        let body = ReadBody { block: Default::default(), group, columns, having, distinct: select.distinct };
        CheckedBody { body, ungrouped, broken }
    }

    /// Checks projections and names their columns.
    pub(super) fn columns(&mut self, projections: &[ReturnItem], place: ExprContext) -> CheckedColumns {
        let mut columns: Vec<OutputColumn> = Vec::with_capacity(projections.len());
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
            columns.push(OutputColumn { name: name.clone().into_owned(), expr });
            seen.insert(name, projection.at.0);
        }
        CheckedColumns { columns, broken }
    }

    /// Reports a value that cannot be returned.
    fn readable(&mut self, expr: Expr, projection: &ReturnItem) -> Option<Expr> {
        let span = projection.expr.span();
        match &expr.ty {
            ExprType::Value(ty) if ty.scalar == ScalarType::Blob => {
                let help = "blobs are read by their own interface";
                self.error_with_help(Code::T24, span, "a Blob cannot be returned by a query", help);
                None
            }
            ExprType::Duration { .. } => {
                self.error(Code::T7, span, "a duration cannot be returned; add it to a Date or DateTime");
                None
            }
            _ => Some(expr),
        }
    }

    fn having(
        &mut self,
        having: &ast::AstExpr,
        select: &AstSelect,
        columns: &[OutputColumn],
        originals: &UngroupedExprs<'_>,
    ) -> Option<Expr> {
        let grouped = !self.aggregates.is_empty();
        let blocks = if grouped { BlockPolicy::HAVING } else { BlockPolicy::Allowed };
        let returned = ReturnedColumns::new(columns, &select.projections);
        let place = ExprContext { names: NameScope::Columns(&returned), aggregates: grouped, blocks, ranks: false };
        let before = self.vars.len();
        let condition = self.condition(having, place, "`having`")?;
        if self.vars.len() > before {
            return self.having_with_block(condition, having, originals);
        }
        let over_columns = self.over_columns(condition, originals);
        if reads_rows(&over_columns) {
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

    /// Adds a condition with a block to the pattern. Without grouping the rows of the pattern are those returned; columns are
    /// replaced by their expressions.
    fn having_with_block(
        &mut self,
        condition: Expr,
        having: &ast::AstExpr,
        originals: &UngroupedExprs<'_>,
    ) -> Option<Expr> {
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

    /// Replaces returned expressions by their columns.
    pub(super) fn over_columns(&self, expr: Expr, originals: &UngroupedExprs<'_>) -> Expr {
        super::group::rewrite(expr, &mut |part| originals.position(part).map(ExprKind::Column))
    }

    fn union_word(&mut self, read: &AstRead) -> UnionMode {
        let mixed = read.unions.iter().find(|word| Some(word.all) != read.unions.first().map(|first| first.all));
        if let Some(word) = mixed {
            let message = "`union` and `union all` do not mix: it could be read in two ways";
            self.error(Code::T122, word.at.0, message);
        }
        if read.unions.first().is_some_and(|word| word.all) { UnionMode::All } else { UnionMode::Distinct }
    }

    /// Checks that all bodies have the same columns and returns them with their common types.
    fn union_columns(&mut self, read: &AstRead, bodies: &[ReadBody]) -> Vec<ColumnType> {
        let Some(first) = bodies.first() else { return Vec::new() };
        let described = |column: &OutputColumn| ColumnType { name: column.name.clone(), ty: column.expr.ty.clone() };
        let mut columns: Vec<ColumnType> = first.columns.iter().map(described).collect();
        for (body, select) in bodies.iter().zip(&read.selects).skip(1) {
            let names = body.columns.iter().map(|column| column.name.as_str());
            if !names.clone().eq(columns.iter().map(|column| column.name.as_str())) {
                let message = format!(
                    "the bodies of a union return the same columns in the same order: {} here, {} first",
                    quoted(names, ", "),
                    quoted(columns.iter().map(|column| &column.name), ", ")
                );
                self.error(Code::T121, select.at.0, message);
                continue;
            }
            for (ColumnType { name, ty }, column) in columns.iter_mut().zip(&body.columns) {
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

    /// Reports `nearest` and `rrf` without a limit: they rank all rows.
    fn require_limit(&mut self, read: &AstRead, rank: Option<&RankExpr>) {
        if read.limit.is_some() {
            return;
        }
        let (code, word) = match rank {
            Some(RankExpr::Nearest(_)) => (Code::T17, "nearest"),
            Some(RankExpr::Rrf(_)) => (Code::T21, "rrf"),
            _ => return,
        };
        let span = read.order.first().map_or(Span::default(), |item| item.at.0);
        self.error_with_help(code, span, format!("`{word}` requires a `limit`"), "add `limit 10` after the order");
    }
}

/// Returns the name of a column.
pub(super) fn column_name(projection: &ReturnItem) -> Cow<'_, str> {
    match &projection.alias {
        Some(alias) => Cow::Borrowed(&alias.text),
        None => Cow::Owned(default_name(&projection.expr)),
    }
}

/// Returns the name of a column without `as`.
fn default_name(expr: &ast::AstExpr) -> String {
    match &expr.kind {
        AstExprKind::Property { var, name } => format!("{}.{}", var.text, name.text),
        AstExprKind::System { var: Some(var), field } => format!("{}.@{}", var.text, field.text),
        AstExprKind::System { var: None, field } => format!("@{}", field.text),
        AstExprKind::Variable(name) | AstExprKind::Alias(name) => name.clone(),
        AstExprKind::Literal(_) => "literal".to_owned(),
        AstExprKind::Now => "now".to_owned(),
        AstExprKind::Call { name, .. } => name.text.clone(),
        AstExprKind::Aggregate { arg: Some(arg), .. } => default_name(arg),
        AstExprKind::Aggregate { function, arg: None, .. } => function.as_str().to_owned(),
        _ => crate::gq::print_expr(expr).replace('$', ""),
    }
}

/// Returns `true` if an expression reads variables, group keys or aggregates rather than columns and constants only.
pub(super) fn reads_rows(expr: &Expr) -> bool {
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
