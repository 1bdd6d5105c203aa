//! The rows of a pattern: every way to choose its nodes that satisfies everything in it.
//!
//! A block is a conjunction, so its parts may be looked at in any order. The order here: whatever has all its variables
//! known runs, and when nothing can, the next node variable takes each node of its types in turn.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{
    Block, Correlated, CorrelatedKind, Expand, Expr, PathSearch, VarId, Variable, VariableKind,
};

use super::evaluator::{Env, Evaluator, Row};
use super::failure::Failure;
use super::reads;
use super::value::Value;

/// A part of a block besides its node variables.
enum Step<'a> {
    Expand(&'a Expand),
    Path(&'a PathSearch),
    Filter(&'a Expr),
    Block(&'a Correlated),
}

impl Step<'_> {
    /// What must be known before it can run.
    fn reads(&self) -> BTreeSet<VarId> {
        match self {
            Self::Expand(expand) => reads::of_expand(expand),
            Self::Path(path) => reads::of_path(path),
            Self::Filter(filter) => reads::of_expr(filter),
            Self::Block(block) => block.outer.iter().copied().collect(),
        }
    }

    /// What is known once it has run.
    fn binds(&self) -> Vec<VarId> {
        match self {
            Self::Expand(expand) => {
                let edge = match expand.rows {
                    omnigraph_compiler::ir::Rows::Edges(edge) => Some(edge),
                    omnigraph_compiler::ir::Rows::Pairs => None,
                };
                edge.into_iter().chain(expand.hop_count).collect()
            }
            Self::Path(path) => vec![path.path],
            Self::Filter(_) => Vec::new(),
            Self::Block(Correlated { kind: CorrelatedKind::Optional, block, .. }) => exported(block),
            Self::Block(Correlated { kind: CorrelatedKind::Aggregate { into, .. }, .. }) => vec![*into],
            Self::Block(_) => Vec::new(),
        }
    }
}

/// The variables of an optional block that are visible around it.
fn exported(block: &Block) -> Vec<VarId> {
    let nested = block.blocks.iter().filter(|nested| nested.kind == CorrelatedKind::Optional);
    let own = block.variables.iter().map(|variable| variable.id);
    own.chain(nested.flat_map(|nested| exported(&nested.block))).collect()
}

impl Evaluator<'_> {
    /// The rows of a block, each an extension of `outer`.
    pub(super) fn block(&self, block: &Block, outer: &Env) -> Result<Vec<Env>, Failure> {
        let mut rows = vec![outer.clone()];
        let mut known: BTreeSet<VarId> = outer.keys().copied().collect();
        let mut steps: Vec<Step<'_>> = (block.expands.iter().map(Step::Expand))
            .chain(block.paths.iter().map(Step::Path))
            .chain(block.filters.iter().map(Step::Filter))
            .chain(block.blocks.iter().map(Step::Block))
            .collect();
        let is_node = |variable: &&Variable| matches!(variable.kind, VariableKind::Node { .. });
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
                return Err(Failure::internal("a part of a block reads a variable that nothing binds"));
            }
        }
    }

    /// One row for each node that the variable may stand for.
    fn choose(&self, variable: &Variable, row: &Env) -> Vec<Env> {
        let VariableKind::Node { types } = &variable.kind else { return Vec::new() };
        let nodes = types.iter().flat_map(|ty| self.graph.nodes_of(&ty.name));
        nodes.map(|node| with(row, variable.id, Value::Node(node))).collect()
    }

    fn step(&self, step: &Step<'_>, row: Env) -> Result<Vec<Env>, Failure> {
        match step {
            Step::Expand(expand) => self.expand(expand, &row),
            Step::Path(path) => self.path(path, &row),
            Step::Filter(filter) => {
                let keep = self.is_true(filter, Row::of(&row))?;
                Ok(if keep { vec![row] } else { Vec::new() })
            }
            Step::Block(block) => self.correlated(block, row),
        }
    }

    fn correlated(&self, correlated: &Correlated, row: Env) -> Result<Vec<Env>, Failure> {
        let found = self.block(&correlated.block, &row)?;
        Ok(match &correlated.kind {
            CorrelatedKind::Exists if found.is_empty() => Vec::new(),
            CorrelatedKind::Exists => vec![row],
            CorrelatedKind::NotExists if found.is_empty() => vec![row],
            CorrelatedKind::NotExists => Vec::new(),
            CorrelatedKind::Optional if found.is_empty() => {
                let nothing = exported(&correlated.block).into_iter().map(|var| (var, Value::Null));
                vec![row.into_iter().chain(nothing).collect()]
            }
            CorrelatedKind::Optional => found,
            CorrelatedKind::Aggregate { into, aggregate } => {
                vec![with(&row, *into, self.aggregate(aggregate, &found)?)]
            }
        })
    }
}

/// The row with one variable more.
pub(super) fn with(row: &Env, var: VarId, value: Value) -> Env {
    let mut extended = row.clone();
    extended.insert(var, value);
    extended
}

/// What becomes of every row, in order.
fn each(rows: Vec<Env>, mut step: impl FnMut(Env) -> Result<Vec<Env>, Failure>) -> Result<Vec<Env>, Failure> {
    let mut next = Vec::new();
    for row in rows {
        next.extend(step(row)?);
    }
    Ok(next)
}
