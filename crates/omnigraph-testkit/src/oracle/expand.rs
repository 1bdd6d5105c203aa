//! Edges and walks.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::ir::{EdgeCondition, ExpandPattern, ExpandRows, ExpandStep, HopRange, StepDirection, VarId};

use super::block::extend_row;
use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::value::{EntityRef, OracleValue};

/// An edge and the node it leads to.
pub(super) struct EdgeHop {
    pub(super) edge: EntityRef,
    pub(super) to: EntityRef,
}

impl OracleEvaluator<'_> {
    /// Returns the rows that an expansion makes of one row with both endpoints. A null endpoint has no edges.
    pub(super) fn expand(&self, expand: &ExpandPattern, row: &Bindings) -> Result<Vec<Bindings>, OracleError> {
        let (Some(from), Some(to)) = (node(row, expand.from)?, node(row, expand.to)?) else { return Ok(Vec::new()) };
        match (expand.hops, expand.rows) {
            (HopRange::One, ExpandRows::Pairs) => {
                let connected = self.hops(expand, from, row)?.iter().any(|hop| hop.to == *to);
                Ok(if connected { vec![row.clone()] } else { Vec::new() })
            }
            (HopRange::One, ExpandRows::Edges(var)) => {
                let hops = self.hops(expand, from, row)?.into_iter().filter(|hop| hop.to == *to);
                Ok(hops.map(|hop| extend_row(row, var, OracleValue::Edge(hop.edge))).collect())
            }
            (HopRange::Range { min, max }, ExpandRows::Pairs) => {
                let Some(distance) = self.distance_between(expand, (min, max), from, to, row)? else {
                    return Ok(Vec::new());
                };
                Ok(vec![match expand.hop_count {
                    Some(var) => extend_row(row, var, OracleValue::Integer(distance.into())),
                    None => row.clone(),
                }])
            }
            (HopRange::Range { .. }, ExpandRows::Edges(_)) => Err(OracleError::internal("an edge bound in a walk")),
        }
    }

    /// Returns the smallest admissible distance of `to`, if the walk emits it.
    fn distance_between(
        &self,
        expand: &ExpandPattern,
        (min, max): (u32, Option<u32>),
        from: &EntityRef,
        to: &EntityRef,
        row: &Bindings,
    ) -> Result<Option<u32>, OracleError> {
        let admissible = |distance: &u32| *distance >= min && max.is_none_or(|max| *distance <= max);
        let Some(shortest) = self.distances(expand, max, from, row)?.get(to).copied() else { return Ok(None) };
        if admissible(&shortest) {
            return Ok(Some(shortest));
        }
        let loops = self.hops(expand, to, row)?.iter().any(|hop| hop.to == *to);
        Ok(Some(shortest + 1).filter(|distance| loops && admissible(distance)))
    }

    /// Returns the shortest distance of every node within `max` hops, the start at 0.
    fn distances(
        &self,
        expand: &ExpandPattern,
        max: Option<u32>,
        from: &EntityRef,
        row: &Bindings,
    ) -> Result<BTreeMap<EntityRef, u32>, OracleError> {
        let mut distances = BTreeMap::from([(from.clone(), 0)]);
        let mut frontier = BTreeSet::from([from.clone()]);
        let mut distance = 0;
        while !frontier.is_empty() && max.is_none_or(|max| distance < max) {
            distance += 1;
            let mut next = BTreeSet::new();
            for node in &frontier {
                for hop in self.hops(expand, node, row)? {
                    if !distances.contains_key(&hop.to) {
                        distances.insert(hop.to.clone(), distance);
                        next.insert(hop.to);
                    }
                }
            }
            frontier = next;
        }
        Ok(distances)
    }

    /// Returns every edge that leaves `node` and passes the condition of the walk.
    pub(super) fn hops(
        &self,
        expand: &ExpandPattern,
        node: &EntityRef,
        row: &Bindings,
    ) -> Result<Vec<EdgeHop>, OracleError> {
        let mut hops = Vec::new();
        for step in &expand.steps {
            for hop in self.step_from(step, node)? {
                if self.passes(expand.walk.as_ref(), &hop.edge, row)? {
                    hops.push(hop);
                }
            }
        }
        Ok(hops)
    }

    /// Returns every edge of one type that leaves `node`. Ids are unique within a type only, so types are compared too.
    fn step_from(&self, step: &ExpandStep, node: &EntityRef) -> Result<Vec<EdgeHop>, OracleError> {
        let Some(ty) = self.catalog.edges.get(&step.edge.name) else {
            return Err(OracleError::internal(format!("edge type {} not found", step.edge.name)));
        };
        let mut hops = Vec::new();
        for (id, row) in self.graph.edges.get(&ty.name).into_iter().flatten() {
            let edge = EntityRef { id: id.clone(), ty: ty.name.clone() };
            let src = EntityRef { id: row.src.clone(), ty: ty.from.clone() };
            let dst = EntityRef { id: row.dst.clone(), ty: ty.to.clone() };
            let to = match step.direction {
                StepDirection::Out => (src == *node).then_some(dst),
                StepDirection::In => (dst == *node).then_some(src),
                StepDirection::Both if src == *node => Some(dst),
                StepDirection::Both => (dst == *node).then_some(src),
            };
            hops.extend(to.map(|to| EdgeHop { edge, to }));
        }
        Ok(hops)
    }

    fn passes(&self, walk: Option<&EdgeCondition>, edge: &EntityRef, row: &Bindings) -> Result<bool, OracleError> {
        let Some(EdgeCondition { edge: variable, filter: Some(filter) }) = walk else { return Ok(true) };
        self.is_true(filter, RowScope::from_bindings(&extend_row(row, variable.id, OracleValue::Edge(edge.clone()))))
    }
}

/// Returns the node of a variable; `None` if it is null.
pub(super) fn node(row: &Bindings, var: VarId) -> Result<Option<&EntityRef>, OracleError> {
    match row.get(&var) {
        Some(OracleValue::Node(entity)) => Ok(Some(entity)),
        Some(OracleValue::Null) => Ok(None),
        other => Err(OracleError::internal(format!("the end of an expansion is {other:?}"))),
    }
}
