//! One edge as adjacency knows it, and the two sides from which it can be seen.

/// One edge row of an edge table version.
///
/// Edges are ordered by source, then target, then address: the canonical order of everything here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Ordinal of its source in the source's node type, dense from 0.
    pub from: u32,
    /// Ordinal of its target in the target's node type, dense from 0.
    pub to: u32,
    /// Address of its row: unique within the table version, otherwise opaque.
    pub address: u64,
}

/// From which end an edge is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// From its source: the others are targets.
    Out,
    /// From its target: the others are sources.
    In,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// An edge seen from one end. The order of its fields is the order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HalfEdge {
    /// The end it is seen from.
    pub(crate) node: u32,
    /// The other end.
    pub(crate) other: u32,
    /// Its row.
    pub(crate) address: u64,
}

impl HalfEdge {
    pub(crate) fn of(edge: &Edge, side: Side) -> Self {
        match side {
            Side::Out => Self { node: edge.from, other: edge.to, address: edge.address },
            Side::In => Self { node: edge.to, other: edge.from, address: edge.address },
        }
    }
}
