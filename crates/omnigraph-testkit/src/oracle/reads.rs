//! Which variables an expression or an expansion reads.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    Bm25, Expand, Expr, ExprKind, Fused, Nearest, PathMode, PathSearch, Rank, TextMatchKind, VarId,
};

/// The variables an expression reads.
pub(super) fn of_expr(expr: &Expr) -> BTreeSet<VarId> {
    match &expr.kind {
        ExprKind::Property { var, .. }
        | ExprKind::System { var, .. }
        | ExprKind::Object(var)
        | ExprKind::Variable(var)
        | ExprKind::Path { var, .. } => BTreeSet::from([*var]),
        ExprKind::List(items) | ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Call { args: items, .. } => {
            items.iter().flat_map(of_expr).collect()
        }
        ExprKind::Unary { operand, .. } | ExprKind::IsNull(operand) | ExprKind::Convert(operand) => of_expr(operand),
        ExprKind::Binary { left: a, right: b, .. }
        | ExprKind::In { item: a, list: b }
        | ExprKind::ListItem { list: a, index: b }
        | ExprKind::JsonItem { json: a, key: b } => of_expr(a).into_iter().chain(of_expr(b)).collect(),
        ExprKind::TextMatch(text) => {
            let edits = match &text.kind {
                TextMatchKind::Fuzzy { edits } => of_expr(edits),
                _ => BTreeSet::new(),
            };
            [text.var].into_iter().chain(of_expr(&text.query)).chain(edits).collect()
        }
        ExprKind::Distance(nearest) => of_nearest(nearest),
        ExprKind::Rank(rank) => of_rank(rank),
        ExprKind::Literal(_)
        | ExprKind::Param(_)
        | ExprKind::Now
        | ExprKind::GroupKey(_)
        | ExprKind::Aggregated(_)
        | ExprKind::Column(_) => BTreeSet::new(),
    }
}

fn of_rank(rank: &Rank) -> BTreeSet<VarId> {
    match rank {
        Rank::Nearest(nearest) => of_nearest(nearest),
        Rank::Bm25(Bm25 { var, query, .. }) => [*var].into_iter().chain(of_expr(query)).collect(),
        Rank::Rrf(Fused { arms, k }) => arms.iter().flat_map(|(arm, _)| of_rank(arm)).chain(of_expr(k)).collect(),
    }
}

fn of_nearest(nearest: &Nearest) -> BTreeSet<VarId> {
    [nearest.var].into_iter().chain(of_expr(&nearest.query)).collect()
}

/// The variables an expansion reads: its ends, and what its condition compares edges with.
pub(super) fn of_expand(expand: &Expand) -> BTreeSet<VarId> {
    let mut read = BTreeSet::from([expand.from, expand.to]);
    if let Some(walk) = &expand.walk {
        read.extend(walk.filter.iter().flat_map(of_expr).filter(|var| *var != walk.edge.id));
    }
    read
}

/// The variables a search for paths reads.
pub(super) fn of_path(path: &PathSearch) -> BTreeSet<VarId> {
    let mut read = of_expand(&path.expand);
    if let PathMode::Cheapest { cost } = &path.mode {
        let edge = path.expand.walk.as_ref().map(|walk| walk.edge.id);
        read.extend(of_expr(cost).into_iter().filter(|var| Some(*var) != edge));
    }
    read
}
