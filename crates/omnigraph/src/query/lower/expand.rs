//! One hop as joins over an edge table.

use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr as Plan, LogicalPlanBuilder, lit};
use omnigraph_compiler::ir::{Direction, EdgeStep, Expand, Hops, Rows, VarId};

use super::block::{Entities, KnownIds};
use super::scope::{Relation, Scope, qualified};
use super::{Bound, Lowering, unsupported};
use crate::error::Result;
use crate::table::{EDGE_DST, EDGE_SRC, ID};

/// The column of an edge relation that holds the id it is walked from.
const FROM: &str = "walked_from";
/// The column of an edge relation that holds the id it is walked to.
const TO: &str = "walked_to";

/// The variable that an expansion binds to each edge.
pub(super) fn edge_variable(expand: &Expand) -> Option<VarId> {
    match expand.rows {
        Rows::Edges(var) => Some(var),
        Rows::Pairs => None,
    }
}

/// An expansion that starts or ends at something bound; one with both ends bound before others, for it only narrows.
pub(super) fn reachable(expands: &[&Expand], scope: &Scope) -> Option<usize> {
    let bound_ends = |expand: &Expand| usize::from(scope.binds(expand.from)) + usize::from(scope.binds(expand.to));
    let (best, expand) = expands.iter().enumerate().max_by_key(|(_, expand)| bound_ends(expand))?;
    (bound_ends(expand) > 0).then_some(best)
}

impl Lowering<'_> {
    /// Joins `expand` to what is bound.
    pub(super) async fn expand(
        &mut self,
        bound: Bound,
        expand: &Expand,
        waiting: &mut Entities,
        ids: &KnownIds,
    ) -> Result<Bound> {
        if expand.hops != Hops::One || expand.hop_count.is_some() || expand.walk.is_some() {
            return Err(unsupported("a traversal of several hops"));
        }
        let (edges, name, edge_relation) = self.edges(expand, ids).await?;
        let mut conditions = Vec::new();
        for (end, column) in [(expand.from, FROM), (expand.to, TO)] {
            if bound.scope.binds(end) {
                conditions.push(bound.scope.column(end, ID)?.eq(qualified(&name, column)));
            }
        }
        let mut joined = bound.join(edges, JoinType::Inner, conditions)?;
        if let Some((var, relation)) = edge_relation {
            joined.scope.bind(var, name.clone(), relation);
        }
        for (end, column) in [(expand.from, FROM), (expand.to, TO)] {
            if let Some(ty) = waiting.remove(&end) {
                let scan = self.scan(end, &ty).await?;
                let condition = scan.scope.column(end, ID)?.eq(qualified(&name, column));
                joined = joined.join(scan.plan, JoinType::Inner, vec![condition])?;
                joined.scope.merge(&scan.scope);
            } else if expand.from == expand.to && column == TO {
                let loops = qualified(&name, FROM).eq(qualified(&name, TO));
                joined.plan = joined.plan.filter(loops)?;
            }
        }
        Ok(joined)
    }

    /// The edges that may be walked, with the ids at both ends in walking direction.
    async fn edges(
        &mut self,
        expand: &Expand,
        ids: &KnownIds,
    ) -> Result<(LogicalPlanBuilder, String, Option<(VarId, Relation)>)> {
        let name = self.fresh("e");
        let mut walks: Option<LogicalPlanBuilder> = None;
        for step in &expand.steps {
            for outward in directions(step.direction) {
                let walk = self.walk(step, outward, expand, ids).await?;
                walks = Some(match walks {
                    None => walk,
                    Some(walks) => walks.union(walk.build()?)?,
                });
            }
        }
        let walks = walks.ok_or_else(|| crate::error::Error::internal("an expansion without edge types"))?;
        let (walks, relation) = match (expand.rows, expand.steps.as_slice()) {
            (Rows::Pairs, _) => (walks.distinct()?, None),
            (Rows::Edges(var), [step]) => (walks, Some((var, Relation::Entity(step.edge.clone())))),
            (Rows::Edges(_), _) => return Err(unsupported("an edge variable that ranges over several types")),
        };
        Ok((walks.alias(name.as_str())?, name, relation))
    }

    /// The edges of one type, walked in one direction.
    async fn walk(
        &mut self,
        step: &EdgeStep,
        outward: bool,
        expand: &Expand,
        ids: &KnownIds,
    ) -> Result<LogicalPlanBuilder> {
        let table = self.fresh("t");
        let mut plan = self.table(&step.edge, &table).await?;
        let (from, to) = if outward { (EDGE_SRC, EDGE_DST) } else { (EDGE_DST, EDGE_SRC) };
        let (from, to) = (qualified(&table, from), qualified(&table, to));
        // What is known of an end narrows the edges before anything else is done with them.
        for (end, column) in [(expand.from, &from), (expand.to, &to)] {
            if let Some(id) = ids.get(&end) {
                plan = plan.filter(column.clone().eq(lit(id.clone())))?;
            }
        }
        if step.direction == Direction::Both && !outward {
            plan = plan.filter(from.clone().not_eq(to.clone()))?;
        }
        let mut columns: Vec<Plan> = vec![from.alias(FROM), to.alias(TO)];
        if expand.rows != Rows::Pairs {
            let fields = plan.schema().columns();
            columns.extend(fields.into_iter().map(|column| {
                let name = column.name.clone();
                Plan::Column(column).alias(name)
            }));
        }
        Ok(plan.project(columns)?)
    }
}

/// Whether an edge is walked from its source, from its target, or both.
fn directions(direction: Direction) -> Vec<bool> {
    match direction {
        Direction::Out => vec![true],
        Direction::In => vec![false],
        Direction::Both => vec![true, false],
    }
}
