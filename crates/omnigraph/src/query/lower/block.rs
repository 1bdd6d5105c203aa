//! Patterns: scans, joins, filters.
//!
//! The plan grows from one variable: the one that is likely to have the fewest rows first, then whatever is connected to
//! what is bound. Filters stand on top; DataFusion takes them to the scans.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlanBuilder, lit};
use omnigraph_compiler::ir::{BinaryOp, Block, Expand, Expr, ExprKind, TypeRef, Value, VarId, Variable, VariableKind};
use omnigraph_log::TablePath;

use super::expand::{edge_variable, reachable};
use super::scope::{Relation, Scope};
use super::{Bound, Lowering, unsupported};
use crate::error::{Error, Result};
use crate::table::PinnedTable;

/// Variables that are rows of a table, each with its type.
pub(super) type Entities = BTreeMap<VarId, TypeRef>;

/// Variables whose id follows from an equality with a constant.
pub(super) type KnownIds = BTreeMap<VarId, String>;

impl Lowering<'_> {
    /// A plan of all rows of `block`. `outer` are the variables it takes from around it; they are bound like its own.
    pub(super) async fn block(&mut self, block: &Block, outer: &Entities) -> Result<Bound> {
        if !block.paths.is_empty() {
            return Err(unsupported("a path search"));
        }
        let mut waiting = outer.clone();
        waiting.extend(entities(&block.variables)?);
        // Edge variables are bound by the expansion that walks them, unless they come from outside.
        let walked: Vec<VarId> = block.expands.iter().filter_map(edge_variable).collect();
        waiting.retain(|var, _| outer.contains_key(var) || !walked.contains(var));
        let ids = self.known_ids(&block.filters, &waiting);
        let mut bound = self.joined(block, waiting, &ids).await?;
        // Conditions on computed variables wait until these are bound.
        let (now, later): (Vec<Expr>, Vec<Expr>) =
            block.filters.iter().cloned().partition(|filter| bound.scope.covers(filter));
        bound = self.filter(bound, &now)?;
        for correlated in &block.blocks {
            bound = Box::pin(self.correlated(bound, correlated, &block.variables, outer)).await?;
        }
        self.filter(bound, &later)
    }

    async fn joined(&mut self, block: &Block, mut waiting: Entities, ids: &KnownIds) -> Result<Bound> {
        let mut expands: Vec<&Expand> = block.expands.iter().collect();
        let mut bound: Option<Bound> = None;
        loop {
            let next = bound.as_ref().and_then(|bound| reachable(&expands, &bound.scope));
            bound = Some(match (bound, next) {
                (Some(bound), Some(next)) => {
                    let expand = expands.remove(next);
                    self.expand(bound, expand, &mut waiting, ids).await?
                }
                (bound, _) => match self.start(&waiting, ids) {
                    Some(start) => {
                        let ty = waiting.remove(&start).ok_or_else(|| Error::internal("a variable vanished"))?;
                        let scan = self.scan(start, &ty).await?;
                        cross(bound, scan)?
                    }
                    None => return bound.map_or_else(one_row, Ok),
                },
            });
        }
    }

    pub(super) fn filter(&self, bound: Bound, conditions: &[Expr]) -> Result<Bound> {
        let Bound { plan, scope } = bound;
        let plan = match self.conditions(conditions, &scope)? {
            Some(condition) => plan.filter(condition)?,
            None => plan,
        };
        Ok(Bound { plan, scope })
    }

    /// All rows of a type, as the relation of a variable.
    pub(super) async fn scan(&mut self, var: VarId, ty: &TypeRef) -> Result<Bound> {
        let name = self.fresh("v");
        let plan = self.table(ty, &name).await?;
        let mut scope = Scope::default();
        scope.bind(var, name, Relation::Entity(ty.clone()));
        Ok(Bound { plan, scope })
    }

    /// All rows of a type under a name.
    pub(super) async fn table(&self, ty: &TypeRef, name: &str) -> Result<LogicalPlanBuilder> {
        let table = self.snapshot.table(&self.path(ty)?).await?;
        let source = provider_as_source(Arc::new(PinnedTable::new(table)));
        Ok(LogicalPlanBuilder::scan(datafusion::common::TableReference::bare(name), source, None)?)
    }

    fn path(&self, ty: &TypeRef) -> Result<TablePath> {
        let catalog = self.snapshot.catalog();
        let node = catalog.nodes.get(&ty.name).filter(|node| node.id == ty.id).map(|node| TablePath::node(node.table));
        let edge = || catalog.edges.get(&ty.name).filter(|edge| edge.id == ty.id);
        let path = node.or_else(|| edge().map(|edge| TablePath::edge(edge.table)));
        path.ok_or_else(|| Error::internal(format!("type '{}' is not in the catalogue", ty.name)))
    }

    /// Where to start: a variable whose id is known, or else the one with the fewest rows.
    fn start(&self, waiting: &Entities, ids: &KnownIds) -> Option<VarId> {
        let rows = |ty: &TypeRef| {
            let pin = self.path(ty).ok().and_then(|path| self.snapshot.commit().tables.get(&path).copied());
            pin.map_or(u64::MAX, |pin| pin.rows)
        };
        let weight = |(var, ty): &(&VarId, &TypeRef)| (!ids.contains_key(*var), rows(ty), **var);
        waiting.iter().min_by_key(weight).map(|(var, _)| *var)
    }

    /// `$p.key = constant` tells the id: the canonical text of the constant.
    fn known_ids(&self, filters: &[Expr], entities: &Entities) -> KnownIds {
        let mut known = KnownIds::new();
        for filter in filters {
            let ExprKind::Binary { op: BinaryOp::Equal, left, right } = &filter.kind else { continue };
            for (property, constant) in [(left, right), (right, left)] {
                let ExprKind::Property { var, property } = &property.kind else { continue };
                let Some(ty) = entities.get(var) else { continue };
                let node = self.snapshot.catalog().nodes.get(&ty.name);
                let key = node.and_then(|node| node.key.as_deref());
                if key.is_some_and(|key| key == std::slice::from_ref(&property.name))
                    && let Some(id) = self.canonical(constant)
                {
                    known.insert(*var, id);
                }
            }
        }
        known
    }

    fn canonical(&self, constant: &Expr) -> Option<String> {
        let value = match &constant.kind {
            ExprKind::Literal(value) => value,
            ExprKind::Param(index) => self.params.get(*index)?,
            _ => return None,
        };
        match value {
            Value::String(text) => Some(text.clone()),
            Value::I64(number) => Some(number.to_string()),
            Value::U64(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }
}

/// The variables that are rows of a table.
pub(super) fn entities(variables: &[Variable]) -> Result<Entities> {
    let mut entities = Entities::new();
    for variable in variables {
        match &variable.kind {
            VariableKind::Node { types } | VariableKind::Edge { types } => match types.as_slice() {
                [ty] => {
                    entities.insert(variable.id, ty.clone());
                }
                _ => return Err(unsupported("a variable that ranges over several types")),
            },
            VariableKind::Value { .. } => {}
            VariableKind::Hops => return Err(unsupported("a hop count")),
            VariableKind::Path => return Err(unsupported("a path search")),
        }
    }
    Ok(entities)
}

fn cross(bound: Option<Bound>, scan: Bound) -> Result<Bound> {
    let Some(Bound { plan, mut scope }) = bound else { return Ok(scan) };
    scope.merge(&scan.scope);
    Ok(Bound { plan: plan.cross_join(scan.plan.build()?)?, scope })
}

fn one_row() -> Result<Bound> {
    Ok(Bound { plan: LogicalPlanBuilder::empty(true), scope: Scope::default() })
}

impl Bound {
    /// The rows of both for which `conditions` hold.
    pub(super) fn join(
        self,
        right: LogicalPlanBuilder,
        kind: JoinType,
        conditions: Vec<datafusion::logical_expr::Expr>,
    ) -> Result<Self> {
        let conditions = if conditions.is_empty() { vec![lit(true)] } else { conditions };
        Ok(Self { plan: self.plan.join_on(right.build()?, kind, conditions)?, scope: self.scope })
    }
}
