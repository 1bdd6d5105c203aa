//! The rows of a pattern: every choice of its nodes that satisfies all of its parts.
//!
//! A block is a conjunction, so its parts may be looked at in any order. The order here: whatever has all its variables
//! known runs, and when nothing can, the next node variable takes each node of its types in turn.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    CorrelatedBlock, CorrelatedKind, ExpandPattern, Expr, PathSearch, PatternBlock, PatternVariable, VarId,
    VariableKind,
};

use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::reads;
use super::value::OracleValue;

/// A part of a block besides its node variables.
enum PatternStep<'a> {
    Expand(&'a ExpandPattern),
    Path(&'a PathSearch),
    Filter(&'a Expr),
    Block(&'a CorrelatedBlock),
}

impl PatternStep<'_> {
    /// Returns the variables that must be known before the step can run.
    fn reads(&self) -> BTreeSet<VarId> {
        match self {
            Self::Expand(expand) => reads::expand_variables(expand),
            Self::Path(path) => reads::path_variables(path),
            Self::Filter(filter) => reads::expr_variables(filter),
            Self::Block(block) => block.outer.iter().copied().collect(),
        }
    }

    /// Returns the variables that the step binds.
    fn binds(&self) -> Vec<VarId> {
        match self {
            Self::Expand(expand) => {
                let edge = match expand.rows {
                    omnigraph_compiler::ir::ExpandRows::Edges(edge) => Some(edge),
                    omnigraph_compiler::ir::ExpandRows::Pairs => None,
                };
                edge.into_iter().chain(expand.hop_count).collect()
            }
            Self::Path(path) => vec![path.path],
            Self::Filter(_) => Vec::new(),
            Self::Block(CorrelatedBlock { kind: CorrelatedKind::Optional, block, .. }) => exported(block),
            Self::Block(CorrelatedBlock { kind: CorrelatedKind::Aggregate { into, .. }, .. }) => vec![*into],
            Self::Block(_) => Vec::new(),
        }
    }
}

/// Returns the variables of an optional block that are visible around it.
fn exported(block: &PatternBlock) -> Vec<VarId> {
    let nested = block.blocks.iter().filter(|nested| nested.kind == CorrelatedKind::Optional);
    let own = block.variables.iter().map(|variable| variable.id);
    own.chain(nested.flat_map(|nested| exported(&nested.block))).collect()
}

impl OracleEvaluator<'_> {
    /// Returns the rows of a block, each an extension of `outer`.
    pub(super) fn block(&self, block: &PatternBlock, outer: &Bindings) -> Result<Vec<Bindings>, OracleError> {
        let mut rows = vec![outer.clone()];
        let mut known: BTreeSet<VarId> = outer.keys().copied().collect();
        let mut steps: Vec<PatternStep<'_>> = (block.expands.iter().map(PatternStep::Expand))
            .chain(block.paths.iter().map(PatternStep::Path))
            .chain(block.filters.iter().map(PatternStep::Filter))
            .chain(block.blocks.iter().map(PatternStep::Block))
            .collect();
        let is_node = |variable: &&PatternVariable| matches!(variable.kind, VariableKind::Node { .. });
        let mut nodes = block.variables.iter().filter(is_node);
        loop {
            if let Some(ready) = steps.iter().position(|step| step.reads().is_subset(&known)) {
                let step = steps.remove(ready);
                rows = each(rows, |row| self.step(&step, row))?;
                known.extend(step.binds());
            } else if let Some(variable) = nodes.next() {
                rows = each(rows, |row| Ok(self.choose(variable, &row)))?;
                known.insert(variable.id);
            } else if steps.is_empty() {
                return Ok(rows);
            } else {
                return Err(OracleError::internal("a part of a block reads an unbound variable"));
            }
        }
    }

    /// Returns one row for each node that the variable may bind.
    fn choose(&self, variable: &PatternVariable, row: &Bindings) -> Vec<Bindings> {
        let VariableKind::Node { types } = &variable.kind else { return Vec::new() };
        let nodes = types.iter().flat_map(|ty| self.graph.nodes_of(&ty.name));
        nodes.map(|node| extend_row(row, variable.id, OracleValue::Node(node))).collect()
    }

    fn step(&self, step: &PatternStep<'_>, row: Bindings) -> Result<Vec<Bindings>, OracleError> {
        match step {
            PatternStep::Expand(expand) => self.expand(expand, &row),
            PatternStep::Path(path) => self.path(path, &row),
            PatternStep::Filter(filter) => {
                let keep = self.is_true(filter, RowScope::from_bindings(&row))?;
                Ok(if keep { vec![row] } else { Vec::new() })
            }
            PatternStep::Block(block) => self.correlated(block, row),
        }
    }

    fn correlated(&self, correlated: &CorrelatedBlock, row: Bindings) -> Result<Vec<Bindings>, OracleError> {
        let found = self.block(&correlated.block, &row)?;
        Ok(match &correlated.kind {
            CorrelatedKind::Exists if found.is_empty() => Vec::new(),
            CorrelatedKind::Exists => vec![row],
            CorrelatedKind::NotExists if found.is_empty() => vec![row],
            CorrelatedKind::NotExists => Vec::new(),
            CorrelatedKind::Optional if found.is_empty() => {
                let nothing = exported(&correlated.block).into_iter().map(|var| (var, OracleValue::Null));
                vec![row.into_iter().chain(nothing).collect()]
            }
            CorrelatedKind::Optional => found,
            CorrelatedKind::Aggregate { into, aggregate } => {
                vec![extend_row(&row, *into, self.aggregate(aggregate, &found)?)]
            }
        })
    }
}

/// Returns the row with one more variable.
pub(super) fn extend_row(row: &Bindings, var: VarId, value: OracleValue) -> Bindings {
    let mut extended = row.clone();
    extended.insert(var, value);
    extended
}

/// Applies a step to every row in order.
fn each(
    rows: Vec<Bindings>,
    mut step: impl FnMut(Bindings) -> Result<Vec<Bindings>, OracleError>,
) -> Result<Vec<Bindings>, OracleError> {
    let mut next = Vec::new();
    for row in rows {
        next.extend(step(row)?);
    }
    Ok(next)
}
