//! Blocks and clauses.

use super::{AstExpr, AstName, AstSpan};
use crate::span::Span;

/// A clause of a block. The larger kinds are boxed to keep lists of filters small.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternClause {
    /// `$x: Type { … }`
    Binding(BindingClause),
    /// `$a edge $b`
    Traversal(Box<TraversalClause>),
    /// `path $p = shortest $a edge $b`
    Path(Box<PathClause>),
    /// A condition.
    Filter(AstExpr),
    /// `not { … }`, `exists { … }`, `optional { … }`
    Block(BlockClause),
}

/// `$x: Type { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct BindingClause {
    /// The variable.
    pub var: AstName,
    /// The type.
    pub ty: AstName,
    /// Inline properties.
    pub properties: Vec<PropertyMatch>,
    /// The whole clause.
    pub at: AstSpan,
}

/// `name: expr`
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyMatch {
    /// The property.
    pub name: AstName,
    /// Its value.
    pub value: AstExpr,
}

/// `$a [$k:] [$h@] edges {min,max} { props } [where …] $b`
#[derive(Clone, Debug, PartialEq)]
pub struct TraversalClause {
    /// Left endpoint.
    pub left: AstName,
    /// Edge binding.
    pub edge_var: Option<AstName>,
    /// Hop count.
    pub hop_var: Option<AstName>,
    /// Edge types.
    pub edges: EdgeSelector,
    /// `<…>`
    pub undirected: bool,
    /// Bounds on the number of hops.
    pub bounds: Option<HopBounds>,
    /// Inline edge properties.
    pub properties: Vec<PropertyMatch>,
    /// A condition on every edge.
    pub filter: Option<AstExpr>,
    /// Right endpoint.
    pub right: AstName,
    /// The whole clause.
    pub at: AstSpan,
}

/// Edge types of a traversal.
#[derive(Clone, Debug, PartialEq)]
pub enum EdgeSelector {
    /// One name, or several in parentheses.
    Named(Vec<AstName>),
    /// `*`: all that fit.
    Any(AstSpan),
}

/// `{min,max}`, `{min,}` or `{n}`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HopBounds {
    /// Least number of hops.
    pub min: u32,
    /// Greatest number of hops; open when `None`.
    pub max: Option<u32>,
    /// Position in the source.
    pub at: AstSpan,
}

/// `path $p = shortest $a edge $b [by expr]`
#[derive(Clone, Debug, PartialEq)]
pub struct PathClause {
    /// The path variable.
    pub var: AstName,
    /// Keyword of a path search.
    pub mode: PathKeyword,
    /// `by …`, for the cheapest.
    pub cost: Option<AstExpr>,
    /// Endpoints and edges.
    pub traversal: TraversalClause,
    /// The whole clause.
    pub at: AstSpan,
}

/// Keyword of a path search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKeyword {
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
    /// Kind of the block.
    pub kind: BlockKind,
    /// Its clauses.
    pub clauses: Vec<PatternClause>,
    /// The whole clause.
    pub at: AstSpan,
}

/// Keyword before a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// `not`
    Not,
    /// `exists`
    Exists,
    /// `optional`
    Optional,
}

impl PatternClause {
    /// Returns its position in the source.
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
