//! Conditions on walks, and costs of edges, that read more of a row than the edge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use datafusion::physical_plan::ExecutionPlan;
use omnigraph_compiler::ir::{Expand, Expr, TypeRef, VarId, Walk, print_expr};

use super::Lowering;
use super::block::owner;
use super::edges::{COST, conditions, reads_only};
use super::flow::{Computed, Flow, extended};
use super::mention::read_beside_edge;
use super::scope::{Binding, Scope, column};
use crate::error::{Error, Result};
use crate::query::operator::{OperatorExec, ROW, Restrict, Restrictable, Seed, node};

/// Whether the edges of a walk have to be judged row by row.
pub(super) fn is_judged_by_row(expand: &Expand, cost: Option<&Expr>) -> bool {
    let of_row =
        |walk: &Walk| !conditions(walk).of_row.is_empty() || cost.is_some_and(|cost| !reads_only(cost, walk.edge.id));
    expand.walk.as_ref().is_some_and(of_row)
}

impl Lowering {
    /// The plan of a walk from the rows of `flow`, whose own rows have `schema`. `cost` is what an edge costs.
    pub(super) async fn walked(
        &mut self,
        flow: Flow,
        walk: impl Restrictable + 'static,
        schema: SchemaRef,
        expand: &Expand,
        cost: Option<&Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let edge = match &expand.walk {
            Some(edge) if is_judged_by_row(expand, cost) => edge,
            _ => return Ok(node(walk, vec![flow.plan], schema)),
        };
        let read = read_beside_edge(expand, cost);
        let reads = flow.places(|name| owner(name).is_some_and(|var| read.contains(&var)));
        let number = self.fresh(ROW);
        let fields = [
            ArrowField::new(&number, DataType::UInt32, false),
            ArrowField::new(column(edge.edge.id), DataType::UInt64, true),
        ];
        let outer = flow.schema().project(&reads)?;
        let seeded = extended(&Schema::new(fields.to_vec()), outer.fields().iter().map(|field| field.as_ref().clone()));
        let seed = Seed::default();
        let bindings = self.judged_bindings(&flow.scope, expand, edge, &read).await?;
        let leaf = Flow {
            plan: node(seed.clone(), Vec::new(), Arc::clone(&seeded)),
            scope: Scope { bindings, ..Scope::default() },
        };
        let conditions = conditions(edge).of_row;
        let mut judge = self.filter(leaf, &conditions, |name| cost.is_some() || name == number).await?;
        if let Some(cost) = cost {
            judge = self.compute(judge, &[Computed { name: COST.to_owned(), expr: cost }]).await?;
        }
        let text = conditions.iter().copied().chain(cost).map(print_expr).collect::<Vec<_>>().join(" and ");
        let restrict = Restrict {
            walk: Arc::new(walk),
            text,
            judge: Arc::clone(&judge.plan),
            seed,
            seeded,
            reads,
            number: judge.place(&number)?,
            cost: cost.map(|_| judge.place(COST)).transpose()?,
            budget: Arc::clone(&self.budget),
        };
        Ok(Arc::new(OperatorExec::new(Arc::new(restrict), vec![flow.plan], schema).with_inner(judge.plan)))
    }

    /// What is bound where an edge is judged: the edge, and what else is read.
    async fn judged_bindings(
        &mut self,
        scope: &Scope,
        expand: &Expand,
        walk: &Walk,
        read: &BTreeSet<VarId>,
    ) -> Result<BTreeMap<VarId, Binding>> {
        let types: Vec<TypeRef> = expand.steps.iter().map(|step| step.edge.clone()).collect();
        let edges = self.graph.edge_entities(&types).await?;
        let mut bindings = BTreeMap::from([(walk.edge.id, Binding::Entity(edges))]);
        for var in read {
            let binding = scope.bindings.get(var).cloned();
            let unbound = || Error::internal(format!("a condition on a walk reads variable {} too early", var.0));
            bindings.insert(*var, binding.ok_or_else(unbound)?);
        }
        Ok(bindings)
    }
}
