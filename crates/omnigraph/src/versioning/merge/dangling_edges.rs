//! Dangling edges: edges that one side inserted or changed while the other deleted an endpoint.
//!
//! Neither side alone has a dangling edge, so only changed edges and deleted nodes are examined.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::AsArray;
use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::TablePath;

use super::plan::TypeMergePlan;
use super::resolve::EntityResolution;
use super::strategy::{ConflictStrategy, MergeSide};
use crate::error::{ConflictKind, EntityKind, Error, MergeConflict, Result};
use crate::table::{EDGE_DST, EDGE_SRC, RowAddress, Table};
use crate::versioning::diff::ChangeOp;

/// An edge of the result without one of its endpoints.
struct DanglingEdge {
    /// The index of the edge type.
    edge_type: usize,
    id: Box<str>,
    /// The index of the node type.
    node_type: usize,
    node: Box<str>,
    /// The side that inserted or changed the edge.
    owner: MergeSide,
}

/// Resolves dangling edges by the strategy, or adds conflicts.
pub(super) async fn resolve_dangling_edges(
    types: &mut [TypeMergePlan<'_>],
    catalog: &Catalog,
    strategy: &ConflictStrategy,
) -> Result<()> {
    let mut dangling = find_dangling_edges(types, catalog).await?;
    // Nodes are restored first: other edges of a restored node are not dangling.
    dangling.sort_by_key(|edge| chosen_side(types, strategy, edge) != Some(edge.owner));
    for edge in dangling {
        if !types.get(edge.node_type).is_some_and(|nodes| nodes.is_deleted(&edge.node)) {
            continue;
        }
        match chosen_side(types, strategy, &edge) {
            Some(side) if side == edge.owner => restore_node(types, &edge),
            Some(_) => delete_edge(types, &edge),
            None => add_conflict(types, &edge),
        }
    }
    Ok(())
}

fn chosen_side(types: &[TypeMergePlan<'_>], strategy: &ConflictStrategy, edge: &DanglingEdge) -> Option<MergeSide> {
    strategy.side(types.get(edge.edge_type)?.diff.ty.name, &edge.id)
}

fn restore_node(types: &mut [TypeMergePlan<'_>], edge: &DanglingEdge) {
    let Some(nodes) = types.get_mut(edge.node_type) else { return };
    match nodes.diff.our_change(&edge.node) {
        Some(ours) if ours.op == Some(ChangeOp::Delete) => {
            let restored = EntityResolution::Base(ours.before);
            nodes.resolution.entities.insert(edge.node.clone(), restored);
        }
        _ => drop(nodes.resolution.entities.remove(&edge.node)),
    }
}

fn delete_edge(types: &mut [TypeMergePlan<'_>], edge: &DanglingEdge) {
    if let Some(edges) = types.get_mut(edge.edge_type) {
        edges.delete_entity(&edge.id);
    }
}

fn add_conflict(types: &mut [TypeMergePlan<'_>], edge: &DanglingEdge) {
    let Some(node_type) = types.get(edge.node_type).map(|nodes| nodes.diff.ty.name.to_owned()) else { return };
    let Some(edges) = types.get_mut(edge.edge_type) else { return };
    let (edge_side, node_side) = match edge.owner {
        MergeSide::Ours => ("target", "source"),
        MergeSide::Theirs => ("source", "target"),
    };
    let conflict = MergeConflict {
        entity_kind: EntityKind::Edge,
        type_name: edges.diff.ty.name.to_owned(),
        entity_id: Some(edge.id.to_string()),
        kind: ConflictKind::OrphanEdge,
        message: format!(
            "the {edge_side} inserted or changed it, the {node_side} deleted its endpoint {node_type} '{}'",
            edge.node
        ),
    };
    if !edges.resolution.conflicts.iter().any(|known| known.entity_id == conflict.entity_id) {
        edges.resolution.conflicts.push(conflict);
    }
}

async fn find_dangling_edges(types: &[TypeMergePlan<'_>], catalog: &Catalog) -> Result<Vec<DanglingEdge>> {
    let indexes: BTreeMap<TablePath, usize> =
        types.iter().enumerate().map(|(index, plan)| (plan.diff.ty.path(), index)).collect();
    let mut dangling = Vec::new();
    for edge in catalog.edges.values() {
        let Some(edge_type) = indexes.get(&TablePath::edge(edge.table)).copied() else { continue };
        for (node, column) in [(&edge.from, EDGE_SRC), (&edge.to, EDGE_DST)] {
            let node_type = catalog.nodes.get(node).and_then(|node| indexes.get(&TablePath::node(node.table)).copied());
            let Some(node_type) = node_type else { continue };
            let (Some(edges), Some(nodes)) = (types.get(edge_type), types.get(node_type)) else { continue };
            let deleted = nodes.deleted_nodes();
            if deleted.is_empty() {
                continue;
            }
            for (id, node, owner) in changed_endpoints(edges, column).await? {
                if deleted.contains(node.as_ref()) {
                    dangling.push(DanglingEdge { edge_type, id, node_type, node, owner });
                }
            }
        }
    }
    Ok(dangling)
}

/// The id of an edge, one of its endpoints, and the side that owns it.
type ChangedEndpoint = (Box<str>, Box<str>, MergeSide);

/// Returns one endpoint of each changed edge of the result.
async fn changed_endpoints(plan: &TypeMergePlan<'_>, column: &str) -> Result<Vec<ChangedEndpoint>> {
    let (mut our_rows, mut their_rows) = (Vec::new(), Vec::new());
    for (id, change) in &plan.diff.our_changes {
        let exists = matches!(change.op, Some(ChangeOp::Insert | ChangeOp::Update));
        if exists && !plan.resolution.entities.contains_key(id) {
            our_rows.push((id.clone(), change.after));
        }
    }
    for (id, resolution) in &plan.resolution.entities {
        match resolution {
            EntityResolution::Theirs(address) => their_rows.push((id.clone(), *address)),
            EntityResolution::Merged(merge) if merge.from_theirs.contains(column) => {
                their_rows.push((id.clone(), merge.theirs));
            }
            EntityResolution::Merged(merge) => our_rows.push((id.clone(), merge.ours)),
            EntityResolution::Delete | EntityResolution::Base(_) => {}
        }
    }
    let mut found = read_endpoints(plan.diff.ours.as_ref(), our_rows, column, MergeSide::Ours).await?;
    found.extend(read_endpoints(plan.diff.theirs.as_ref(), their_rows, column, MergeSide::Theirs).await?);
    Ok(found)
}

async fn read_endpoints(
    table: Option<&Arc<Table>>,
    rows: Vec<(Box<str>, RowAddress)>,
    column: &str,
    side: MergeSide,
) -> Result<Vec<ChangedEndpoint>> {
    let Some(table) = table.filter(|_| !rows.is_empty()) else { return Ok(Vec::new()) };
    let addresses: Vec<RowAddress> = rows.iter().map(|(_, address)| *address).collect();
    let columns = table.fetch(&addresses, &[column]).await?;
    let ids = columns.first().and_then(|column| column.as_string_opt::<i32>());
    let ids = ids.ok_or_else(|| Error::internal("edges without endpoints"))?;
    let pairs = rows.into_iter().zip(ids.iter());
    Ok(pairs.filter_map(|((id, _), node)| Some((id, node?.into(), side))).collect())
}

impl TypeMergePlan<'_> {
    /// Returns the nodes that a side contained and the result does not.
    fn deleted_nodes(&self) -> BTreeSet<&str> {
        let entities = &self.resolution.entities;
        let deleted = self.diff.our_changes.values().filter(|change| change.op == Some(ChangeOp::Delete));
        let by_ours = deleted.map(|change| change.id.as_ref()).filter(|id| !entities.contains_key(*id));
        let by_merge = entities.iter().filter(|(_, resolution)| matches!(resolution, EntityResolution::Delete));
        by_ours.chain(by_merge.map(|(id, _)| id.as_ref())).collect()
    }

    /// Reports if the result lacks a node.
    fn is_deleted(&self, id: &str) -> bool {
        match self.resolution.entities.get(id) {
            Some(resolution) => matches!(resolution, EntityResolution::Delete),
            None => self.diff.our_change(id).is_some_and(|change| change.op == Some(ChangeOp::Delete)),
        }
    }
}
