//! Endpoints: both nodes of every new edge exist, and no remaining edge dangles after nodes are deleted.

use std::sync::Arc;

use arrow::array::AsArray;
use futures::TryStreamExt;
use omnigraph_compiler::catalog::OnDelete;
use omnigraph_history::TablePath;

use super::post_state::{EndpointLookups, PostState, RowLabel, TableWrite};
use super::table_constraints::{EndpointConstraint, TableConstraints};
use super::violations::{ENDPOINT, Violations};
use crate::error::{ConstraintViolation, Error, Result, RowOrigin};
use crate::index::key::KeyHash;
use crate::table::{RowAddress, Scan, Table, row_addresses};

/// Checks the endpoints of new edges in memory.
pub(super) async fn check_new_edges(
    state: &PostState<'_>,
    write: &TableWrite<'_>,
    violations: &mut Violations,
) -> Result<()> {
    let Some(endpoints) = write.constraints.endpoints.as_ref().filter(|_| !write.new.streamed) else { return Ok(()) };
    for endpoint in endpoints {
        let needed = write.new.inputs.endpoint_nodes(endpoint.column);
        if needed.is_empty() {
            continue;
        }
        let nodes = state.nodes(&endpoint.node_table).await?;
        for missing in needed.iter().filter(|node| !nodes.contains(node.key)) {
            let message = missing_endpoint(endpoint, missing.id, &write.constraints.type_name);
            violations.push(write.violation(ENDPOINT, &[missing.row], message));
        }
    }
    Ok(())
}

/// Checks endpoints of streamed edges that are not among the rows of the write: they must be nodes of the base.
pub(super) async fn check_lookups(
    state: &PostState<'_>,
    lookups: &EndpointLookups,
    violations: &mut Violations,
) -> Result<()> {
    let TableConstraints { type_name, endpoints, .. } =
        TableConstraints::for_table(state.base.catalog(), &lookups.edges)?;
    let endpoint = endpoints.iter().flatten().find(|endpoint| endpoint.direction == lookups.direction);
    let endpoint = endpoint.ok_or_else(|| Error::internal(format!("table {} has no endpoints", lookups.edges)))?;
    let nodes = state.nodes(&endpoint.node_table).await?;
    let mut missing: Vec<_> = lookups.nodes.iter().filter(|node| !nodes.contains(node.key)).collect();
    missing.sort_unstable_by_key(|missing| missing.line);
    for missing in missing {
        let message = missing_endpoint(endpoint, &missing.id, &type_name);
        let (type_name, rows) = (type_name.clone(), vec![RowOrigin::Input(missing.line)]);
        violations.push(ConstraintViolation { code: ENDPOINT, message, type_name, entity_id: None, rows });
    }
    Ok(())
}

fn missing_endpoint(endpoint: &EndpointConstraint, id: &str, edge_type: &str) -> String {
    format!("{} '{id}' not found in {}; both endpoints of {edge_type} must exist", endpoint.column, endpoint.node_type)
}

/// The stored edges of one type at nodes of one type.
struct StoredEdges<'a> {
    type_name: &'a str,
    endpoints: &'a [EndpointConstraint; 2],
    /// The endpoint of the nodes.
    endpoint: &'a EndpointConstraint,
    table: Arc<Table>,
    /// The write to the edges, if there is one.
    write: Option<&'a TableWrite<'a>>,
}

impl StoredEdges<'_> {
    fn remains(&self, address: RowAddress) -> bool {
        self.write.is_none_or(|write| !write.deletes_row(address))
    }
}

/// Checks that no remaining edge dangles if `write` deletes nodes.
pub(super) async fn check_remaining_edges(
    state: &PostState<'_>,
    write: &TableWrite<'_>,
    violations: &mut Violations,
) -> Result<()> {
    let deletes_nodes = write.constraints.endpoints.is_none() && (write.replace || !write.removed.is_empty());
    if !deletes_nodes || write.base.rows() == 0 {
        return Ok(());
    }
    let catalog = state.base.catalog();
    for edge in catalog.edges.values() {
        let path = TablePath::edge(edge.table);
        let Some(constraints) = TableConstraints::for_edge(catalog, edge) else { continue };
        let Some(endpoints) = &constraints.endpoints else { continue };
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.node_table == *write.base.path()) {
            let table = state.base.table(&path).await?;
            let edge_write = state.table_write(&path);
            if table.rows() == 0 || edge_write.is_some_and(|write| write.replace) {
                continue;
            }
            let type_name = &constraints.type_name;
            let edges = StoredEdges { type_name, endpoints, endpoint, table, write: edge_write };
            if write.replace {
                check_edges_of_replaced(write, &edges, violations).await?;
            } else {
                check_edges_of_removed(state, write, &edges, violations).await?;
            }
        }
    }
    Ok(())
}

/// Checks through the adjacency that deleted nodes have no remaining edges.
async fn check_edges_of_removed(
    state: &PostState<'_>,
    write: &TableWrite<'_>,
    edges: &StoredEdges<'_>,
    violations: &mut Violations,
) -> Result<()> {
    let topology = &state.base.engine.topology;
    let [source, target] = edges.endpoints;
    let adjacency = topology.adjacency(&edges.table, &source.node_table, &target.node_table).await?;
    let ordinals = topology.ordinals(&edges.endpoint.node_table);
    let mut held: Vec<(RowAddress, usize)> = Vec::new();
    let index = state.base.engine.keys.id_index(&write.base).await?;
    for key in write.removed.iter().filter(|key| write.deletes_id(*key)) {
        let (Some(node), Some(ordinal)) = (index.get(key), ordinals.get_by_hash(key)) else { continue };
        let mut remaining = 0;
        let direction = edges.endpoint.direction;
        adjacency.for_each(ordinal, direction, |_, address| {
            remaining += usize::from(edges.remains(RowAddress(address)));
        });
        if remaining > 0 {
            held.push((node, remaining));
        }
    }
    // In the order of the table the report is deterministic.
    held.sort_unstable();
    for (node, remaining) in held {
        if violations.is_full() {
            violations.count();
            continue;
        }
        let id = RowLabel::read(&write.base, node, &[]).await?.id.unwrap_or_default();
        let message = undeletable_node(&write.constraints.type_name, &id, edges, remaining);
        violations.push(ConstraintViolation { entity_id: Some(id), ..write.violation(ENDPOINT, &[], message) });
    }
    Ok(())
}

fn undeletable_node(node_type: &str, id: &str, edges: &StoredEdges<'_>, remaining: usize) -> String {
    let edge_type = edges.type_name;
    let (count, them) =
        if remaining == 1 { ("an edge".to_owned(), "it") } else { (format!("{remaining} edges"), "them") };
    let reason = match edges.endpoint.on_delete {
        OnDelete::Restrict => format!("has {count} of type {edge_type}, which says @on_delete(restrict)"),
        OnDelete::Cascade => format!("is the {} of {count} of type {edge_type}", edges.endpoint.role()),
    };
    format!("{node_type} '{id}' cannot be deleted: it {reason}. Delete {them} first, or in the same write")
}

/// Checks that remaining edges find their endpoints among the rows that replace all nodes.
async fn check_edges_of_replaced(
    write: &TableWrite<'_>,
    edges: &StoredEdges<'_>,
    violations: &mut Violations,
) -> Result<()> {
    let (edge_type, EndpointConstraint { column, node_type, .. }) = (edges.type_name, edges.endpoint);
    let scan = Scan { columns: vec![(*column).to_owned()], addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(edges.table.scan(&scan)?);
    while let Some(batch) = batches.try_next().await? {
        let ids = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
        let ids = ids.ok_or_else(|| Error::internal("a scan of endpoints without their column"))?;
        for (id, address) in ids.iter().flatten().zip(row_addresses(&batch)?.values()) {
            if edges.remains(RowAddress(*address)) && write.deletes_id(KeyHash::new(id)) {
                let message = format!(
                    "{column} '{id}' not found in {node_type}: an existing edge {edge_type} refers to it and {node_type} is \
                     replaced. Load {edge_type} too, or use --mode merge"
                );
                violations.push(write.violation(ENDPOINT, &[], message));
            }
        }
    }
    Ok(())
}
