//! The variables that an expression or an expansion reads.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    Bm25Score, ExpandPattern, Expr, ExprKind, PathMode, PathSearch, RankExpr, RankFusion, TextMatchKind, VarId,
    VectorDistance,
};

/// Returns the variables that an expression reads.
pub(super) fn expr_variables(expr: &Expr) -> BTreeSet<VarId> {
    match &expr.kind {
        ExprKind::Property { var, .. }
        | ExprKind::System { var, .. }
        | ExprKind::Object(var)
        | ExprKind::Variable(var)
        | ExprKind::Path { var, .. } => BTreeSet::from([*var]),
        ExprKind::List(items) | ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Call { args: items, .. } => {
            items.iter().flat_map(expr_variables).collect()
        }
        ExprKind::Unary { operand, .. } | ExprKind::IsNull(operand) | ExprKind::Convert(operand) => {
            expr_variables(operand)
        }
        ExprKind::Binary { left: a, right: b, .. }
        | ExprKind::In { item: a, list: b }
        | ExprKind::ListItem { list: a, index: b }
        | ExprKind::JsonItem { json: a, key: b } => expr_variables(a).into_iter().chain(expr_variables(b)).collect(),
        ExprKind::TextMatch(text) => {
            let edits = match &text.kind {
                TextMatchKind::Fuzzy { edits } => expr_variables(edits),
                _ => BTreeSet::new(),
            };
            [text.var].into_iter().chain(expr_variables(&text.query)).chain(edits).collect()
        }
        ExprKind::Distance(nearest) => nearest_variables(nearest),
        ExprKind::Rank(rank) => rank_variables(rank),
        ExprKind::Literal(_)
        | ExprKind::Param(_)
        | ExprKind::Now
        | ExprKind::GroupKey(_)
        | ExprKind::Aggregated(_)
        | ExprKind::Column(_) => BTreeSet::new(),
    }
}

fn rank_variables(rank: &RankExpr) -> BTreeSet<VarId> {
    match rank {
        RankExpr::Nearest(nearest) => nearest_variables(nearest),
        RankExpr::Bm25(Bm25Score { var, query, .. }) => [*var].into_iter().chain(expr_variables(query)).collect(),
        RankExpr::Rrf(RankFusion { arms, k }) => {
            arms.iter().flat_map(|arm| rank_variables(&arm.rank)).chain(expr_variables(k)).collect()
        }
    }
}

fn nearest_variables(nearest: &VectorDistance) -> BTreeSet<VarId> {
    [nearest.var].into_iter().chain(expr_variables(&nearest.query)).collect()
}

/// Returns the variables that an expansion reads: its endpoints and those of its condition.
pub(super) fn expand_variables(expand: &ExpandPattern) -> BTreeSet<VarId> {
    let mut read = BTreeSet::from([expand.from, expand.to]);
    if let Some(walk) = &expand.walk {
        read.extend(walk.filter.iter().flat_map(expr_variables).filter(|var| *var != walk.edge.id));
    }
    read
}

/// Returns the variables that a search for paths reads.
pub(super) fn path_variables(path: &PathSearch) -> BTreeSet<VarId> {
    let mut read = expand_variables(&path.expand);
    if let PathMode::Cheapest { cost } = &path.mode {
        let edge = path.expand.walk.as_ref().map(|walk| walk.edge.id);
        read.extend(expr_variables(cost).into_iter().filter(|var| Some(*var) != edge));
    }
    read
}
