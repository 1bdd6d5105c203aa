//! Blocks and clauses.

use super::{At, Expr, Name};
use crate::span::Span;

/// A clause of a block. The larger kinds are boxed, so that a list of filters does not pay for them.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// `$x: Type { … }`
    Binding(Binding),
    /// `$a edge $b`
    Traversal(Box<Traversal>),
    /// `path $p = shortest $a edge $b`
    Path(Box<PathClause>),
    /// A condition.
    Filter(Expr),
    /// `not { … }`, `exists { … }`, `optional { … }`
    Block(BlockClause),
}

/// `$x: Type { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The variable.
    pub var: Name,
    /// The type.
    pub ty: Name,
    /// Inline properties.
    pub properties: Vec<PropertyMatch>,
    /// The whole of it.
    pub at: At,
}

/// `name: expr`
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyMatch {
    /// The property.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `$a [$k:] [$h@] edges {min,max} { props } [where …] $b`
#[derive(Clone, Debug, PartialEq)]
pub struct Traversal {
    /// Left end.
    pub left: Name,
    /// Edge binding.
    pub edge_var: Option<Name>,
    /// Hop count.
    pub hop_var: Option<Name>,
    /// Which edges.
    pub edges: EdgeSelector,
    /// `<…>`
    pub undirected: bool,
    /// How many hops.
    pub bounds: Option<Bounds>,
    /// Inline edge properties.
    pub properties: Vec<PropertyMatch>,
    /// A condition on every edge.
    pub filter: Option<Expr>,
    /// Right end.
    pub right: Name,
    /// The whole of it.
    pub at: At,
}

/// Which edges a traversal walks.
#[derive(Clone, Debug, PartialEq)]
pub enum EdgeSelector {
    /// One name, or several in parentheses.
    Named(Vec<Name>),
    /// `*`: all that fit.
    Any(At),
}

/// `{min,max}`, `{min,}` or `{n}`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// At least.
    pub min: u32,
    /// At most; open when `None`.
    pub max: Option<u32>,
    /// Where it stands.
    pub at: At,
}

/// `path $p = shortest $a edge $b [by expr]`
#[derive(Clone, Debug, PartialEq)]
pub struct PathClause {
    /// The path variable.
    pub var: Name,
    /// Which paths.
    pub mode: PathMode,
    /// `by …`, for the cheapest.
    pub cost: Option<Expr>,
    /// Ends and edges.
    pub traversal: Traversal,
    /// The whole of it.
    pub at: At,
}

/// Which paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathMode {
    /// `shortest`
    Shortest,
    /// `all_shortest`
    AllShortest,
    /// `cheapest … by …`
    Cheapest,
}

/// `not { … }`, `exists { … }`, `optional { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct BlockClause {
    /// Which.
    pub kind: BlockKind,
    /// What is inside.
    pub clauses: Vec<Clause>,
    /// The whole of it.
    pub at: At,
}

/// The word before a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// `not`
    Not,
    /// `exists`
    Exists,
    /// `optional`
    Optional,
}

impl Clause {
    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Binding(binding) => binding.at.0,
            Self::Traversal(traversal) => traversal.at.0,
            Self::Path(path) => path.at.0,
            Self::Filter(expr) => expr.at.0,
            Self::Block(block) => block.at.0,
        }
    }
}
