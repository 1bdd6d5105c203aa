//! Edges and walks.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::ir::{Direction, EdgeStep, Expand, Hops, Rows, VarId, Walk};

use super::block::with;
use super::evaluator::{Env, Evaluator, Row};
use super::failure::Failure;
use super::value::{Entity, Value};

/// An edge and the node it leads to.
pub(super) struct Hop {
    pub(super) edge: Entity,
    pub(super) to: Entity,
}

impl Evaluator<'_> {
    /// The rows that an expansion makes of one row whose ends are chosen. An end that is null is connected with nothing.
    pub(super) fn expand(&self, expand: &Expand, row: &Env) -> Result<Vec<Env>, Failure> {
        let (Some(from), Some(to)) = (node(row, expand.from)?, node(row, expand.to)?) else { return Ok(Vec::new()) };
        match (expand.hops, expand.rows) {
            (Hops::One, Rows::Pairs) => {
                let connected = self.hops(expand, from, row)?.iter().any(|hop| hop.to == *to);
                Ok(if connected { vec![row.clone()] } else { Vec::new() })
            }
            (Hops::One, Rows::Edges(var)) => {
                let hops = self.hops(expand, from, row)?.into_iter().filter(|hop| hop.to == *to);
                Ok(hops.map(|hop| with(row, var, Value::Edge(hop.edge))).collect())
            }
            (Hops::Range { min, max }, Rows::Pairs) => {
                let Some(distance) = self.distance_between(expand, (min, max), from, to, row)? else {
                    return Ok(Vec::new());
                };
                Ok(vec![match expand.hop_count {
                    Some(var) => with(row, var, Value::Integer(distance.into())),
                    None => row.clone(),
                }])
            }
            (Hops::Range { .. }, Rows::Edges(_)) => Err(Failure::internal("an edge bound in a walk")),
        }
    }

    /// The least admissible distance of `to`, if the walk emits it.
    fn distance_between(
        &self,
        expand: &Expand,
        (min, max): (u32, Option<u32>),
        from: &Entity,
        to: &Entity,
        row: &Env,
    ) -> Result<Option<u32>, Failure> {
        let admissible = |distance: &u32| *distance >= min && max.is_none_or(|max| *distance <= max);
        let Some(shortest) = self.distances(expand, max, from, row)?.get(to).copied() else { return Ok(None) };
        if admissible(&shortest) {
            return Ok(Some(shortest));
        }
        let loops = self.hops(expand, to, row)?.iter().any(|hop| hop.to == *to);
        Ok(Some(shortest + 1).filter(|distance| loops && admissible(distance)))
    }

    /// The shortest distance of every node within `max` hops, the start at 0.
    fn distances(
        &self,
        expand: &Expand,
        max: Option<u32>,
        from: &Entity,
        row: &Env,
    ) -> Result<BTreeMap<Entity, u32>, Failure> {
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

    /// Every edge that leads away from `node` and passes the condition on the walk.
    pub(super) fn hops(&self, expand: &Expand, node: &Entity, row: &Env) -> Result<Vec<Hop>, Failure> {
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

    /// Every edge of one type that leads away from `node`. Ids are unique within a type only, so types are compared too.
    fn step_from(&self, step: &EdgeStep, node: &Entity) -> Result<Vec<Hop>, Failure> {
        let Some(ty) = self.catalog.edges.get(&step.edge.name) else {
            return Err(Failure::internal(format!("there is no edge type {}", step.edge.name)));
        };
        let mut hops = Vec::new();
        for (id, row) in self.graph.edges.get(&ty.name).into_iter().flatten() {
            let edge = Entity { id: id.clone(), ty: ty.name.clone() };
            let src = Entity { id: row.src.clone(), ty: ty.from.clone() };
            let dst = Entity { id: row.dst.clone(), ty: ty.to.clone() };
            let to = match step.direction {
                Direction::Out => (src == *node).then_some(dst),
                Direction::In => (dst == *node).then_some(src),
                Direction::Both if src == *node => Some(dst),
                Direction::Both => (dst == *node).then_some(src),
            };
            hops.extend(to.map(|to| Hop { edge, to }));
        }
        Ok(hops)
    }

    fn passes(&self, walk: Option<&Walk>, edge: &Entity, row: &Env) -> Result<bool, Failure> {
        let Some(Walk { edge: variable, filter: Some(filter) }) = walk else { return Ok(true) };
        self.is_true(filter, Row::of(&with(row, variable.id, Value::Edge(edge.clone()))))
    }
}

/// The node that a variable stands for; `None` where it is null.
pub(super) fn node(row: &Env, var: VarId) -> Result<Option<&Entity>, Failure> {
    match row.get(&var) {
        Some(Value::Node(entity)) => Ok(Some(entity)),
        Some(Value::Null) => Ok(None),
        other => Err(Failure::internal(format!("the end of an expansion is {other:?}"))),
    }
}
