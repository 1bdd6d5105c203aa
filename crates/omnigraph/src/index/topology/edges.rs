//! Edges as pairs of ordinals: all edges of fragments, or those at a few nodes.

use std::collections::{BTreeSet, HashSet};

use arrow::array::{ArrayRef, AsArray, StringArray, UInt32Array};
use futures::TryStreamExt;
use omnigraph_traversal::{Adjacency, Edge, EdgeDirection};

use super::cache::EndpointFilter;
use super::nodes::NodeOrdinals;
use crate::error::{Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC, FragmentColumn, RowAddress, Scan, Table, row_addresses};

/// The method by which a traversal from nodes with known ids finds their edges. All methods find the same edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TraversalMethod {
    /// The adjacency if it is cached, persisted or quickly built. For a large table a scan of endpoints at first, and the
    /// adjacency from the second traversal on.
    #[default]
    Auto,
    /// Always the adjacency.
    Adjacency,
    /// Always a scan of endpoints.
    EndpointScan,
}

/// Reads the edges of some fragments of `table`, or of all.
pub(super) async fn read_edges(
    table: &Table,
    fragments: Option<&BTreeSet<u32>>,
    sources: &NodeOrdinals,
    targets: &NodeOrdinals,
) -> Result<Vec<Edge>> {
    let fragments = table.fragments(fragments).await?;
    let ids: Vec<u32> = fragments.iter().map(|fragment| fragment.id).collect();
    let columns = table.columns(&ids, &[EDGE_SRC, EDGE_DST]).await?;
    let mut edges = Vec::with_capacity(fragments.iter().map(|fragment| fragment.physical_rows as usize).sum());
    for (fragment, columns) in fragments.iter().zip(&columns) {
        let [from, to] = columns.as_slice() else { return Err(Error::internal("edges without endpoints")) };
        let (from, to) = (assign_ordinals(from, sources)?, assign_ordinals(to, targets)?);
        let pairs = from.iter().flat_map(|chunk| chunk.values()).zip(to.iter().flat_map(|chunk| chunk.values()));
        for (offset, (from, to)) in (0u32..).zip(pairs) {
            if fragment.is_live(offset) {
                edges.push(Edge { from: *from, to: *to, address: RowAddress::new(fragment.id, offset).0 });
            }
        }
    }
    Ok(edges)
}

fn assign_ordinals(column: &FragmentColumn, ordinals: &NodeOrdinals) -> Result<Vec<UInt32Array>> {
    column.chunks().iter().map(|chunk| ordinals.assign(endpoint_ids(chunk)?)).collect()
}

fn endpoint_ids(column: &ArrayRef) -> Result<&StringArray> {
    column.as_string_opt::<i32>().ok_or_else(|| Error::internal("edge endpoints are not strings"))
}

/// Reads the edges with an endpoint that passes `filter`, by a scan of that endpoint.
pub(super) async fn scan_endpoints(
    table: &Table,
    filter: EndpointFilter<'_>,
    sources: &NodeOrdinals,
    targets: &NodeOrdinals,
) -> Result<Adjacency> {
    let ids: HashSet<&str> = filter.ids.iter().map(String::as_str).collect();
    let mut edges = Vec::new();
    for direction in filter.directions {
        let (near, far) = match direction {
            EdgeDirection::Out => (EDGE_SRC, EDGE_DST),
            EdgeDirection::In => (EDGE_DST, EDGE_SRC),
        };
        let (rows, near_ids) = find_endpoints(table, near, &ids).await?;
        let far_column = table.fetch(&rows, &[far]).await?;
        let far_ids = endpoint_ids(far_column.first().ok_or_else(|| Error::internal("edges without endpoints"))?)?;
        let (from, to) = match direction {
            EdgeDirection::Out => (sources.assign(&near_ids)?, targets.assign(far_ids)?),
            EdgeDirection::In => (sources.assign(far_ids)?, targets.assign(&near_ids)?),
        };
        let pairs = from.values().iter().zip(to.values()).zip(&rows);
        edges.extend(pairs.map(|((from, to), address)| Edge { from: *from, to: *to, address: address.0 }));
    }
    // An edge between two of the nodes is found from both sides.
    edges.sort_unstable_by_key(|edge| edge.address);
    edges.dedup_by_key(|edge| edge.address);
    Ok(Adjacency::build(edges))
}

/// Returns the rows whose column `endpoint` contains one of `ids`, and the id of each.
async fn find_endpoints(table: &Table, endpoint: &str, ids: &HashSet<&str>) -> Result<(Vec<RowAddress>, StringArray)> {
    let scan = Scan { columns: vec![endpoint.to_owned()], addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(table.scan(&scan)?);
    let (mut rows, mut found) = (Vec::new(), Vec::new());
    while let Some(batch) = batches.try_next().await? {
        let column = batch.column_by_name(endpoint).ok_or_else(|| Error::internal("edges without endpoints"))?;
        for (id, address) in endpoint_ids(column)?.iter().zip(row_addresses(&batch)?.values()) {
            if let Some(id) = id.and_then(|id| ids.get(id)) {
                rows.push(RowAddress(*address));
                found.push(*id);
            }
        }
    }
    Ok((rows, StringArray::from(found)))
}
