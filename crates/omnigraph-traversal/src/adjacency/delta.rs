//! Delta layers: the rows that commits changed since the base was built, and the merge of layers.
//!
//! A row in a layer replaces the row of its node in all older layers and the base. A look-up ends at the newest layer that has
//! the node, and traversals need no tombstones. Rewriting the row of a hub for one edge would be expensive: a changed hub row
//! is stored as splices into the base's row. Layers never outlive their base.
//!
//! # Merge policy
//!
//! A layer is merged into the next older one once it has at least half of its size. All layers are merged into a new base once
//! they have a quarter of its size together. So sizes at least double from layer to layer, there are few layers, and an edge is
//! moved a logarithmic number of times.

use std::ops::Range;
use std::sync::Arc;

use super::csr::CsrBase;
use super::row::{AdjacencyRow, EdgeAddresses, RowSegment, RowSplice};
use super::row_index::{NodeFilter, find};
use super::{Adjacency, AdjacencyRows, AdjacencyVersion};
use crate::edge::{Edge, EdgeDirection, HalfEdge};

/// Greatest base degree of a node whose changed row is rewritten; the row of a hub is spliced. Small in tests, so that small
/// graphs have hubs.
pub(super) const MAX_REWRITTEN_DEGREE: usize = if cfg!(test) { 6 } else { 4096 };

/// A layer of at least one part in this many of the next older one is merged into it.
const LAYER_SHARE: usize = 2;
/// Layers of at least one part in this many of the base are merged into it.
const BASE_SHARE: usize = 4;
/// Greatest weight of a base that is rebuilt for every version, which takes no longer than writing a layer. Small in tests, so
/// that small graphs have layers.
const MAX_REBUILT_WEIGHT: usize = if cfg!(test) { 16 } else { 4096 };

/// Changed rows of both directions.
#[derive(Debug)]
pub(crate) struct DeltaLayer {
    pub(crate) out: DeltaRows,
    pub(crate) into: DeltaRows,
}

impl DeltaLayer {
    pub(crate) fn rows(&self, direction: EdgeDirection) -> &DeltaRows {
        match direction {
            EdgeDirection::Out => &self.out,
            EdgeDirection::In => &self.into,
        }
    }

    /// Merges this layer with the next older one.
    pub(crate) fn merge(&self, older: &Self) -> Self {
        Self { out: self.out.merge(&older.out), into: self.into.merge(&older.into) }
    }

    /// Returns the size in 64-bit words: the work of a merge.
    pub(crate) fn weight(&self) -> usize {
        self.bytes() / size_of::<u64>()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.out.bytes() + self.into.bytes()
    }
}

/// Changed rows of one direction.
#[derive(Debug)]
pub(crate) struct DeltaRows {
    /// The changed nodes, ascending.
    nodes: Vec<u32>,
    filter: NodeFilter,
    /// End of the row of each node in `neighbors` and `addresses`.
    ends: Vec<u32>,
    neighbors: Vec<u32>,
    addresses: Vec<u64>,
    /// End of the splices of each node. A node without splices has a whole row.
    splice_ends: Vec<u32>,
    splices: Vec<RowSplice>,
}

impl DeltaRows {
    /// Returns the row of a node if it was changed. `base` returns the base row that splices refer to.
    #[inline]
    pub(crate) fn row<'a>(&'a self, node: u32, base: impl FnOnce() -> RowSegment<'a>) -> Option<AdjacencyRow<'a>> {
        let position = find(&self.nodes, &self.filter, node)?;
        let splices = &self.splices[entry_range(&self.splice_ends, position)];
        let entries = entry_range(&self.ends, position);
        let own = RowSegment::new(&self.neighbors[entries.clone()], EdgeAddresses::Direct(&self.addresses[entries]));
        Some(if splices.is_empty() {
            AdjacencyRow::contiguous(own)
        } else {
            AdjacencyRow { base: base(), added: own, splices }
        })
    }

    /// Returns the changed nodes, ascending.
    pub(crate) fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    /// Returns the rows of both; this one's row of a node that both have.
    fn merge(&self, older: &Self) -> Self {
        let mut merged = DeltaRowsBuilder::default();
        let (mut upper, mut lower) = (0, 0);
        while upper < self.nodes.len() || lower < older.nodes.len() {
            let (up, low) = (self.nodes.get(upper), older.nodes.get(lower));
            if low.is_none() || up.is_some_and(|up| low.is_some_and(|low| up <= low)) {
                merged.copy(self, upper);
                lower += usize::from(up == low);
                upper += 1;
            } else {
                merged.copy(older, lower);
                lower += 1;
            }
        }
        merged.finish()
    }

    fn bytes(&self) -> usize {
        let words = self.nodes.len() + self.ends.len() + self.neighbors.len() + self.splice_ends.len();
        words * 4 + self.addresses.len() * 8 + size_of_val(&*self.splices) + self.filter.bytes()
    }
}

fn entry_range(ends: &[u32], position: usize) -> Range<usize> {
    let start = if position == 0 { 0 } else { ends[position - 1] as usize };
    start..ends[position] as usize
}

/// A collector of changed rows in the order of their nodes.
#[derive(Debug, Default)]
struct DeltaRowsBuilder {
    nodes: Vec<u32>,
    ends: Vec<u32>,
    neighbors: Vec<u32>,
    addresses: Vec<u64>,
    splice_ends: Vec<u32>,
    splices: Vec<RowSplice>,
}

impl DeltaRowsBuilder {
    fn push(&mut self, neighbor: u32, address: u64) {
        self.neighbors.push(neighbor);
        self.addresses.push(address);
    }

    /// Finishes the row of a node.
    fn finish_row(&mut self, node: u32) {
        self.nodes.push(node);
        self.ends.push(self.neighbors.len() as u32);
        self.splice_ends.push(self.splices.len() as u32);
    }

    fn copy(&mut self, from: &DeltaRows, position: usize) {
        let entries = entry_range(&from.ends, position);
        self.neighbors.extend_from_slice(&from.neighbors[entries.clone()]);
        self.addresses.extend_from_slice(&from.addresses[entries]);
        self.splices.extend_from_slice(&from.splices[entry_range(&from.splice_ends, position)]);
        self.finish_row(from.nodes[position]);
    }

    fn finish(self) -> DeltaRows {
        let Self { nodes, ends, neighbors, addresses, splice_ends, splices } = self;
        let filter = NodeFilter::new(&nodes);
        DeltaRows { nodes, filter, ends, neighbors, addresses, splice_ends, splices }
    }
}

/// Builds the rows, after the change, of the nodes that `removed` and `added` touch; both are ordered. Returns the number of
/// removed edges that existed as well.
fn changed_rows(current: &AdjacencyRows<'_>, removed: &[HalfEdge], added: &[HalfEdge]) -> (DeltaRows, usize) {
    let mut builder = DeltaRowsBuilder::default();
    let (mut removed, mut added) = (removed, added);
    let mut found = 0;
    while let Some(node) = [removed.first(), added.first()].into_iter().flatten().map(|half| half.node).min() {
        let (deleted, rest) = removed.split_at(removed.partition_point(|half| half.node == node));
        removed = rest;
        let (new, rest) = added.split_at(added.partition_point(|half| half.node == node));
        added = rest;
        let row = current.row(node);
        let base = current.base_row(node);
        found += if base.len() > MAX_REWRITTEN_DEGREE {
            builder.splice_row(&row, base, deleted, new)
        } else {
            builder.rewrite_row(&row, deleted, new)
        };
        builder.finish_row(node);
    }
    (builder.finish(), found)
}

impl DeltaRowsBuilder {
    /// Writes the whole row. Returns the number of deleted edges that existed.
    fn rewrite_row(&mut self, row: &AdjacencyRow<'_>, deleted: &[HalfEdge], new: &[HalfEdge]) -> usize {
        let mut deleted = deleted.iter().peekable();
        let mut new = new.iter().peekable();
        let mut found = 0;
        row.for_each(|neighbor, address| {
            let current = (neighbor, address);
            while deleted.next_if(|half| (half.neighbor, half.address) < current).is_some() {}
            if deleted.next_if(|half| (half.neighbor, half.address) == current).is_some() {
                found += 1;
                return;
            }
            while let Some(half) = new.next_if(|half| (half.neighbor, half.address) < current) {
                self.push(half.neighbor, half.address);
            }
            self.push(neighbor, address);
        });
        new.for_each(|half| self.push(half.neighbor, half.address));
        found
    }

    /// Writes the row as splices into the base's row. Returns the number of deleted edges that existed.
    fn splice_row(
        &mut self,
        row: &AdjacencyRow<'_>,
        base: RowSegment<'_>,
        deleted: &[HalfEdge],
        new: &[HalfEdge],
    ) -> usize {
        // A hub whose row is the base's has no splices yet.
        let (splices, added) =
            if row.splices.is_empty() { (&[][..], RowSegment::EMPTY) } else { (row.splices, row.added) };
        let mut holes: Vec<u32> = splices.iter().flat_map(|splice| splice.at..splice.at + splice.skip).collect();
        let holes_before = holes.len();
        for half in deleted {
            if let Some(position) = base.find(half.neighbor, half.address) {
                let position = position as u32;
                if holes[..holes_before].binary_search(&position).is_err() {
                    holes.push(position);
                }
            }
        }
        holes.sort_unstable();
        holes.dedup();

        let first = self.neighbors.len();
        let found_added = self.rewrite_row(&AdjacencyRow::contiguous(added), deleted, new);
        let found = holes.len() - holes_before + found_added;
        self.write_splices(base, &holes, first);
        found
    }

    /// Writes the splices for deleted base positions and for the added edges from `first` on.
    fn write_splices(&mut self, base: RowSegment<'_>, holes: &[u32], first: usize) {
        let first_splice = self.splices.len();
        let mut holes = holes.iter().copied().peekable();
        let mut next = 0;
        let added = self.neighbors.len() - first;
        let insertion = |this: &Self, next: usize| {
            base.insertion_point(this.neighbors[first + next], this.addresses[first + next]) as u32
        };
        loop {
            let insert_at = (next < added).then(|| insertion(self, next));
            let Some(at) = [insert_at, holes.peek().copied()].into_iter().flatten().min() else { break };
            while next < added && insertion(self, next) == at {
                next += 1;
            }
            let skip = u32::from(holes.next_if_eq(&at).is_some());
            match self.splices[first_splice..].last_mut() {
                Some(splice) if insert_at != Some(at) && splice.skip > 0 && splice.resume() == at as usize => {
                    splice.skip += skip;
                }
                _ => self.splices.push(RowSplice { at, skip, added_end: next as u32 }),
            }
        }
        // A row that equals the base's again needs an empty splice: without any it would read as an empty row.
        if self.splices.len() == first_splice {
            self.splices.push(RowSplice { at: 0, skip: 0, added_end: 0 });
        }
    }
}

impl Adjacency {
    /// Returns the next version: this one without the edges `removed` and with those `added`, both in any order.
    ///
    /// A removed edge that does not exist is ignored. A removed address may be added again, with any endpoints. The time is
    /// proportional to the change and to the degrees of the changed nodes except hubs, plus the amortized merges.
    ///
    /// # Panics
    ///
    /// Panics if the result has more than [`MAX_EDGES`](Self::MAX_EDGES) edges.
    #[must_use]
    pub fn with_changes(&self, removed: impl IntoIterator<Item = Edge>, mut added: Vec<Edge>) -> Self {
        let mut removed: Vec<Edge> = removed.into_iter().collect();
        if removed.is_empty() && added.is_empty() {
            return self.clone();
        }
        removed.sort_unstable();
        added.sort_unstable();
        assert!(self.len() + added.len() <= Self::MAX_EDGES, "an adjacency holds at most {} edges", Self::MAX_EDGES);
        let base = &self.version.base;
        if (removed.len() + added.len()) * BASE_SHARE >= base.weight() || base.weight() <= MAX_REBUILT_WEIGHT {
            return self.rebuilt(&removed, added);
        }
        let (layer, found) = self.build_layer(&removed, &added);
        let len = self.len() + added.len() - found;
        let mut bounds = self.version.bounds;
        for edge in &added {
            bounds = [bounds[0].max(edge.from.saturating_add(1)), bounds[1].max(edge.to.saturating_add(1))];
        }
        let layers = push_layer(&self.version.layers, layer);
        let next = Self { version: Arc::new(AdjacencyVersion { base: Arc::clone(base), layers, len, bounds }) };
        let weight: usize = next.version.layers.iter().map(|layer| layer.weight()).sum();
        if weight * BASE_SHARE >= base.weight() { next.rebuilt(&[], Vec::new()) } else { next }
    }

    fn build_layer(&self, removed: &[Edge], added: &[Edge]) -> (DeltaLayer, usize) {
        let changed = |direction| {
            let halves = |edges: &[Edge]| {
                let mut halves: Vec<HalfEdge> = edges.iter().map(|edge| HalfEdge::new(edge, direction)).collect();
                halves.sort_unstable();
                halves
            };
            changed_rows(&self.rows(direction), &halves(removed), &halves(added))
        };
        let (out, found) = changed(EdgeDirection::Out);
        let (into, _) = changed(EdgeDirection::In);
        (DeltaLayer { out, into }, found)
    }

    /// Returns the edges with a change applied as a new base; `removed` and `added` are ordered.
    pub(super) fn rebuilt(&self, removed: &[Edge], added: Vec<Edge>) -> Self {
        let mut edges = Vec::with_capacity(self.len() + added.len());
        let mut removed = removed.iter().peekable();
        let mut added = added.into_iter().peekable();
        self.for_each_edge(|from, to, address| {
            let edge = Edge { from, to, address };
            while removed.next_if(|deleted| **deleted < edge).is_some() {}
            if removed.next_if(|deleted| **deleted == edge).is_some() {
                return;
            }
            while let Some(new) = added.next_if(|new| *new < edge) {
                edges.push(new);
            }
            edges.push(edge);
        });
        edges.extend(added);
        Self::from_base(CsrBase::from_sorted(&edges))
    }
}

/// Returns the layers with one more on top, merged by the merge policy.
fn push_layer(layers: &[Arc<DeltaLayer>], mut top: DeltaLayer) -> Vec<Arc<DeltaLayer>> {
    let mut older = layers.to_vec();
    while let Some(last) = older.pop_if(|last| top.weight() * LAYER_SHARE >= last.weight()) {
        top = top.merge(&last);
    }
    older.push(Arc::new(top));
    older
}
