//! Order and paging.

use super::output_columns::{AggregateSet, ReturnedColumns, UngroupedExprs};
use super::read::{CheckedBody, reads_rows};
use super::scope::{VarInfo, VarKind};
use super::types::{is_integer, scalar_of, scalar_type};
use super::{BlockPolicy, ExprContext, NameScope, TypeChecker};
use crate::diagnostic::Code;
use crate::gq::ast::{self, AstRead};
use crate::ir::{
    ColumnType, Expr, ExprKind, ExprType, OrderKey, OutputColumn, PathPart, RankExpr, ResultOrder, RowCount,
    SystemField, VarId,
};
use crate::types::ScalarType;

impl TypeChecker<'_> {
    /// Checks the order of a query with one body.
    pub(super) fn ordering(&mut self, read: &AstRead, checked: &CheckedBody) -> ResultOrder {
        let body = &checked.body;
        let collapsed = body.group.is_some() || body.distinct;
        let mut order = ResultOrder::default();
        // Aggregates of order items must be among those returned; added ones are dropped afterwards.
        self.aggregates = AggregateSet::from_group(body.group.as_ref());
        let originals = UngroupedExprs::new(checked.originals());
        let written = read.selects.first().map_or(&[][..], |select| &select.projections);
        let returned = ReturnedColumns::new(&body.columns, written);
        for (index, item) in read.order.iter().enumerate() {
            let place = ExprContext {
                names: NameScope::Columns(&returned),
                aggregates: body.group.is_some(),
                blocks: if collapsed { BlockPolicy::ORDER } else { BlockPolicy::Allowed },
                ranks: true,
            };
            if checked.broken && matches!(item.expr.kind, ast::AstExprKind::Alias(_)) {
                // The column may be one with an error.
                continue;
            }
            let Some(expr) = self.expr(&item.expr, place) else { continue };
            if let Some(rank) = rank_of(&expr, &originals) {
                self.take_rank(index, rank.clone(), collapsed, item, &mut order);
                continue;
            }
            if let Some(key) = self.order_key(expr, item, checked, &originals) {
                order.keys.push(key);
            }
        }
        self.aggregates = AggregateSet::default();
        self.ties(&mut order, checked);
        order
    }

    fn take_rank(
        &mut self,
        index: usize,
        rank: RankExpr,
        collapsed: bool,
        item: &ast::OrderItem,
        order: &mut ResultOrder,
    ) {
        if collapsed {
            let message = "a rank orders rows of the pattern; aggregated or distinct rows are no longer those";
            self.error(Code::T124, item.at.0, message);
        } else if item.descending && matches!(rank, RankExpr::Nearest(_)) {
            // As a call it does not parse; here a column names it.
            let message = "`nearest` takes no direction: it always puts the nearest first";
            self.error_with_help(Code::T124, item.at.0, message, "order by `distance(…) desc` for the farthest");
        } else if index == 0 {
            order.rank = Some(rank);
        } else {
            let message = "a rank is the first item of `order`; what follows it breaks its ties";
            self.error(Code::T124, item.at.0, message);
        }
    }

    fn order_key(
        &mut self,
        expr: Expr,
        item: &ast::OrderItem,
        checked: &CheckedBody,
        originals: &UngroupedExprs<'_>,
    ) -> Option<OrderKey> {
        let collapsed = checked.body.group.is_some() || checked.body.distinct;
        let span = item.expr.span();
        let aggregates = matches!(expr.kind, ExprKind::Aggregated(_));
        let expr = self.over_columns(expr, originals);
        if collapsed && reads_rows(&expr) {
            if checked.broken {
                return None;
            }
            let what = if aggregates { "this aggregate" } else { "this key" };
            let message = format!("{what} is not returned, so the returned rows do not determine it");
            let help = "return it under a name and order by that: `return { count($x) as n } order { n desc }`";
            self.error_with_help(Code::T111, span, message, help);
            return None;
        }
        if !reads_rows(&expr) && !has_column(&expr) {
            let message = "an order key must differ between rows; this is the same for all";
            self.error(Code::T111, span, message);
            return None;
        }
        if scalar_of(&expr.ty).is_none() {
            self.error(Code::T111, span, format!("rows cannot be ordered by a `{}`", expr.ty));
            if matches!(expr.ty, ExprType::Object { .. }) {
                self.advise(Some("order by its identity: `$x.@id`".to_owned()));
            }
            return None;
        }
        Some(OrderKey { expr, descending: item.descending })
    }

    /// Sets the tie-breakers: ids of the bound variables, or the columns where rows are no longer those of the pattern.
    fn ties(&mut self, order: &mut ResultOrder, checked: &CheckedBody) {
        let body = &checked.body;
        if let Some(group) = &body.group {
            let keys = group.keys.len();
            let is_key = |column: &&(usize, &OutputColumn)| matches!(column.1.expr.kind, ExprKind::GroupKey(_));
            let columns: Vec<(usize, &OutputColumn)> = body.columns.iter().enumerate().collect();
            order.ties = columns
                .iter()
                .filter(is_key)
                .filter_map(|(index, column)| column_key(*index, &column.expr.ty))
                .collect();
            order.total = order.ties.len() == keys;
        } else if body.distinct {
            order.ties = columns_in_order(body.columns.iter().map(|column| &column.expr.ty));
            order.total = order.ties.len() == body.columns.len();
        } else {
            order.ties = identity_order(self);
            order.total = !order.ties.is_empty() && !has_unnamed(self);
        }
    }

    /// Checks the order of a union: over columns only.
    pub(super) fn union_order(&mut self, read: &AstRead, columns: &[ColumnType]) -> ResultOrder {
        let named: Vec<OutputColumn> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| OutputColumn {
                name: column.name.clone(),
                expr: Expr::new(ExprKind::Column(index), column.ty.clone()),
            })
            .collect();
        self.vars.clear();
        self.frames.clear();
        let returned = ReturnedColumns::new(&named, &[]);
        let mut order = ResultOrder::default();
        for item in &read.order {
            let place = ExprContext {
                names: NameScope::Columns(&returned),
                blocks: BlockPolicy::UNION,
                ..ExprContext::PATTERN
            };
            let Some(expr) = self.expr(&item.expr, place) else { continue };
            if !has_column(&expr) || scalar_of(&expr.ty).is_none() {
                let message = "the result of a union is ordered by its columns";
                self.error(Code::T111, item.at.0, message);
                continue;
            }
            order.keys.push(OrderKey { expr, descending: item.descending });
        }
        order.ties = columns_in_order(columns.iter().map(|column| &column.ty));
        // Equal rows of a `union all` are indistinguishable.
        let distinct = !read.unions.first().is_some_and(|word| word.all);
        order.total = distinct && order.ties.len() == columns.len();
        order
    }

    /// Checks `limit` or `offset`.
    pub(super) fn count(&mut self, count: &ast::AstRowCount, what: &str) -> Option<RowCount> {
        match count {
            ast::AstRowCount::Literal(value, _) => Some(RowCount::Literal(*value)),
            ast::AstRowCount::Param(name) => {
                let integer = |ty: &ExprType| scalar_of(ty).is_some_and(|ty| is_integer(ty.scalar));
                self.param_of(name, what, integer).map(RowCount::Param)
            }
        }
    }
}

/// Returns the rank of an order item: written there, or the column that it names.
fn rank_of<'e>(expr: &'e Expr, originals: &UngroupedExprs<'e>) -> Option<&'e RankExpr> {
    let expr = match expr.kind {
        ExprKind::Column(index) => originals.get(index)?,
        _ => expr,
    };
    match &expr.kind {
        ExprKind::Rank(rank) => Some(rank),
        _ => None,
    }
}

fn has_column(expr: &Expr) -> bool {
    let mut found = false;
    super::group::visit(expr, &mut |part| found |= matches!(part, ExprKind::Column(_)));
    found
}

/// Returns a column as a tie-breaker, if it can be ordered.
fn column_key(index: usize, ty: &ExprType) -> Option<OrderKey> {
    let orderable = scalar_of(ty).is_some() || matches!(ty, ExprType::Object { .. });
    orderable.then(|| OrderKey { expr: Expr::new(ExprKind::Column(index), ty.clone()), descending: false })
}

fn columns_in_order<'t>(types: impl Iterator<Item = &'t ExprType>) -> Vec<OrderKey> {
    types.enumerate().filter_map(|(index, ty)| column_key(index, ty)).collect()
}

/// Returns the default order of a body's rows: by the ids of its node and edge variables in order of their names, then by the hop
/// counts and paths that these leave undetermined.
pub(super) fn identity_order(checker: &TypeChecker) -> Vec<OrderKey> {
    let key = |var, kind, scalar| OrderKey {
        expr: Expr::new(kind, scalar_type(scalar, checker.var(var).optional)),
        descending: false,
    };
    let ids = named(checker, |info| is_entity(checker, info)).into_iter().flat_map(|var| {
        // Nodes of several types may share an id.
        let several = checker.types_of(var).len() > 1;
        let fields: &[SystemField] = if several { &[SystemField::Id, SystemField::Type] } else { &[SystemField::Id] };
        fields.iter().map(move |field| key(var, ExprKind::System { var, field: *field }, ScalarType::String))
    });
    // A walk between named nodes has one hop count, and one path unless all are asked for.
    let unnamed = has_unnamed(checker);
    let open = named(checker, |info| match info.kind {
        VarKind::Hops => unnamed,
        VarKind::Path { several } => unnamed || several,
        _ => false,
    });
    let open = open.into_iter().map(|var| match checker.var(var).kind {
        VarKind::Path { .. } => key(var, ExprKind::Path { var, part: PathPart::Identity }, ScalarType::String),
        _ => key(var, ExprKind::Variable(var), ScalarType::I64),
    });
    ids.chain(open).collect()
}

/// Returns `true` if a body has nodes or edges without a name, which do not distinguish rows.
pub(super) fn has_unnamed(checker: &TypeChecker) -> bool {
    checker.vars.iter().any(|info| info.level == 0 && info.name.is_none() && is_entity(checker, info))
}

fn is_entity(checker: &TypeChecker, info: &VarInfo) -> bool {
    !checker.types_of(info.id).is_empty() && !matches!(info.kind, VarKind::WalkEdge { .. })
}

/// Returns the matching variables of a body, in order of their names.
fn named(checker: &TypeChecker, such: impl Fn(&VarInfo) -> bool) -> Vec<VarId> {
    let infos = checker.vars.iter().filter(|info| info.level == 0 && such(info));
    let mut named: Vec<(&str, VarId)> = infos.filter_map(|info| Some((info.name.as_deref()?, info.id))).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}
