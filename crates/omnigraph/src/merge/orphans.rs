//! Edges that one side made or changed and whose node the other deleted.
//!
//! Each side is sound by itself, so an edge can only lose its end by the other side. Only changed edges and deleted nodes are
//! looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::AsArray;
use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::TablePath;

use super::choice::{Choices, Side};
use super::decide::Take;
use super::plan::TypePlan;
use crate::diff::ChangeOp;
use crate::error::EntityKind;
use crate::error::{ConflictKind, MergeConflict};
use crate::error::{Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC, RowAddress, Table};

/// An edge of the result that lacks a node.
struct Orphan {
    /// Place of the edge's type among the types.
    edges: usize,
    id: Box<str>,
    /// Place of the node's type among the types.
    nodes: usize,
    node: Box<str>,
    /// Who brings the edge.
    brings: Side,
}

/// Finds edges without ends, and does with them what was chosen, or notes conflicts.
pub(super) async fn settle(types: &mut [TypePlan<'_>], catalog: &Catalog, choices: &Choices) -> Result<()> {
    let mut orphans = find(types, catalog).await?;
    // A node that comes back for one edge is there for the others as well.
    orphans.sort_by_key(|orphan| chosen(types, choices, orphan) != Some(orphan.brings));
    for orphan in orphans {
        if !types.get(orphan.nodes).is_some_and(|nodes| nodes.loses(&orphan.node)) {
            continue;
        }
        match chosen(types, choices, &orphan) {
            Some(side) if side == orphan.brings => bring_back(types, &orphan),
            Some(_) => drop_edge(types, &orphan),
            None => note(types, &orphan),
        }
    }
    Ok(())
}

fn chosen(types: &[TypePlan<'_>], choices: &Choices, orphan: &Orphan) -> Option<Side> {
    choices.of(types.get(orphan.edges)?.sides.ty.name, &orphan.id)
}

/// The node is as if nobody had deleted it.
fn bring_back(types: &mut [TypePlan<'_>], orphan: &Orphan) {
    let Some(nodes) = types.get_mut(orphan.nodes) else { return };
    match nodes.sides.our_change(&orphan.node) {
        Some(ours) if ours.op == Some(ChangeOp::Delete) => {
            let restored = Take::Restore(ours.before);
            nodes.decisions.takes.insert(orphan.node.clone(), restored);
        }
        _ => drop(nodes.decisions.takes.remove(&orphan.node)),
    }
}

fn drop_edge(types: &mut [TypePlan<'_>], orphan: &Orphan) {
    let Some(edges) = types.get_mut(orphan.edges) else { return };
    if edges.sides.ours_has(&orphan.id) {
        edges.decisions.takes.insert(orphan.id.clone(), Take::Remove);
    } else {
        edges.decisions.takes.remove(&orphan.id);
    }
}

fn note(types: &mut [TypePlan<'_>], orphan: &Orphan) {
    let Some(node_type) = types.get(orphan.nodes).map(|nodes| nodes.sides.ty.name.to_owned()) else { return };
    let Some(edges) = types.get_mut(orphan.edges) else { return };
    let (edge_side, node_side) = match orphan.brings {
        Side::Ours => ("target", "source"),
        Side::Theirs => ("source", "target"),
    };
    let conflict = MergeConflict {
        entity_kind: EntityKind::Edge,
        type_name: edges.sides.ty.name.to_owned(),
        entity_id: Some(orphan.id.to_string()),
        kind: ConflictKind::OrphanEdge,
        message: format!(
            "the {edge_side} inserted or changed it, the {node_side} deleted {node_type} '{}' at its end",
            orphan.node
        ),
    };
    if !edges.decisions.conflicts.iter().any(|known| known.entity_id == conflict.entity_id) {
        edges.decisions.conflicts.push(conflict);
    }
}

async fn find(types: &[TypePlan<'_>], catalog: &Catalog) -> Result<Vec<Orphan>> {
    let places: BTreeMap<TablePath, usize> =
        types.iter().enumerate().map(|(at, plan)| (plan.sides.ty.path(), at)).collect();
    let mut orphans = Vec::new();
    for edge in catalog.edges.values() {
        let Some(edges) = places.get(&TablePath::edge(edge.table)).copied() else { continue };
        for (node, column) in [(&edge.from, EDGE_SRC), (&edge.to, EDGE_DST)] {
            let nodes = catalog.nodes.get(node).and_then(|node| places.get(&TablePath::node(node.table)).copied());
            let Some(nodes) = nodes else { continue };
            let (Some(edge_plan), Some(node_plan)) = (types.get(edges), types.get(nodes)) else { continue };
            let lost = node_plan.lost();
            if lost.is_empty() {
                continue;
            }
            for (id, end, brings) in ends(edge_plan, column).await? {
                if lost.contains(end.as_ref()) {
                    orphans.push(Orphan { edges, id, nodes, node: end, brings });
                }
            }
        }
    }
    Ok(orphans)
}

/// The changed edges of the result: each with one end, and who brings it.
async fn ends(plan: &TypePlan<'_>, column: &str) -> Result<Vec<(Box<str>, Box<str>, Side)>> {
    let (mut of_ours, mut of_theirs) = (Vec::new(), Vec::new());
    for (id, change) in &plan.sides.our_changes {
        let stays = matches!(change.op, Some(ChangeOp::Insert | ChangeOp::Update));
        if stays && !plan.decisions.takes.contains_key(id) {
            of_ours.push((id.clone(), change.after));
        }
    }
    for (id, take) in &plan.decisions.takes {
        match take {
            Take::Theirs(address) => of_theirs.push((id.clone(), *address)),
            Take::Blend(blend) if blend.from_theirs.contains(column) => of_theirs.push((id.clone(), blend.theirs)),
            Take::Blend(blend) => of_ours.push((id.clone(), blend.ours)),
            Take::Remove | Take::Restore(_) => {}
        }
    }
    let mut found = read(plan.sides.ours.as_ref(), of_ours, column, Side::Ours).await?;
    found.extend(read(plan.sides.theirs.as_ref(), of_theirs, column, Side::Theirs).await?);
    Ok(found)
}

async fn read(
    table: Option<&Arc<Table>>,
    rows: Vec<(Box<str>, RowAddress)>,
    column: &str,
    side: Side,
) -> Result<Vec<(Box<str>, Box<str>, Side)>> {
    let Some(table) = table.filter(|_| !rows.is_empty()) else { return Ok(Vec::new()) };
    let addresses: Vec<RowAddress> = rows.iter().map(|(_, address)| *address).collect();
    let columns = table.fetch(&addresses, &[column]).await?;
    let ends = columns.first().and_then(|column| column.as_string_opt::<i32>());
    let ends = ends.ok_or_else(|| Error::internal("edges without ends"))?;
    let pairs = rows.into_iter().zip(ends.iter());
    Ok(pairs.filter_map(|((id, _), end)| Some((id, end?.into(), side))).collect())
}

impl TypePlan<'_> {
    /// The nodes that one side had and the result has not.
    fn lost(&self) -> BTreeSet<&str> {
        let deleted = self.sides.our_changes.values().filter(|change| change.op == Some(ChangeOp::Delete));
        let by_ours = deleted.map(|change| change.id.as_ref()).filter(|id| !self.decisions.takes.contains_key(*id));
        let removed = self.decisions.takes.iter().filter(|(_, take)| matches!(take, Take::Remove));
        by_ours.chain(removed.map(|(id, _)| id.as_ref())).collect()
    }

    /// Whether the result lacks that node.
    fn loses(&self, id: &str) -> bool {
        match self.decisions.takes.get(id) {
            Some(take) => matches!(take, Take::Remove),
            None => self.sides.our_change(id).is_some_and(|change| change.op == Some(ChangeOp::Delete)),
        }
    }
}
