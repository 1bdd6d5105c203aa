//! Maps a node to its row: dense offsets, or a sorted list of the nodes that have one.

use std::ops::Range;

use super::csr::CsrArray;

/// Greatest number of ordinals per edge for a dense index, which costs one offset per ordinal.
const MAX_ORDINALS_PER_EDGE: usize = 8;

/// A map from nodes to the ranges of their rows.
#[derive(Debug)]
pub(crate) enum RowIndex {
    /// `offsets[n]..offsets[n + 1]` is the row of `n`. Trailing ordinals without a row are omitted.
    Dense {
        /// One more entry than there are nodes.
        offsets: CsrArray<u32>,
    },
    /// `offsets[i]..offsets[i + 1]` is the row of `nodes[i]`.
    Sparse {
        /// Ascending.
        nodes: CsrArray<u32>,
        /// One more entry than there are nodes.
        offsets: CsrArray<u32>,
        /// Excludes most nodes without a row.
        filter: NodeFilter,
    },
}

impl RowIndex {
    /// Returns true if a dense index is worth its memory.
    pub(crate) fn is_dense(edges: usize, bound: usize) -> bool {
        bound <= edges.saturating_mul(MAX_ORDINALS_PER_EDGE)
    }

    /// Builds the index of consecutive rows from the node of each edge, ascending.
    pub(crate) fn from_sorted(nodes: impl Iterator<Item = u32>, edges: usize, bound: usize) -> Self {
        if !Self::is_dense(edges, bound) {
            return Self::build_sparse(nodes);
        }
        Self::Dense { offsets: Self::count_offsets(nodes, bound).into() }
    }

    /// Counts the dense offsets from the node of each edge, in any order.
    pub(crate) fn count_offsets(nodes: impl Iterator<Item = u32>, bound: usize) -> Vec<u32> {
        let mut offsets = vec![0u32; bound + 1];
        for node in nodes {
            offsets[node as usize + 1] += 1;
        }
        let mut total = 0;
        for offset in &mut offsets {
            total += *offset;
            *offset = total;
        }
        offsets
    }

    fn build_sparse(sorted: impl Iterator<Item = u32>) -> Self {
        let (mut nodes, mut offsets) = (Vec::new(), Vec::new());
        let mut edges = 0u32;
        for node in sorted {
            if nodes.last() != Some(&node) {
                nodes.push(node);
                offsets.push(edges);
            }
            edges += 1;
        }
        offsets.push(edges);
        Self::from_sparse(nodes, offsets)
    }

    /// Builds a sparse index from ascending nodes and one offset more than there are nodes.
    pub(crate) fn from_sparse(nodes: Vec<u32>, offsets: Vec<u32>) -> Self {
        let filter = NodeFilter::new(&nodes);
        Self::Sparse { nodes: nodes.into(), offsets: offsets.into(), filter }
    }

    /// Returns the offsets, and the nodes of a sparse index.
    pub(crate) fn sections(&self) -> (&[u32], Option<&[u32]>) {
        match self {
            Self::Dense { offsets } => (offsets.as_slice(), None),
            Self::Sparse { nodes, offsets, .. } => (offsets.as_slice(), Some(nodes.as_slice())),
        }
    }

    /// Returns a borrowed form for many look-ups.
    pub(crate) fn lookup(&self) -> RowLookup<'_> {
        match self {
            Self::Dense { offsets } => RowLookup::Dense { offsets: offsets.as_slice() },
            Self::Sparse { nodes, offsets, filter } => {
                RowLookup::Sparse { nodes: nodes.as_slice(), offsets: offsets.as_slice(), filter }
            }
        }
    }

    /// Returns the size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Dense { offsets } => offsets.bytes(),
            Self::Sparse { nodes, offsets, filter } => nodes.bytes() + offsets.bytes() + filter.bytes(),
        }
    }
}

/// A borrowed [`RowIndex`] with its arrays as slices.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowLookup<'a> {
    Dense { offsets: &'a [u32] },
    Sparse { nodes: &'a [u32], offsets: &'a [u32], filter: &'a NodeFilter },
}

impl RowLookup<'_> {
    /// Returns the range of the node's row; empty if it has none.
    #[inline]
    pub(crate) fn range(&self, node: u32) -> Range<usize> {
        match self {
            Self::Dense { offsets } => match offsets.get(node as usize..) {
                Some(&[start, end, ..]) => start as usize..end as usize,
                _ => 0..0,
            },
            Self::Sparse { nodes, offsets, filter } => match find(nodes, filter, node) {
                Some(row) => offsets[row] as usize..offsets[row + 1] as usize,
                None => 0..0,
            },
        }
    }

    /// Calls `visit` with every node that may have a row and the row's range, ascending.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(u32, Range<usize>)) {
        let (nodes, offsets) = match self {
            Self::Dense { offsets } => (None, offsets),
            Self::Sparse { nodes, offsets, .. } => (Some(nodes), offsets),
        };
        for (row, pair) in offsets.windows(2).enumerate() {
            let node = nodes.map_or(row as u32, |nodes| nodes[row]);
            visit(node, pair[0] as usize..pair[1] as usize);
        }
    }
}

/// Returns the position of a node in an ascending list that `filter` was built from.
#[inline]
pub(crate) fn find(nodes: &[u32], filter: &NodeFilter, node: u32) -> Option<usize> {
    if filter.excludes(node) { None } else { nodes.binary_search(&node).ok() }
}

/// A Bloom filter with one hash function, the low bits of the ordinal.
///
/// Ordinals are dense, so their low bits are uniformly distributed without hashing. At eight bits per member the false positive
/// rate is about one in eight.
#[derive(Debug)]
pub(crate) struct NodeFilter {
    /// A power of two of words, at least one.
    words: Box<[u64]>,
}

impl NodeFilter {
    const BITS_PER_MEMBER: usize = 8;

    pub(crate) fn new(nodes: &[u32]) -> Self {
        let words = (nodes.len() * Self::BITS_PER_MEMBER / 64).next_power_of_two();
        let mut filter = Self { words: vec![0; words].into_boxed_slice() };
        for &node in nodes {
            let (word, bit) = filter.bit_position(node);
            filter.words[word] |= bit;
        }
        filter
    }

    fn bit_position(&self, node: u32) -> (usize, u64) {
        ((node as usize >> 6) & (self.words.len() - 1), 1 << (node & 63))
    }

    /// Returns true only for nodes that are not in the set.
    #[inline]
    pub(crate) fn excludes(&self, node: u32) -> bool {
        let (word, bit) = self.bit_position(node);
        self.words[word] & bit == 0
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.words)
    }
}
