//! The edges of fragments as pairs of ordinals.

use std::collections::BTreeSet;

use arrow::array::{AsArray, UInt32Array};
use omnigraph_walk::Edge;

use super::Ordinals;
use crate::error::{Error, Result};
use crate::table::{Column, EDGE_DST, EDGE_SRC, FragmentRows, RowAddress, Table};

/// The edges of some fragments of `table`, or of all.
pub(super) async fn read(
    table: &Table,
    only: Option<&BTreeSet<u32>>,
    sources: &Ordinals,
    targets: &Ordinals,
) -> Result<Vec<Edge>> {
    let fragments = table.fragments(only).await?;
    let ids: Vec<u32> = fragments.iter().map(|fragment| fragment.id).collect();
    let columns = table.columns(&ids, &[EDGE_SRC, EDGE_DST]).await?;
    let mut edges = Vec::with_capacity(fragments.iter().map(|fragment| fragment.written as usize).sum());
    for (fragment, ends) in fragments.iter().zip(&columns) {
        let [from, to] = ends.as_slice() else { return Err(Error::internal("an edge without ends")) };
        collect(fragment, &numbered(from, sources)?, &numbered(to, targets)?, &mut edges);
    }
    Ok(edges)
}

fn numbered(column: &Column, ordinals: &Ordinals) -> Result<Vec<UInt32Array>> {
    let text = |chunk: &arrow::array::ArrayRef| {
        let ids = chunk.as_string_opt::<i32>().ok_or_else(|| Error::internal("ends of edges are no text"))?;
        ordinals.number(ids)
    };
    column.chunks().iter().map(text).collect()
}

fn collect(fragment: &FragmentRows, from: &[UInt32Array], to: &[UInt32Array], edges: &mut Vec<Edge>) {
    let ends = from.iter().flat_map(|chunk| chunk.values()).zip(to.iter().flat_map(|chunk| chunk.values()));
    for (offset, (from, to)) in (0u32..).zip(ends) {
        if fragment.lives(offset) {
            let address = RowAddress::new(fragment.id, offset).0;
            edges.push(Edge { from: *from, to: *to, address });
        }
    }
}
