//! The variables, fields and columns that expressions read.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    BinaryOp, CorrelatedBlock, CorrelatedKind, ExpandPattern, Expr, ExprKind, PathMode, PathPart, PathSearch,
    PatternBlock, RankExpr, SystemField, VarId,
};

use crate::query::exec::EntityField;
use crate::table::{EDGE_DST, EDGE_SRC, ID};

/// A part of a row that an expression reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowReference<'a> {
    /// A field of a node or edge.
    Field(VarId, EntityField),
    /// A value.
    Value(VarId),
    /// A part of a path.
    Path(VarId, PathPart),
    /// A text match, distance or rank, which is computed as a column of its own.
    Search(VarId, &'a Expr),
}

impl RowReference<'_> {
    pub(super) fn var(&self) -> VarId {
        match self {
            Self::Field(var, _) | Self::Value(var) | Self::Path(var, _) | Self::Search(var, _) => *var,
        }
    }
}

/// Returns the references of an expression in order, with repetitions.
pub(crate) fn references(expr: &Expr) -> Vec<RowReference<'_>> {
    let mut found = Vec::new();
    collect_references(expr, &mut found);
    found
}

fn collect_references<'a>(expr: &'a Expr, found: &mut Vec<RowReference<'a>>) {
    match &expr.kind {
        ExprKind::Property { var, property } => {
            found.push(RowReference::Field(*var, EntityField::Column(property.name.clone())));
        }
        ExprKind::System { var, field } => found.push(RowReference::Field(*var, system_field(*field))),
        ExprKind::Object(var) => found.push(RowReference::Field(*var, EntityField::Object)),
        ExprKind::Variable(var) => found.push(RowReference::Value(*var)),
        ExprKind::Path { var, part } => found.push(RowReference::Path(*var, *part)),
        ExprKind::TextMatch(text) => {
            found.push(RowReference::Search(text.var, expr));
            collect_references(&text.query, found);
        }
        ExprKind::Distance(nearest) => {
            found.push(RowReference::Search(nearest.var, expr));
            collect_references(&nearest.query, found);
        }
        ExprKind::Rank(rank) => {
            found.extend(rank_variables(rank).into_iter().map(|var| RowReference::Search(var, expr)));
        }
        ExprKind::IsNull(operand) if matches!(operand.kind, ExprKind::Object(_)) => {
            found.extend(whole_variable(operand).map(RowReference::Value));
        }
        _ => match identity_comparison(expr) {
            Some((left, right)) => found.extend([RowReference::Value(left), RowReference::Value(right)]),
            None => operands(expr).into_iter().for_each(|operand| collect_references(operand, found)),
        },
    }
}

/// Returns the variable of an expression that is a whole node or edge.
pub(super) fn whole_variable(expr: &Expr) -> Option<VarId> {
    match expr.kind {
        ExprKind::Object(var) => Some(var),
        _ => None,
    }
}

/// Returns the variables whose identities an expression compares.
pub(super) fn identity_comparison(expr: &Expr) -> Option<(VarId, VarId)> {
    let ExprKind::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } = &expr.kind else { return None };
    match (&left.kind, &right.kind) {
        (
            ExprKind::System { var: left, field: SystemField::Id },
            ExprKind::System { var: right, field: SystemField::Id },
        ) => Some((*left, *right)),
        _ => None,
    }
}

/// Makes an expression compare identities as text instead of as references.
pub(crate) fn compare_as_text(expr: &mut Expr) {
    if identity_comparison(expr).is_some()
        && let ExprKind::Binary { right, .. } = &mut expr.kind
    {
        let ty = right.ty.clone();
        let inner = std::mem::replace(right.as_mut(), Expr { kind: ExprKind::Now, ty: ty.clone() });
        **right = Expr { kind: ExprKind::Convert(Box::new(inner)), ty };
    }
    operands_mut(expr).into_iter().for_each(compare_as_text);
}

/// Returns the operands of an expression.
pub(super) fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::List(parts) | ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().collect(),
        ExprKind::Call { args, .. } => args.iter().collect(),
        ExprKind::Unary { operand, .. } | ExprKind::IsNull(operand) | ExprKind::Convert(operand) => vec![operand],
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::In { item, list } => vec![item, list],
        ExprKind::ListItem { list, index } => vec![list, index],
        ExprKind::JsonItem { json, key } => vec![json, key],
        _ => Vec::new(),
    }
}

/// Returns the operands of an expression, mutable.
pub(super) fn operands_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match &mut expr.kind {
        ExprKind::List(parts) | ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter_mut().collect(),
        ExprKind::Call { args, .. } => args.iter_mut().collect(),
        ExprKind::Unary { operand, .. } | ExprKind::IsNull(operand) | ExprKind::Convert(operand) => vec![operand],
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::In { item, list } => vec![item, list],
        ExprKind::ListItem { list, index } => vec![list, index],
        ExprKind::JsonItem { json, key } => vec![json, key],
        _ => Vec::new(),
    }
}

/// Returns the operands of a conjunction that are not conjunctions themselves.
pub(super) fn conjuncts(predicate: &Expr) -> Vec<Expr> {
    match &predicate.kind {
        ExprKind::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        _ => vec![predicate.clone()],
    }
}

/// Returns the indexes of the group keys that an expression reads.
pub(super) fn group_keys_read(expr: &Expr) -> Vec<usize> {
    let mut keys = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::GroupKey(index) = &expr.kind {
            keys.push(*index);
        }
        open.extend(operands(expr));
    }
    keys
}

/// Returns the variables whose entities a rank scores.
pub(super) fn rank_variables(rank: &RankExpr) -> Vec<VarId> {
    match rank {
        RankExpr::Nearest(nearest) => vec![nearest.var],
        RankExpr::Bm25(bm25) => vec![bm25.var],
        RankExpr::Rrf(fused) => fused.arms.iter().flat_map(|arm| rank_variables(&arm.rank)).collect(),
    }
}

/// Returns the field of nodes or edges that holds a system field.
pub(super) fn system_field(field: SystemField) -> EntityField {
    match field {
        SystemField::Id => EntityField::Column(ID.to_owned()),
        SystemField::Src => EntityField::Column(EDGE_SRC.to_owned()),
        SystemField::Dst => EntityField::Column(EDGE_DST.to_owned()),
        SystemField::Type => EntityField::Type,
    }
}

/// Returns the variables that expressions read.
pub(super) fn variables_read<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> BTreeSet<VarId> {
    exprs.into_iter().flat_map(references).map(|reference| reference.var()).collect()
}

/// Reports if an expression reads one variable and nothing else.
pub(super) fn reads_exactly(expr: &Expr, var: VarId) -> bool {
    let read = references(expr);
    !read.is_empty() && read.iter().all(|reference| reference.var() == var)
}

/// Reports if an expression reads no other variable.
pub(super) fn reads_at_most(expr: &Expr, var: VarId) -> bool {
    references(expr).iter().all(|reference| reference.var() == var)
}

/// Returns the variables that an expansion connects or reads.
pub(super) fn expand_variables(expand: &ExpandPattern) -> BTreeSet<VarId> {
    let mut vars = condition_variables(expand, None);
    vars.extend([expand.from, expand.to]);
    vars
}

/// Returns the variables that a path search connects or reads.
pub(super) fn path_variables(path: &PathSearch) -> BTreeSet<VarId> {
    let mut vars = condition_variables(&path.expand, edge_cost(path));
    vars.extend([path.expand.from, path.expand.to]);
    vars
}

/// Returns the variables other than the edge that the edge condition and the edge costs of a traversal read.
pub(super) fn condition_variables(expand: &ExpandPattern, cost: Option<&Expr>) -> BTreeSet<VarId> {
    let Some(walk) = &expand.walk else { return BTreeSet::new() };
    let mut vars = variables_read(walk.filter.iter().chain(cost));
    vars.remove(&walk.edge.id);
    vars
}

/// Returns the cost of an edge in a search for cheapest paths.
pub(super) fn edge_cost(path: &PathSearch) -> Option<&Expr> {
    match &path.mode {
        PathMode::Cheapest { cost } => Some(cost),
        _ => None,
    }
}

/// Returns the variables of a nested block that the outer block sees.
pub(super) fn exported_variables(correlated: &CorrelatedBlock) -> Vec<VarId> {
    match &correlated.kind {
        CorrelatedKind::Exists | CorrelatedKind::NotExists => Vec::new(),
        CorrelatedKind::Aggregate { into, .. } => vec![*into],
        CorrelatedKind::Optional => visible_variables(&correlated.block),
    }
}

/// Returns the variables that a block binds, with those of nested optional blocks.
pub(super) fn visible_variables(block: &PatternBlock) -> Vec<VarId> {
    let nested = block.blocks.iter().flat_map(exported_variables);
    block.variables.iter().map(|variable| variable.id).chain(nested).collect()
}

/// Returns the variables of a block that need ordinals, because the block connects, compares or scores them.
pub(super) fn ordinal_variables(block: &PatternBlock) -> BTreeSet<VarId> {
    let mut vars = BTreeSet::new();
    let paths = block.paths.iter().map(|path| &path.expand);
    for expand in block.expands.iter().chain(paths) {
        vars.extend([expand.from, expand.to]);
        let condition = expand.walk.as_ref().and_then(|walk| walk.filter.as_ref());
        vars.extend(condition.into_iter().flat_map(compared_variables));
    }
    vars.extend(block.filters.iter().flat_map(compared_variables));
    vars.extend(block.paths.iter().filter_map(edge_cost).flat_map(compared_variables));
    for nested in &block.blocks {
        vars.extend(ordinal_variables(&nested.block));
        if let CorrelatedKind::Aggregate { aggregate, .. } = &nested.kind {
            vars.extend(aggregate.arg.iter().flat_map(compared_variables));
        }
    }
    vars
}

/// Returns the variables that an expression compares or scores.
pub(super) fn compared_variables(expr: &Expr) -> BTreeSet<VarId> {
    let searched = |reference: RowReference<'_>| match reference {
        RowReference::Search(var, _) => Some(var),
        _ => None,
    };
    let mut vars: BTreeSet<VarId> = references(expr).into_iter().filter_map(searched).collect();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        vars.extend(identity_comparison(expr).into_iter().flat_map(|(a, b)| [a, b]));
        open.extend(operands(expr));
    }
    vars
}
