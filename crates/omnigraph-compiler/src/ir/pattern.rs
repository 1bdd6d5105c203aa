//! Patterns: what a `match` block asks of the graph.

use super::expr::{Aggregate, Expr, Type};
use crate::catalog::TypeId;

/// A variable of one body. Ids are dense from 0 within a body, nested blocks included; an outer variable keeps its id
/// inside nested blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// A type of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeRef {
    /// Declared name, the catalogue's key.
    pub name: String,
    /// Identity.
    pub id: TypeId,
}

/// Something that rows of a block bind.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its id.
    pub id: VarId,
    /// Its name without `$`; `None` for `$_` and for what lowering introduces.
    pub name: Option<String>,
    /// What it stands for.
    pub kind: VariableKind,
}

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum VariableKind {
    /// A node of any of these types (one, unless an interface or an edge selection widened it), sorted by name.
    Node {
        /// The types it ranges over.
        types: Vec<TypeRef>,
    },
    /// An edge row of any of these types, sorted by name.
    Edge {
        /// The types it ranges over.
        types: Vec<TypeRef>,
    },
    /// The number of hops of an expansion: `I64`.
    Hops,
    /// A path.
    Path,
    /// The result of [`CorrelatedKind::Aggregate`].
    Value {
        /// Its type.
        ty: Type,
    },
}

/// A conjunction of patterns. Its rows are the assignments to its variables that satisfy everything in it; a block without
/// variables has one empty row. Unconnected variables give the cross product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Variables introduced here. A node variable ranges over all nodes of its types unless something below restricts it.
    pub variables: Vec<Variable>,
    /// Connections between node variables, own or outer.
    pub expands: Vec<Expand>,
    /// Paths searched.
    pub paths: Vec<PathSearch>,
    /// Conditions over own and outer variables.
    pub filters: Vec<Expr>,
    /// Blocks judged or evaluated once per row.
    pub blocks: Vec<Correlated>,
}

/// `to` is reached from `from` over edges. If both are bound otherwise it is a condition on the pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    /// Where it starts: a node variable.
    pub from: VarId,
    /// Where it ends: a node variable, possibly the same.
    pub to: VarId,
    /// The edge types that may be walked, each in its direction, sorted by name.
    pub steps: Vec<EdgeStep>,
    /// One edge, or a walk.
    pub hops: Hops,
    /// What makes one row.
    pub rows: Rows,
    /// A condition on every edge walked.
    pub walk: Option<Walk>,
    /// The variable that takes the distance, for [`Hops::Range`].
    pub hop_count: Option<VarId>,
}

/// One edge type of an expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeStep {
    /// The edge type.
    pub edge: TypeRef,
    /// How it is walked, seen from `from`.
    pub direction: Direction,
}

/// How an edge is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From source to target.
    Out,
    /// From target to source.
    In,
    /// Either way; a self-loop counts once.
    Both,
}

/// How far an expansion goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hops {
    /// Exactly one edge; a self-loop leads back to the start.
    One,
    /// Breadth first over distinct nodes, all steps at once, each node at its shortest distance `d`: emitted iff
    /// `min <= d <= max`, so each target at most once. The start is visited at distance 0 (emitted iff `min` is 0) and is
    /// not reached again by cycles; a node at distance `d` with a self-edge (that passes the walk's filter) is
    /// also emitted when `min <= d + 1 <= max`, still at most once, with the least admissible distance.
    Range {
        /// Least distance.
        min: u32,
        /// Greatest distance; open when `None`: ends when nothing new is reached.
        max: Option<u32>,
    },
}

/// What makes one row of an expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rows {
    /// Each distinct (from, to) pair once, whatever the number of parallel edges.
    Pairs,
    /// Each edge row once, bound to this edge variable. Only with [`Hops::One`].
    Edges(VarId),
}

/// A condition on every edge of an expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// Stands for the edge at hand; an edge variable visible in `filter` and in [`PathMode::Cheapest`] only, and listed
    /// among the variables of no block.
    pub edge: Variable,
    /// Must be true of it; `None` when the edge is only named for the cost of a path.
    pub filter: Option<Expr>,
}

/// `path $p = …`: binds a path between the ends of an expansion, one row per path found.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSearch {
    /// The path variable.
    pub path: VarId,
    /// Which paths.
    pub mode: PathMode,
    /// Ends, edge types, bounds on the number of edges, and condition on the walk.
    pub expand: Expand,
}

/// Which paths between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum PathMode {
    /// One with the fewest edges; among equals the least by the ids of its nodes, then of its edges.
    Shortest,
    /// All with the fewest edges.
    AllShortest,
    /// One with the least sum of this non-negative expression over its edges (of [`Walk::edge`]); ties as for shortest.
    /// A null or negative cost is an error of the run.
    Cheapest {
        /// Cost of one edge: a number.
        cost: Expr,
    },
}

/// A block evaluated with the outer variables fixed.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlated {
    /// What it does to the outer row.
    pub kind: CorrelatedKind,
    /// The inner pattern.
    pub block: Block,
    /// The outer variables it mentions at any depth, ascending; never empty.
    pub outer: Vec<VarId>,
}

/// What a correlated block does to the outer row.
#[derive(Clone, Debug, PartialEq)]
pub enum CorrelatedKind {
    /// Keeps it iff the block has no row.
    NotExists,
    /// Keeps it iff the block has a row.
    Exists,
    /// Joins it with each row of the block; without any, keeps it with the block's variables null. The variables of the
    /// block, nested optional ones included, are visible to the outer block and to the projection.
    Optional,
    /// Keeps it and binds a value variable (listed among the outer block's) to the aggregate over the block's rows.
    Aggregate {
        /// The value variable.
        into: VarId,
        /// Over the block's rows; of no row: 0 for a count, the empty list for `collect`, otherwise null.
        aggregate: Aggregate,
    },
}
