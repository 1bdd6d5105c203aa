//! Blocks that are judged or evaluated once per outer row.
//!
//! The inner block is planned with scans of its own for the outer variables it mentions, and joined to the outer plan by
//! their identities: an anti join for `not`, a semi join for `exists`, an outer join for `optional` and for aggregates.

use datafusion::common::JoinType;
use datafusion::logical_expr::Expr as Plan;
use omnigraph_compiler::ir::{AggregateKind, Correlated, CorrelatedKind, VarId, Variable};

use super::block::{Entities, entities};
use super::scope::{Relation, VALUE, qualified};
use super::{Bound, Lowering, unsupported};
use crate::error::Result;
use crate::table::ID;

impl Lowering<'_> {
    /// Applies `correlated` to the rows of `bound`, whose block has `variables` and takes `around` from outside.
    pub(super) async fn correlated(
        &mut self,
        bound: Bound,
        correlated: &Correlated,
        variables: &[Variable],
        around: &Entities,
    ) -> Result<Bound> {
        let mut known = around.clone();
        known.extend(entities(variables)?);
        let mut outer = Entities::new();
        for var in &correlated.outer {
            let ty = known.get(var).ok_or_else(|| unsupported("a nested block over a computed variable"))?;
            outer.insert(*var, ty.clone());
        }
        let inner = self.block(&correlated.block, &outer).await?;
        match &correlated.kind {
            CorrelatedKind::NotExists => self.join_inner(bound, inner, &correlated.outer, JoinType::LeftAnti),
            CorrelatedKind::Exists => self.join_inner(bound, inner, &correlated.outer, JoinType::LeftSemi),
            CorrelatedKind::Optional => {
                let own = inner.scope.without(&correlated.outer);
                let mut joined = self.join_inner(bound, inner, &correlated.outer, JoinType::Left)?;
                joined.scope.merge(&own);
                Ok(joined)
            }
            CorrelatedKind::Aggregate { into, aggregate } => {
                let value = self.aggregate(aggregate, &inner.scope)?.alias(VALUE);
                let counts = aggregate.kind == AggregateKind::Count;
                self.join_aggregate(bound, inner, &correlated.outer, value, (*into, counts))
            }
        }
    }

    fn join_inner(&self, bound: Bound, inner: Bound, outer: &[VarId], kind: JoinType) -> Result<Bound> {
        let same = |var: &VarId| Ok(bound.scope.column(*var, ID)?.eq(inner.scope.column(*var, ID)?));
        let conditions = outer.iter().map(same).collect::<Result<Vec<_>>>()?;
        bound.join(inner.plan, kind, conditions)
    }

    fn join_aggregate(
        &mut self,
        bound: Bound,
        inner: Bound,
        outer: &[VarId],
        value: Plan,
        (into, counts): (VarId, bool),
    ) -> Result<Bound> {
        let name = self.fresh("a");
        let column = |index: usize| format!("outer{index}");
        let mut keys = Vec::with_capacity(outer.len());
        let mut conditions = Vec::with_capacity(outer.len());
        for (index, var) in outer.iter().enumerate() {
            keys.push(inner.scope.column(*var, ID)?.alias(column(index)));
            conditions.push(bound.scope.column(*var, ID)?.eq(qualified(&name, &column(index))));
        }
        let grouped = inner.plan.aggregate(keys, [value])?.alias(name.as_str())?;
        let mut joined = bound.join(grouped, JoinType::Left, conditions)?;
        joined.scope.bind(into, name, if counts { Relation::Count } else { Relation::Value });
        Ok(joined)
    }
}
