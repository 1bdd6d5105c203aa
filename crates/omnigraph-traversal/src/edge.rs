//! Nodes and edges as traversals see them: numbers without ids, tables or properties.

use std::fmt;

/// A reference to a node: its node type in the upper 32 bits, its ordinal within the type in the lower 32.
///
/// The packed form is what node columns of query batches hold. References sort by node type, then by ordinal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeRef(pub u64);

impl NodeRef {
    /// Packs the index of a node type and an ordinal within that type.
    #[inline]
    #[must_use]
    pub const fn pack(node_type: u16, ordinal: u32) -> Self {
        Self((node_type as u64) << 32 | ordinal as u64)
    }

    /// Returns the index of the node type; `u16::MAX` if the number is not a packed reference.
    #[inline]
    #[must_use]
    pub const fn node_type(self) -> u16 {
        let node_type = self.0 >> 32;
        if node_type > u16::MAX as u64 { u16::MAX } else { node_type as u16 }
    }

    /// Returns the ordinal within the node type.
    #[inline]
    #[must_use]
    pub const fn ordinal(self) -> u32 {
        self.0 as u32
    }

    /// Returns the node type as an index into per-type arrays.
    #[inline]
    pub(crate) const fn type_index(self) -> usize {
        self.node_type() as usize
    }

    /// Returns the ordinal as an index into per-node arrays.
    #[inline]
    pub(crate) const fn ordinal_index(self) -> usize {
        self.ordinal() as usize
    }
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.node_type(), self.ordinal())
    }
}

/// One edge row of an edge table version.
///
/// Edges are ordered by source, then target, then address: the canonical order of this crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Ordinal of the source within the source's node type, dense from 0.
    pub from: u32,
    /// Ordinal of the target within the target's node type, dense from 0.
    pub to: u32,
    /// Address of the edge's row: unique within the table version, otherwise opaque.
    pub address: u64,
}

/// The direction in which an edge is followed, or the endpoint that it is seen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeDirection {
    /// From source to target: outgoing edges of the source.
    Out,
    /// From target to source: incoming edges of the target.
    In,
}

impl EdgeDirection {
    /// Returns the opposite direction.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// An edge seen from one endpoint. The order of its fields is the order of adjacency rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HalfEdge {
    /// The endpoint it is seen from.
    pub(crate) node: u32,
    /// The other endpoint.
    pub(crate) neighbor: u32,
    /// Address of the edge's row.
    pub(crate) address: u64,
}

impl HalfEdge {
    pub(crate) fn new(edge: &Edge, direction: EdgeDirection) -> Self {
        match direction {
            EdgeDirection::Out => Self { node: edge.from, neighbor: edge.to, address: edge.address },
            EdgeDirection::In => Self { node: edge.to, neighbor: edge.from, address: edge.address },
        }
    }
}
