//! Typed expressions.

use super::pattern::VarId;
use super::value::{ExprType, Value};
use crate::catalog::{DistanceMetric, PropertyId, TextAnalyzer, TypeId};
use crate::functions::{AggregateKind, FunctionId};

/// An expression and its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The computation.
    pub kind: ExprKind,
    /// Type of the result.
    pub ty: ExprType,
}

/// Kind and operands of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant, already converted to the type it is compared with or assigned to where that loses nothing.
    Literal(Value),
    /// The parameter at this index.
    Param(usize),
    /// The time of the request, the same everywhere in it.
    Now,
    /// A property of a node or edge variable; null if the variable is.
    Property {
        /// A node or edge variable.
        var: VarId,
        /// The property.
        property: PropertyRef,
    },
    /// A system field of a node or edge variable; null if the variable is.
    System {
        /// A node or edge variable.
        var: VarId,
        /// The field.
        field: SystemField,
    },
    /// The whole node or edge.
    Object(VarId),
    /// A hop count or the value of a correlated aggregate.
    Variable(VarId),
    /// A path or a part of it.
    Path {
        /// A path variable.
        var: VarId,
        /// The part.
        part: PathPart,
    },
    /// A list of expressions of one type; null when an item is.
    List(Vec<Expr>),
    /// Conjunction of two or more, three-valued.
    And(Vec<Expr>),
    /// Disjunction of two or more, three-valued.
    Or(Vec<Expr>),
    /// One operand.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: Box<Expr>,
    },
    /// Two operands; null if one is.
    Binary {
        /// The operator, overloads resolved.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// Membership by equality: null if the item or the list is; otherwise false of the empty list.
    In {
        /// The item.
        item: Box<Expr>,
        /// A list.
        list: Box<Expr>,
    },
    /// Test for null; never null itself.
    IsNull(Box<Expr>),
    /// The item of a list at an `I64` index from 0; null outside of it.
    ListItem {
        /// A list.
        list: Box<Expr>,
        /// An integer.
        index: Box<Expr>,
    },
    /// The member of a JSON object or item of a JSON array; null where there is none.
    JsonItem {
        /// A JSON value.
        json: Box<Expr>,
        /// String for objects, an integer for arrays.
        key: Box<Expr>,
    },
    /// A function of the table.
    Call {
        /// The function.
        function: FunctionId,
        /// Arguments in order.
        args: Vec<Expr>,
    },
    /// A lossless change of representation to the node's type, checked at run time where the value decides.
    Convert(Box<Expr>),
    /// A text predicate: Bool.
    TextMatch(Box<TextMatch>),
    /// The distance of a vector from the query in the property's metric: F64, null for a null vector. A plain value: it
    /// neither restricts nor orders.
    Distance(Box<VectorDistance>),
    /// A score: F64. As an ordinary column it is null for rows that the rank does not cover.
    Rank(Box<RankExpr>),
    /// After grouping: the group key at this index of [`super::GroupBy::keys`].
    GroupKey(usize),
    /// After grouping: the aggregate at this index of [`super::GroupBy::aggregates`].
    Aggregated(usize),
    /// After projection: the column at this index. In `having` and order keys only.
    Column(usize),
}

/// A reference to a property of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PropertyRef {
    /// Declared name, the same in all types.
    pub name: String,
    /// Its id in each type of the variable.
    pub ids: Vec<(TypeId, PropertyId)>,
}

/// A field of every node or edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemField {
    /// Identity: String.
    Id,
    /// Name of the type: String.
    Type,
    /// Id of an edge's source: String.
    Src,
    /// Id of an edge's target: String.
    Dst,
}

/// A path or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathPart {
    /// The path itself.
    Whole,
    /// Its nodes, in order.
    Nodes,
    /// Its edges, in order.
    Edges,
    /// Number of edges: I64.
    Length,
    /// Sum of the costs: F64; of a path not searched by cost, the number of edges.
    Cost,
    /// The ids and types of its nodes, then of its edges, each followed by U+0000: String. It identifies and orders paths; no
    /// query can write it.
    Identity,
}

/// Operators of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Three-valued negation.
    Not,
    /// Minus; overflow is an error.
    Negate,
}

/// Operators of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// Exact across numeric widths; text by code point; identity of `@id`s as text.
    Equal,
    /// As [`Self::Equal`].
    NotEqual,
    /// Exact across numeric widths; text by code point; false before true.
    Less,
    /// As [`Self::Less`].
    LessEqual,
    /// As [`Self::Less`].
    Greater,
    /// As [`Self::Less`].
    GreaterEqual,
    /// Substring, exact.
    ContainsText,
    /// Prefix, exact.
    StartsWith,
    /// Suffix, exact.
    EndsWith,
    /// I64 with overflow an error, or F64.
    Add,
    /// I64 with overflow an error, or F64.
    Subtract,
    /// I64 with overflow an error, or F64.
    Multiply,
    /// To F64; by zero is an error.
    Divide,
    /// I64, towards zero; by zero is an error.
    IntegerDivide,
    /// Sign of the dividend; by zero is an error.
    Remainder,
    /// Concatenation of texts.
    Concat,
    /// Date or DateTime plus Duration.
    AddDuration,
    /// Date or DateTime minus Duration.
    SubtractDuration,
}

/// An aggregate over the rows of a group or block; nulls are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateExpr {
    /// The function.
    pub kind: AggregateKind,
    /// The argument; `None` only for the number of rows. `count` of an object counts rows in which it is not null.
    pub arg: Option<Expr>,
    /// `true` if equal values count once (nodes and edges by identity).
    pub distinct: bool,
    /// Type of the result.
    pub ty: ExprType,
}

/// A text predicate over one property.
#[derive(Clone, Debug, PartialEq)]
pub struct TextMatch {
    /// Kind of match.
    pub kind: TextMatchKind,
    /// A node variable.
    pub var: VarId,
    /// A String property.
    pub property: PropertyRef,
    /// Analyzer of both sides.
    pub analyzer: TextAnalyzer,
    /// The query text; without tokens after analysis it matches nothing.
    pub query: Expr,
}

/// Kind of a text match.
#[derive(Clone, Debug, PartialEq)]
pub enum TextMatchKind {
    /// Any token of the query.
    Any,
    /// Every token of the query.
    All,
    /// The tokens of the query next to each other in order.
    Phrase,
    /// Any token of the query within this edit distance.
    Fuzzy {
        /// A non-negative integer.
        edits: Expr,
    },
}

/// A rank: the first order item, or a score.
#[derive(Clone, Debug, PartialEq)]
pub enum RankExpr {
    /// Ascending distance. Rows with a null vector are not covered.
    Nearest(VectorDistance),
    /// Descending score. Rows of score 0 are not covered.
    Bm25(Bm25Score),
    /// Descending fused score. Rows that no arm covers are not covered.
    Rrf(RankFusion),
}

/// Distance of a vector property from a query.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorDistance {
    /// A node variable.
    pub var: VarId,
    /// A vector property.
    pub property: PropertyRef,
    /// Number of dimensions.
    pub dimension: u32,
    /// The declared metric.
    pub metric: DistanceMetric,
    /// A vector of that dimension, or text to be embedded.
    pub query: Expr,
    /// The embedding model of the query text, if the property pins one.
    pub model: Option<String>,
}

/// BM25 over one or several properties of one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Bm25Score {
    /// A node variable.
    pub var: VarId,
    /// Fields and their weights; at least one.
    pub fields: Vec<FieldWeight>,
    /// The query text.
    pub query: Expr,
}

/// A field of a [`Bm25Score`].
#[derive(Clone, Debug, PartialEq)]
pub struct FieldWeight {
    /// A String property.
    pub property: PropertyRef,
    /// Analyzer of both sides.
    pub analyzer: TextAnalyzer,
    /// Factor of its score; positive.
    pub weight: f64,
}

/// Reciprocal rank fusion: the sum over arms that cover the row's entity of `weight / (k + rank)`, rank counted from 1
/// over distinct entities.
#[derive(Clone, Debug, PartialEq)]
pub struct RankFusion {
    /// Two or more arms.
    pub arms: Vec<FusionArm>,
    /// A positive integer.
    pub k: Expr,
}

/// One rank of a [`RankFusion`].
#[derive(Clone, Debug, PartialEq)]
pub struct FusionArm {
    /// The rank; not fused itself.
    pub rank: RankExpr,
    /// Factor of its reciprocal rank; positive.
    pub weight: f64,
}

impl Expr {
    /// Makes an expression.
    #[must_use]
    pub const fn new(kind: ExprKind, ty: ExprType) -> Self {
        Self { kind, ty }
    }
}

impl RankExpr {
    /// Returns `true` if greater scores come first.
    #[must_use]
    pub const fn descending(&self) -> bool {
        !matches!(self, Self::Nearest(_))
    }
}
