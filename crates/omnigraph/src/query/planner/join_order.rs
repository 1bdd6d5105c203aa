//! Join order: where a pattern starts, which expansion comes next, and which conditions join unconnected parts.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    BinaryOp, ExpandPattern, ExpandStep, Expr, ExprKind, HopRange, PathSearch, StepDirection, TypeRef, VarId,
};

use super::access_path::KnownIds;
use super::context::PlanContext;
use super::pattern::RemainingPattern;
use super::references::{condition_variables, edge_cost, identity_comparison, reads_exactly, variables_read};
use super::scope::PlanScope;

/// Scale of estimated rows, so that fractions of a row differ.
const ROW_WEIGHT: u64 = 16;

/// The preferences for the start of a pattern.
pub(super) struct StartChoice<'a> {
    pub(super) ids: &'a KnownIds<'a>,
    /// Variables that are read later.
    pub(super) live: &'a BTreeSet<VarId>,
    /// Starts rather at a live variable, because a row can represent several only if its group key comes first.
    pub(super) prefers_live: bool,
}

impl StartChoice<'_> {
    /// Returns the unbound variable with the fewest estimated rows, without the variables in `excluded`.
    pub(super) fn best(
        &self,
        context: &PlanContext,
        remaining: &RemainingPattern<'_>,
        excluded: &BTreeSet<VarId>,
    ) -> Option<VarId> {
        // Among equals the one with the most connections: their other ends can be counted instead of expanded.
        let connections =
            |var| remaining.expands.iter().filter(|expand| expand.from == var || expand.to == var).count();
        let rank = |(var, types): (&VarId, &Vec<TypeRef>)| {
            (self.weight(context, remaining, *var, types), Reverse(connections(*var)), *var)
        };
        let candidates = remaining.unbound.iter().filter(|(var, _)| !excluded.contains(*var));
        candidates.map(rank).min().map(|(.., var)| var)
    }

    fn weight(&self, context: &PlanContext, remaining: &RemainingPattern<'_>, var: VarId, types: &[TypeRef]) -> u64 {
        if let Some(known) = self.ids.get(&var) {
            return known.ids.len() as u64;
        }
        let rows: u64 = types.iter().map(|ty| context.type_rows(&ty.name)).sum();
        let conditions = remaining.filters.iter().filter(|condition| reads_exactly(condition, var));
        let mut weight = conditions
            .fold(rows.saturating_mul(ROW_WEIGHT), |weight, condition| weight / selectivity(condition).max(1));
        if self.prefers_live && !self.live.contains(&var) {
            weight = weight.saturating_mul(4);
        }
        weight.max(ROW_WEIGHT)
    }
}

/// Returns the estimated factor by which a condition reduces rows.
fn selectivity(condition: &Expr) -> u64 {
    match &condition.kind {
        ExprKind::Binary { op: BinaryOp::Equal, .. } => 32,
        ExprKind::Binary { op: BinaryOp::NotEqual, .. } => 1,
        ExprKind::TextMatch(_) | ExprKind::In { .. } => 16,
        ExprKind::Binary { op: BinaryOp::StartsWith | BinaryOp::EndsWith | BinaryOp::ContainsText, .. } => 16,
        ExprKind::And(parts) => parts.iter().map(selectivity).max().unwrap_or(1),
        _ => 3,
    }
}

/// Returns the unbound variables that are connected to a variable of a later block. They wait for that block.
pub(super) fn deferred_variables(remaining: &RemainingPattern<'_>, scope: &PlanScope) -> BTreeSet<VarId> {
    let is_later = |var: VarId| !scope.binds(var) && !remaining.unbound.contains_key(&var);
    let mut deferred = BTreeSet::new();
    for (expand, read) in connections(remaining) {
        if is_later(expand.from) || is_later(expand.to) || read.into_iter().any(is_later) {
            deferred.extend([expand.from, expand.to]);
        }
    }
    // The outer variables of a block come before it.
    deferred.retain(|var| !remaining.blocks.iter().any(|block| block.outer.contains(var)));
    deferred
}

/// Returns the ends of connections whose edge conditions read unbound variables. Those variables should come first.
pub(super) fn blocked_variables(remaining: &RemainingPattern<'_>, scope: &PlanScope) -> BTreeSet<VarId> {
    let (mut blocked, mut required) = (BTreeSet::new(), BTreeSet::new());
    for (expand, read) in connections(remaining) {
        if !read.iter().all(|var| scope.binds(*var)) {
            blocked.extend([expand.from, expand.to]);
            required.extend(read);
        }
    }
    &blocked - &required
}

/// Returns every expansion and path search, with the variables that its edge conditions read.
fn connections<'a>(remaining: &RemainingPattern<'a>) -> impl Iterator<Item = (&'a ExpandPattern, BTreeSet<VarId>)> {
    let expands = remaining.expands.iter().map(|expand| (*expand, condition_variables(expand, None)));
    let paths = remaining.paths.iter().map(|path| (&path.expand, condition_variables(&path.expand, edge_cost(path))));
    expands.chain(paths)
}

/// Returns the expansion to apply next: one between bound variables, or else the one with the least fan-out.
pub(super) fn next_expand<'a>(
    context: &PlanContext,
    scope: &PlanScope,
    remaining: &RemainingPattern<'a>,
) -> Option<&'a ExpandPattern> {
    let bound = |var: VarId| scope.binds(var);
    // Other variables are bound by a later block.
    let available = |var: VarId| bound(var) || remaining.unbound.contains_key(&var);
    let is_ready = |expand: &ExpandPattern| {
        (bound(expand.from) || bound(expand.to))
            && available(expand.from)
            && available(expand.to)
            && condition_variables(expand, None).into_iter().all(bound)
    };
    let weight = |expand: &&&ExpandPattern| {
        let opens_variable = !(bound(expand.from) && bound(expand.to));
        (opens_variable, expand.hops != HopRange::One, fan_out(context, expand, bound(expand.from)))
    };
    remaining.expands.iter().filter(|expand| is_ready(expand)).min_by_key(weight).copied()
}

/// Returns the average number of edges per node, times [`ROW_WEIGHT`].
fn fan_out(context: &PlanContext, expand: &ExpandPattern, forward: bool) -> u64 {
    let step_fan_out = |step: &ExpandStep| {
        let edges = context.type_rows(&step.edge.name).saturating_mul(ROW_WEIGHT);
        let from_source = (step.direction == StepDirection::Out) == forward;
        let edge = context.catalog().edges.get(&step.edge.name);
        let nodes = edge.map_or(1, |edge| context.type_rows(if from_source { &edge.from } else { &edge.to }));
        edges / nodes.max(1)
    };
    expand.steps.iter().map(step_fan_out).sum()
}

/// Returns the first path search that can run: its variables are bound, or only its target is still unbound.
pub(super) fn next_path<'a>(scope: &PlanScope, remaining: &RemainingPattern<'a>) -> Option<&'a PathSearch> {
    let is_ready = |path: &&&PathSearch| {
        let target = path.expand.to;
        let binds_target = remaining.unbound.len() == 1 && remaining.unbound.contains_key(&target);
        let read = condition_variables(&path.expand, edge_cost(path));
        scope.binds(path.expand.from)
            && (scope.binds(target) || binds_target)
            && read.iter().all(|var| scope.binds(*var))
    };
    remaining.paths.iter().find(is_ready).copied()
}

/// Returns the conditions that equate an expression over one plan with one over another, as pairs in the order of the plans.
pub(super) fn equi_join_conditions<'a>(
    left: &PlanScope,
    right: &PlanScope,
    conditions: &[&'a Expr],
) -> Vec<(&'a Expr, &'a Expr)> {
    let reads_only = |expr: &Expr, scope: &PlanScope| {
        let read = variables_read([expr]);
        !read.is_empty() && read.iter().all(|var| scope.binds(*var))
    };
    let pair = |condition: &&'a Expr| {
        let ExprKind::Binary { op: BinaryOp::Equal, left: a, right: b } = &condition.kind else { return None };
        let same_type = a.ty.clone().with_nullable(true) == b.ty.clone().with_nullable(true);
        match () {
            () if !same_type || identity_comparison(condition).is_some() => None,
            () if reads_only(a, left) && reads_only(b, right) => Some((a.as_ref(), b.as_ref())),
            () if reads_only(b, left) && reads_only(a, right) => Some((b.as_ref(), a.as_ref())),
            () => None,
        }
    };
    conditions.iter().filter_map(pair).collect()
}
