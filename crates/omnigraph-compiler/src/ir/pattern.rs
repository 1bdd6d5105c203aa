//! Patterns of `match` blocks.

use super::expr::{AggregateExpr, Expr};
use super::value::ExprType;
use crate::catalog::TypeId;

/// A variable of one body. Ids are dense from 0 within a body, nested blocks included; an outer variable keeps its id
/// inside nested blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// A type of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeRef {
    /// Declared name, the catalog's key.
    pub name: String,
    /// Identity.
    pub id: TypeId,
}

/// A variable that rows of a block bind.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternVariable {
    /// Its id.
    pub id: VarId,
    /// Its name without `$`; `None` for `$_` and for variables that the checker introduces.
    pub name: Option<String>,
    /// Kind of its values.
    pub kind: VariableKind,
}

/// Kind of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum VariableKind {
    /// A node of any of these types (one, unless an interface or an edge selection widened it), sorted by name.
    Node {
        /// Its types.
        types: Vec<TypeRef>,
    },
    /// An edge row of any of these types, sorted by name.
    Edge {
        /// Its types.
        types: Vec<TypeRef>,
    },
    /// The number of hops of an expansion: `I64`.
    Hops,
    /// A path.
    Path,
    /// The result of [`CorrelatedKind::Aggregate`].
    Value {
        /// Its type.
        ty: ExprType,
    },
}

/// A conjunction of patterns. Its rows are the assignments to its variables that satisfy everything in it; a block without
/// variables has one empty row. Unconnected variables give the cross product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatternBlock {
    /// Variables introduced here. A node variable ranges over all nodes of its types unless something below restricts it.
    pub variables: Vec<PatternVariable>,
    /// Connections between node variables, own or outer.
    pub expands: Vec<ExpandPattern>,
    /// Paths searched.
    pub paths: Vec<PathSearch>,
    /// Conditions over own and outer variables.
    pub filters: Vec<Expr>,
    /// Blocks evaluated once per row.
    pub blocks: Vec<CorrelatedBlock>,
}

/// An expansion: `to` is reached from `from` over edges. With both bound elsewhere it is a condition on the pair.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpandPattern {
    /// The start: a node variable.
    pub from: VarId,
    /// The end: a node variable, possibly the same.
    pub to: VarId,
    /// Edge types to follow, each with its direction, sorted by name.
    pub steps: Vec<ExpandStep>,
    /// One edge, or a walk.
    pub hops: HopRange,
    /// Unit of one row.
    pub rows: ExpandRows,
    /// A condition on every edge.
    pub walk: Option<EdgeCondition>,
    /// The variable that takes the distance, for [`HopRange::Range`].
    pub hop_count: Option<VarId>,
}

/// One edge type of an expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandStep {
    /// The edge type.
    pub edge: TypeRef,
    /// Direction seen from `from`.
    pub direction: StepDirection,
}

/// Direction in which an edge is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepDirection {
    /// From source to target.
    Out,
    /// From target to source.
    In,
    /// Either way; a self-loop counts once.
    Both,
}

/// Number of hops of an expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HopRange {
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

/// Unit of one row of an expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpandRows {
    /// Each distinct (from, to) pair once, whatever the number of parallel edges.
    Pairs,
    /// Each edge row once, bound to this edge variable. Only with [`HopRange::One`].
    Edges(VarId),
}

/// A condition on every edge of an expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeCondition {
    /// The current edge: an edge variable visible in `filter` and in [`PathMode::Cheapest`] only, listed in no block.
    pub edge: PatternVariable,
    /// The condition; `None` when the edge is only named for the cost of a path.
    pub filter: Option<Expr>,
}

/// `path $p = …`: binds a path between the ends of an expansion, one row per path found.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSearch {
    /// The path variable.
    pub path: VarId,
    /// Paths to return.
    pub mode: PathMode,
    /// Endpoints, edge types, bounds on the number of edges, and edge condition.
    pub expand: ExpandPattern,
}

/// Paths to return between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum PathMode {
    /// One with the fewest edges; among equals the least by the ids of its nodes, then of its edges.
    Shortest,
    /// All with the fewest edges.
    AllShortest,
    /// One with the least sum of this non-negative expression over its edges (of [`EdgeCondition::edge`]); ties as for shortest.
    /// A null or negative cost is a run-time error.
    Cheapest {
        /// Cost of one edge: a number.
        cost: Expr,
    },
}

/// A block evaluated with the outer variables fixed.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelatedBlock {
    /// Effect on the outer row.
    pub kind: CorrelatedKind,
    /// The inner pattern.
    pub block: PatternBlock,
    /// The outer variables it mentions at any depth, ascending; never empty.
    pub outer: Vec<VarId>,
}

/// Effect of a correlated block on the outer row.
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
        aggregate: AggregateExpr,
    },
}
