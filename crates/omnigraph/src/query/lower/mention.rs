//! Which variables and fields an expression reads.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    Aggregate, BinaryOp, Block, Correlated, CorrelatedKind, Expand, Expr, ExprKind, PathMode, PathPart, PathSearch,
    Rank, SystemField, VarId,
};

use crate::query::operator::Field;
use crate::table::{EDGE_DST, EDGE_SRC, ID};

/// What an expression reads of a row.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::query) enum Mention<'a> {
    /// A field of a node or edge.
    Field(VarId, Field),
    /// A value.
    Value(VarId),
    /// A part of a path.
    Path(VarId, PathPart),
    /// A text match, a distance or a rank: computed over a variable as a column of its own.
    Search(VarId, &'a Expr),
}

impl Mention<'_> {
    pub(super) fn var(&self) -> VarId {
        match self {
            Self::Field(var, _) | Self::Value(var) | Self::Path(var, _) | Self::Search(var, _) => *var,
        }
    }
}

/// What `expr` reads, in order, repeated as often as it is read.
pub(in crate::query) fn mentions(expr: &Expr) -> Vec<Mention<'_>> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found
}

fn collect<'a>(expr: &'a Expr, found: &mut Vec<Mention<'a>>) {
    match &expr.kind {
        ExprKind::Property { var, property } => found.push(Mention::Field(*var, Field::Column(property.name.clone()))),
        ExprKind::System { var, field } => found.push(Mention::Field(*var, system(*field))),
        ExprKind::Object(var) => found.push(Mention::Field(*var, Field::Object)),
        ExprKind::Variable(var) => found.push(Mention::Value(*var)),
        ExprKind::Path { var, part } => found.push(Mention::Path(*var, *part)),
        ExprKind::TextMatch(text) => {
            found.push(Mention::Search(text.var, expr));
            collect(&text.query, found);
        }
        ExprKind::Distance(nearest) => {
            found.push(Mention::Search(nearest.var, expr));
            collect(&nearest.query, found);
        }
        ExprKind::Rank(rank) => found.extend(rank_variables(rank).into_iter().map(|var| Mention::Search(var, expr))),
        ExprKind::IsNull(operand) if matches!(operand.kind, ExprKind::Object(_)) => {
            found.extend(object(operand).map(Mention::Value));
        }
        _ => match compared(expr) {
            Some((left, right)) => found.extend([Mention::Value(left), Mention::Value(right)]),
            None => parts(expr).into_iter().for_each(|part| collect(part, found)),
        },
    }
}

/// The variable that an expression stands for as a whole.
pub(super) fn object(expr: &Expr) -> Option<VarId> {
    match expr.kind {
        ExprKind::Object(var) => Some(var),
        _ => None,
    }
}

/// The variables whose identities an expression compares.
pub(super) fn compared(expr: &Expr) -> Option<(VarId, VarId)> {
    let ExprKind::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } = &expr.kind else { return None };
    match (&left.kind, &right.kind) {
        (
            ExprKind::System { var: left, field: SystemField::Id },
            ExprKind::System { var: right, field: SystemField::Id },
        ) => Some((*left, *right)),
        _ => None,
    }
}

/// Has an expression compare identities as the texts they are, and not by the numbers of rows.
pub(crate) fn compare_as_text(expr: &mut Expr) {
    if compared(expr).is_some()
        && let ExprKind::Binary { right, .. } = &mut expr.kind
    {
        let ty = right.ty.clone();
        let inner = std::mem::replace(right.as_mut(), Expr { kind: ExprKind::Now, ty: ty.clone() });
        **right = Expr { kind: ExprKind::Convert(Box::new(inner)), ty };
    }
    parts_mut(expr).into_iter().for_each(compare_as_text);
}

/// The operands of an expression.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
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

/// The operands of an expression, to be changed.
pub(super) fn parts_mut(expr: &mut Expr) -> Vec<&mut Expr> {
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

/// The variables whose entities a rank scores.
pub(super) fn rank_variables(rank: &Rank) -> Vec<VarId> {
    match rank {
        Rank::Nearest(nearest) => vec![nearest.var],
        Rank::Bm25(bm25) => vec![bm25.var],
        Rank::Rrf(fused) => fused.arms.iter().flat_map(|(arm, _)| rank_variables(arm)).collect(),
    }
}

/// The field that a system field is.
pub(super) fn system(field: SystemField) -> Field {
    match field {
        SystemField::Id => Field::Column(ID.to_owned()),
        SystemField::Src => Field::Column(EDGE_SRC.to_owned()),
        SystemField::Dst => Field::Column(EDGE_DST.to_owned()),
        SystemField::Type => Field::Type,
    }
}

/// The variables that expressions read.
pub(super) fn variables<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> BTreeSet<VarId> {
    exprs.into_iter().flat_map(mentions).map(|mention| mention.var()).collect()
}

/// The variables that an aggregate reads.
pub(super) fn of_aggregate(aggregate: &Aggregate) -> BTreeSet<VarId> {
    variables(&aggregate.arg)
}

/// The variables that an expansion connects or reads.
pub(super) fn of_expand(expand: &Expand) -> BTreeSet<VarId> {
    let mut vars = read_beside_edge(expand, None);
    vars.extend([expand.from, expand.to]);
    vars
}

/// The variables that a path search connects or reads.
pub(super) fn of_path(path: &PathSearch) -> BTreeSet<VarId> {
    let mut vars = read_beside_edge(&path.expand, cost_of(path));
    vars.extend([path.expand.from, path.expand.to]);
    vars
}

/// The variables that the condition on a walk and the costs of its edges read beside the edge.
pub(super) fn read_beside_edge(expand: &Expand, cost: Option<&Expr>) -> BTreeSet<VarId> {
    let Some(walk) = &expand.walk else { return BTreeSet::new() };
    let mut vars = variables(walk.filter.iter().chain(cost));
    vars.remove(&walk.edge.id);
    vars
}

/// What an edge of a path costs, where that is asked for.
pub(super) fn cost_of(path: &PathSearch) -> Option<&Expr> {
    match &path.mode {
        PathMode::Cheapest { cost } => Some(cost),
        _ => None,
    }
}

/// The variables of its own that a nested block binds for the outer one.
pub(super) fn bound_by(correlated: &Correlated) -> Vec<VarId> {
    match &correlated.kind {
        CorrelatedKind::Exists | CorrelatedKind::NotExists => Vec::new(),
        CorrelatedKind::Aggregate { into, .. } => vec![*into],
        CorrelatedKind::Optional => visible(&correlated.block),
    }
}

/// The variables that a block binds, those of nested optional blocks included.
pub(super) fn visible(block: &Block) -> Vec<VarId> {
    let nested = block.blocks.iter().flat_map(bound_by);
    block.variables.iter().map(|variable| variable.id).chain(nested).collect()
}

/// The variables of a block that are known by number and not just by the address of a row: what is connected, compared or
/// scored.
pub(super) fn numbered(block: &Block) -> BTreeSet<VarId> {
    let mut vars = BTreeSet::new();
    vars.extend(block.expands.iter().flat_map(|expand| [expand.from, expand.to]));
    vars.extend(block.paths.iter().flat_map(|path| [path.expand.from, path.expand.to]));
    vars.extend(block.filters.iter().flat_map(numbered_in));
    let walks = block.expands.iter().chain(block.paths.iter().map(|path| &path.expand));
    vars.extend(walks.filter_map(|expand| expand.walk.as_ref()?.filter.as_ref()).flat_map(numbered_in));
    vars.extend(block.paths.iter().filter_map(cost_of).flat_map(numbered_in));
    for nested in &block.blocks {
        vars.extend(numbered(&nested.block));
        if let CorrelatedKind::Aggregate { aggregate, .. } = &nested.kind {
            vars.extend(aggregate.arg.iter().flat_map(numbered_in));
        }
    }
    vars
}

/// The variables that an expression compares or scores.
pub(super) fn numbered_in(expr: &Expr) -> BTreeSet<VarId> {
    let mut vars: BTreeSet<VarId> = mentions(expr)
        .into_iter()
        .filter_map(|mention| match mention {
            Mention::Search(var, _) => Some(var),
            _ => None,
        })
        .collect();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        vars.extend(compared(expr).into_iter().flat_map(|(a, b)| [a, b]));
        open.extend(parts(expr));
    }
    vars
}
