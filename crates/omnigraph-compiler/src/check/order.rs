//! Order and paging.

use super::read::{Checked, mentions};
use super::returned::{Aggregates, Originals, Returned};
use super::scope::{VarInfo, VarKind};
use super::types::{is_integer, scalar_of, scalar_type};
use super::{Blocks, Checker, Names, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{self, Read};
use crate::ir::{Column, Count, Expr, ExprKind, OrderKey, Ordering, PathPart, Rank, SystemField, Type, VarId};
use crate::types::Scalar;

impl Checker<'_> {
    /// The order of a query with one body.
    pub(super) fn ordering(&mut self, read: &Read, checked: &Checked) -> Ordering {
        let body = &checked.body;
        let collapsed = body.group.is_some() || body.distinct;
        let mut order = Ordering::default();
        // Aggregates of order items must be found among those returned; what they add is dropped afterwards.
        self.aggregates = Aggregates::of(body.group.as_ref());
        let originals = Originals::of(checked.originals());
        let written = read.selects.first().map_or(&[][..], |select| &select.projections);
        let returned = Returned::of(&body.columns, written);
        for (index, item) in read.order.iter().enumerate() {
            let place = Place {
                names: Names::Columns(&returned),
                aggregates: body.group.is_some(),
                blocks: if collapsed { Blocks::ORDER } else { Blocks::Allowed },
                ranks: true,
            };
            if checked.broken && matches!(item.expr.kind, ast::ExprKind::Alias(_)) {
                // The column may be among those that are in error themselves.
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
        self.aggregates = Aggregates::default();
        self.ties(&mut order, checked);
        order
    }

    fn take_rank(&mut self, index: usize, rank: Rank, collapsed: bool, item: &ast::OrderItem, order: &mut Ordering) {
        if collapsed {
            let message = "a rank orders rows of the pattern; aggregated or distinct rows are no longer those";
            self.error(Code::T124, item.at.0, message);
        } else if item.descending && matches!(rank, Rank::Nearest(_)) {
            // Written as a call it does not parse; here a column stands for it.
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
        checked: &Checked,
        originals: &Originals<'_>,
    ) -> Option<OrderKey> {
        let collapsed = checked.body.group.is_some() || checked.body.distinct;
        let span = item.expr.span();
        let aggregates = matches!(expr.kind, ExprKind::Aggregated(_));
        let expr = self.over_columns(expr, originals);
        if collapsed && mentions(&expr) {
            if checked.broken {
                return None;
            }
            let what = if aggregates { "this aggregate is" } else { "this is" };
            let message = format!("{what} not returned, so the rows that are do not determine it");
            let help = "return it under a name and order by that: `return { count($x) as n } order { n desc }`";
            self.error_with_help(Code::T111, span, message, help);
            return None;
        }
        if !mentions(&expr) && !has_column(&expr) {
            let message = "an order key must differ between rows; this is the same for all";
            self.error(Code::T111, span, message);
            return None;
        }
        if scalar_of(&expr.ty).is_none() {
            self.error(Code::T111, span, format!("rows cannot be ordered by a `{}`", expr.ty));
            if matches!(expr.ty, Type::Object { .. }) {
                self.advise(Some("order by its identity: `$x.@id`".to_owned()));
            }
            return None;
        }
        Some(OrderKey { expr, descending: item.descending })
    }

    /// What breaks ties: identities of the bound variables, or the columns where rows are no longer those of the pattern.
    fn ties(&mut self, order: &mut Ordering, checked: &Checked) {
        let body = &checked.body;
        if let Some(group) = &body.group {
            let keys = group.keys.len();
            let is_key = |column: &&(usize, &Column)| matches!(column.1.expr.kind, ExprKind::GroupKey(_));
            let columns: Vec<(usize, &Column)> = body.columns.iter().enumerate().collect();
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
            order.ties = identities(self);
            order.total = !order.ties.is_empty() && !has_unnamed(self);
        }
    }

    /// The order of a union: over columns only.
    pub(super) fn union_order(&mut self, read: &Read, columns: &[(String, Type)]) -> Ordering {
        let named: Vec<Column> = columns
            .iter()
            .enumerate()
            .map(|(index, (name, ty))| Column {
                name: name.clone(),
                expr: Expr { kind: ExprKind::Column(index), ty: ty.clone() },
            })
            .collect();
        self.vars.clear();
        self.frames.clear();
        let returned = Returned::of(&named, &[]);
        let mut order = Ordering::default();
        for item in &read.order {
            let place =
                Place { names: Names::Columns(&returned), aggregates: false, blocks: Blocks::UNION, ranks: false };
            let Some(expr) = self.expr(&item.expr, place) else { continue };
            if !has_column(&expr) || scalar_of(&expr.ty).is_none() {
                let message = "the result of a union is ordered by its columns";
                self.error(Code::T111, item.at.0, message);
                continue;
            }
            order.keys.push(OrderKey { expr, descending: item.descending });
        }
        order.ties = columns_in_order(columns.iter().map(|(_, ty)| ty));
        // Equal rows of a `union all` cannot be told apart.
        let distinct = !read.unions.first().is_some_and(|word| word.all);
        order.total = distinct && order.ties.len() == columns.len();
        order
    }

    /// `limit` or `offset`.
    pub(super) fn count(&mut self, count: &ast::Count, what: &str) -> Option<Count> {
        match count {
            ast::Count::Literal(value, _) => Some(Count::Literal(*value)),
            ast::Count::Param(name) => {
                let integer = |ty: &Type| scalar_of(ty).is_some_and(|ty| is_integer(ty.scalar));
                self.param_of(name, what, integer).map(Count::Param)
            }
        }
    }
}

/// The rank an order item asks for: written there, or returned as the column it names.
fn rank_of<'e>(expr: &'e Expr, originals: &Originals<'e>) -> Option<&'e Rank> {
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

/// A column as a key that breaks ties, if it can be ordered by.
fn column_key(index: usize, ty: &Type) -> Option<OrderKey> {
    let orderable = scalar_of(ty).is_some() || matches!(ty, Type::Object { .. });
    orderable.then(|| OrderKey { expr: Expr { kind: ExprKind::Column(index), ty: ty.clone() }, descending: false })
}

fn columns_in_order<'t>(types: impl Iterator<Item = &'t Type>) -> Vec<OrderKey> {
    types.enumerate().filter_map(|(index, ty)| column_key(index, ty)).collect()
}

/// The order of a body's rows where nothing else orders them: by the ids of its node and edge variables, in order of their
/// names, then by the hop counts and paths that those leave open, likewise.
pub(super) fn identities(checker: &Checker) -> Vec<OrderKey> {
    let key = |var, kind, scalar| OrderKey {
        expr: Expr { kind, ty: scalar_type(scalar, checker.var(var).optional) },
        descending: false,
    };
    let ids = named(checker, |info| is_entity(checker, info)).into_iter().flat_map(|var| {
        // Nodes of several types may share an id.
        let several = checker.types_of(var).len() > 1;
        let fields: &[SystemField] = if several { &[SystemField::Id, SystemField::Type] } else { &[SystemField::Id] };
        fields.iter().map(move |field| key(var, ExprKind::System { var, field: *field }, Scalar::String))
    });
    // A walk between named nodes has one hop count, and one path unless all are asked for.
    let unnamed = has_unnamed(checker);
    let open = named(checker, |info| match info.kind {
        VarKind::Hops => unnamed,
        VarKind::Path { several } => unnamed || several,
        _ => false,
    });
    let open = open.into_iter().map(|var| match checker.var(var).kind {
        VarKind::Path { .. } => key(var, ExprKind::Path { var, part: PathPart::Identity }, Scalar::String),
        _ => key(var, ExprKind::Variable(var), Scalar::I64),
    });
    ids.chain(open).collect()
}

/// Whether a body has nodes or edges without a name, of which nothing tells rows apart.
pub(super) fn has_unnamed(checker: &Checker) -> bool {
    checker.vars.iter().any(|info| info.level == 0 && info.name.is_none() && is_entity(checker, info))
}

fn is_entity(checker: &Checker, info: &VarInfo) -> bool {
    !checker.types_of(info.id).is_empty() && !matches!(info.kind, VarKind::WalkEdge { .. })
}

/// The variables of a body that are such, in order of their names.
fn named(checker: &Checker, such: impl Fn(&VarInfo) -> bool) -> Vec<VarId> {
    let infos = checker.vars.iter().filter(|info| info.level == 0 && such(info));
    let mut named: Vec<(&str, VarId)> = infos.filter_map(|info| Some((info.name.as_deref()?, info.id))).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}
