//! The edges at a few nodes, found by reading one end of every edge: for a hop from nodes that are known, which would
//! otherwise wait until all edges are numbered.

use std::collections::HashSet;

use arrow::array::{AsArray, StringArray};
use futures::TryStreamExt;
use omnigraph_walk::{Adjacency, Edge, Side};

use super::Ordinals;
use crate::error::{Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC, RowAddress, Scan, Table, addresses};

/// How a hop from nodes with known ids finds its edges. Either way finds the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HopMethod {
    /// By adjacency if it is at hand or quickly had; of a large table by the ends of its edges if not, unless the table was asked
    /// before: then it is worth deriving.
    #[default]
    Auto,
    /// Always by adjacency.
    Adjacency,
    /// Always by the ends of edges.
    Ends,
}

/// The edges of `table` that begin or end, depending on `sides`, at nodes with these ids.
pub(super) async fn read(
    table: &Table,
    (sides, ids): (&[Side], &[String]),
    sources: &Ordinals,
    targets: &Ordinals,
) -> Result<Adjacency> {
    let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let mut edges = Vec::new();
    for side in sides {
        edges.extend(on(*side, table, &ids, sources, targets).await?);
    }
    // An edge between two of the nodes is on both sides.
    edges.sort_unstable_by_key(|edge| edge.address);
    edges.dedup_by_key(|edge| edge.address);
    Ok(Adjacency::build(edges))
}

/// The edges that have one of the nodes on one side.
async fn on(
    side: Side,
    table: &Table,
    ids: &HashSet<&str>,
    sources: &Ordinals,
    targets: &Ordinals,
) -> Result<Vec<Edge>> {
    let (near, far) = match side {
        Side::Out => (EDGE_SRC, EDGE_DST),
        Side::In => (EDGE_DST, EDGE_SRC),
    };
    let (found, here) = at(table, near, ids).await?;
    let there = table.fetch(&found, &[far]).await?;
    let there = there.first().and_then(|ids| ids.as_string_opt::<i32>()).ok_or_else(no_text)?;
    let (from, to) = match side {
        Side::Out => (sources.number(&here)?, targets.number(there)?),
        Side::In => (sources.number(there)?, targets.number(&here)?),
    };
    let ends = from.values().iter().zip(to.values());
    let edge = |((from, to), address): ((&u32, &u32), &RowAddress)| Edge { from: *from, to: *to, address: address.0 };
    Ok(ends.zip(&found).map(edge).collect())
}

/// The rows in whose column `end` one of the ids stands, and which.
async fn at(table: &Table, end: &str, ids: &HashSet<&str>) -> Result<(Vec<RowAddress>, StringArray)> {
    let scan = Scan { columns: vec![end.to_owned()], addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(table.scan(scan).await?);
    let (mut rows, mut found) = (Vec::new(), Vec::new());
    while let Some(batch) = batches.try_next().await? {
        let ends = batch.column_by_name(end).and_then(|column| column.as_string_opt::<i32>()).ok_or_else(no_text)?;
        for (id, address) in ends.iter().zip(addresses(&batch)?.values()) {
            if let Some(id) = id.and_then(|id| ids.get(id)) {
                rows.push(RowAddress(*address));
                found.push(*id);
            }
        }
    }
    Ok((rows, StringArray::from(found)))
}

fn no_text() -> Error {
    Error::internal("ends of edges are no text")
}
