//! Where the row of a node lies: dense offsets, or a sorted list of the few nodes that have one.

use std::ops::Range;

use super::column::Column;

/// A dense index costs one offset per ordinal, so it is worth having from one edge per this many ordinals on.
const ORDINALS_PER_EDGE_MAX: usize = 8;

/// Maps a node to the range of its row.
#[derive(Debug)]
pub(crate) enum Index {
    /// `offsets[n]..offsets[n + 1]` is the row of `n`; shorter than the ordinals in use when the last have no row.
    Dense {
        /// One more than there are nodes.
        offsets: Column<u32>,
    },
    /// `offsets[i]..offsets[i + 1]` is the row of `nodes[i]`.
    Sparse {
        /// Ascending.
        nodes: Column<u32>,
        /// One more than there are nodes.
        offsets: Column<u32>,
        /// Says of most nodes without a row that they have none.
        filter: Filter,
    },
}

impl Index {
    /// True if so many edges over so many ordinals deserve dense offsets.
    pub(crate) fn is_dense(edges: usize, bound: usize) -> bool {
        bound <= edges.saturating_mul(ORDINALS_PER_EDGE_MAX)
    }

    /// The index of rows that follow one another in the order of these nodes, ascending with repetition: one entry per
    /// edge.
    pub(crate) fn of_sorted(nodes: impl Iterator<Item = u32>, edges: usize, bound: usize) -> Self {
        if !Self::is_dense(edges, bound) {
            return Self::sparse(nodes);
        }
        Self::Dense { offsets: Self::count(nodes, bound).into() }
    }

    /// Dense offsets of the rows of these nodes, one entry per edge, in any order.
    pub(crate) fn count(nodes: impl Iterator<Item = u32>, bound: usize) -> Vec<u32> {
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

    fn sparse(sorted: impl Iterator<Item = u32>) -> Self {
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

    /// A sparse index of these nodes, ascending, with one offset more than there are nodes.
    pub(crate) fn from_sparse(nodes: Vec<u32>, offsets: Vec<u32>) -> Self {
        let filter = Filter::of(&nodes);
        Self::Sparse { nodes: nodes.into(), offsets: offsets.into(), filter }
    }

    /// Its offsets, and its nodes unless it is dense.
    pub(crate) fn sections(&self) -> (&[u32], Option<&[u32]>) {
        match self {
            Self::Dense { offsets } => (offsets.as_slice(), None),
            Self::Sparse { nodes, offsets, .. } => (offsets.as_slice(), Some(nodes.as_slice())),
        }
    }

    /// Ready to answer many questions.
    pub(crate) fn lookup(&self) -> Lookup<'_> {
        match self {
            Self::Dense { offsets } => Lookup::Dense { offsets: offsets.as_slice() },
            Self::Sparse { nodes, offsets, filter } => {
                Lookup::Sparse { nodes: nodes.as_slice(), offsets: offsets.as_slice(), filter }
            }
        }
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Dense { offsets } => offsets.bytes(),
            Self::Sparse { nodes, offsets, filter } => nodes.bytes() + offsets.bytes() + filter.bytes(),
        }
    }
}

/// An index whose sections are at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup<'a> {
    Dense { offsets: &'a [u32] },
    Sparse { nodes: &'a [u32], offsets: &'a [u32], filter: &'a Filter },
}

impl Lookup<'_> {
    /// The range of the node's row; empty when it has none.
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

    /// Every node that may have a row with that row's range, ascending.
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

/// The place of a node in an ascending list that the filter stands for.
#[inline]
pub(crate) fn find(nodes: &[u32], filter: &Filter, node: u32) -> Option<usize> {
    if filter.excludes(node) { None } else { nodes.binary_search(&node).ok() }
}

/// A bit for the low end of each ordinal in a set. Ordinals are dense, so their low bits are spread evenly as they are,
/// and at eight bits per member all but one in eight of the others are told apart by a single look.
#[derive(Debug)]
pub(crate) struct Filter {
    /// A power of two of words, never none.
    words: Box<[u64]>,
}

impl Filter {
    const BITS_PER_MEMBER: usize = 8;

    pub(crate) fn of(nodes: &[u32]) -> Self {
        let words = (nodes.len() * Self::BITS_PER_MEMBER / 64).next_power_of_two();
        let mut filter = Self { words: vec![0; words].into_boxed_slice() };
        for &node in nodes {
            let (word, bit) = filter.place(node);
            filter.words[word] |= bit;
        }
        filter
    }

    fn place(&self, node: u32) -> (usize, u64) {
        ((node as usize >> 6) & (self.words.len() - 1), 1 << (node & 63))
    }

    /// True only of nodes that are not in the set.
    #[inline]
    pub(crate) fn excludes(&self, node: u32) -> bool {
        let (word, bit) = self.place(node);
        self.words[word] & bit == 0
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.words)
    }
}
