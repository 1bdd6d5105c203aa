//! Cardinality: the number of edges per node that `@card` and `@card_in` allow.
//!
//! Only nodes whose edges change are checked. A new node without edges is valid, whatever the minimum.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use futures::TryStreamExt;
use hashbrown::HashMap;
use omnigraph_traversal::{Adjacency, EdgeDirection};

use super::post_state::{PostState, TableWrite};
use super::table_constraints::EndpointConstraint;
use super::violations::{CARDINALITY, Violations};
use crate::error::{Error, Result};
use crate::index::key::KeyHash;
use crate::index::topology::NodeOrdinals;
use crate::table::Scan;

/// A node whose edges change.
struct ChangedDegree {
    key: KeyHash,
    id: Box<str>,
    added: u64,
    deleted: u64,
    /// The first new edge.
    row: Option<u32>,
}

/// Checks the cardinalities of the edges of one table.
pub(super) async fn check_table(
    state: &PostState<'_>,
    write: &TableWrite<'_>,
    violations: &mut Violations,
) -> Result<()> {
    let Some(endpoints) = &write.constraints.endpoints else { return Ok(()) };
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.has_cardinality()) {
        let changed = changed_degrees(write, endpoint).await?;
        if changed.is_empty() {
            continue;
        }
        let degrees = BaseDegrees::open(state, write, endpoint, endpoints).await?;
        let node_write = state.table_write(&endpoint.node_table);
        // The edges of deleted nodes are not counted.
        for node in changed.iter().filter(|node| !node_write.is_some_and(|write| write.deletes_id(node.key))) {
            let edges = (degrees.degree(node.key) + node.added).saturating_sub(node.deleted);
            check_degree(write, endpoint, node, edges, violations);
        }
    }
    Ok(())
}

fn check_degree(
    write: &TableWrite<'_>,
    endpoint: &EndpointConstraint,
    node: &ChangedDegree,
    edges: u64,
    violations: &mut Violations,
) {
    let limit = match endpoint.cardinality.max {
        Some(max) if edges > u64::from(max) => format!("max {max}"),
        _ if edges < u64::from(endpoint.cardinality.min) => format!("min {}", endpoint.cardinality.min),
        _ => return,
    };
    let constraint = if endpoint.direction == EdgeDirection::Out { "@card" } else { "@card_in" };
    let (edge, role, id) = (&write.constraints.type_name, endpoint.role(), &node.id);
    let noun = if edges == 1 { "edge" } else { "edges" };
    let message = format!("{constraint} violation on edge {edge}: {role} '{id}' has {edges} {noun} ({limit})");
    let rows: Vec<u32> = node.row.into_iter().collect();
    violations.push(write.violation(CARDINALITY, &rows, message));
}

/// Returns the nodes whose edges change: nodes with new edges in their order, then nodes that only lose edges.
async fn changed_degrees(write: &TableWrite<'_>, endpoint: &EndpointConstraint) -> Result<Vec<ChangedDegree>> {
    let new = write.new.inputs.endpoint_nodes(endpoint.column).into_iter();
    let added = new.map(|node| ChangedDegree {
        key: node.key,
        id: node.id.into(),
        added: node.edges.into(),
        deleted: 0,
        row: Some(node.row),
    });
    let mut changed: Vec<ChangedDegree> = added.collect();
    let mut indexes: HashMap<KeyHash, usize> =
        changed.iter().enumerate().map(|(index, node)| (node.key, index)).collect();
    // The base degree of a replaced table is zero.
    let counted = u64::from(!write.replace);
    let mut delete_edge = |id: &str| {
        let key = KeyHash::new(id);
        let index = *indexes.entry(key).or_insert(changed.len());
        match changed.get_mut(index) {
            Some(node) => node.deleted += counted,
            None => changed.push(ChangedDegree { key, id: id.into(), added: 0, deleted: counted, row: None }),
        }
    };
    if write.replace {
        // Nodes that lose all edges matter only if there is a minimum.
        if endpoint.cardinality.min > 0 && write.base.rows() > 0 {
            let scan = Scan { columns: vec![endpoint.column.to_owned()], ..Scan::default() };
            let mut batches = std::pin::pin!(write.base.scan(&scan)?);
            while let Some(batch) = batches.try_next().await? {
                id_texts(batch.column(0))?.iter().flatten().for_each(&mut delete_edge);
            }
        }
    } else if !write.deleted.is_empty() {
        for column in &write.base.gather(write.deleted, &[endpoint.column]).await? {
            id_texts(column)?.iter().flatten().for_each(&mut delete_edge);
        }
    }
    Ok(changed)
}

fn id_texts(column: &ArrayRef) -> Result<&StringArray> {
    column.as_string_opt::<i32>().ok_or_else(|| Error::internal("endpoints of edges are not strings"))
}

/// The degrees of nodes in the base, as far as their edges can remain.
struct BaseDegrees {
    direction: EdgeDirection,
    edges: Option<(Adjacency, Arc<NodeOrdinals>)>,
}

impl BaseDegrees {
    async fn open(
        state: &PostState<'_>,
        write: &TableWrite<'_>,
        endpoint: &EndpointConstraint,
        endpoints: &[EndpointConstraint; 2],
    ) -> Result<Self> {
        let direction = endpoint.direction;
        if write.replace || write.base.rows() == 0 {
            return Ok(Self { direction, edges: None });
        }
        let [source, target] = endpoints;
        let topology = &state.base.engine.topology;
        let adjacency = topology.adjacency(&write.base, &source.node_table, &target.node_table).await?;
        Ok(Self { direction, edges: Some((adjacency, topology.ordinals(&endpoint.node_table))) })
    }

    fn degree(&self, node: KeyHash) -> u64 {
        let Some((adjacency, ordinals)) = &self.edges else { return 0 };
        ordinals.get_by_hash(node).map_or(0, |ordinal| adjacency.degree(ordinal, self.direction) as u64)
    }
}
