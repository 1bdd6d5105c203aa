//! Typed expressions.

use std::fmt;

use super::pattern::VarId;
use super::value::Value;
use crate::catalog::{Analyzer, Metric, PropertyId, TypeId};
use crate::functions::FunctionId;
use crate::types::{PropType, Scalar};

/// An expression and its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// What it yields.
    pub ty: Type,
}

/// The type of an expression: a property's, or one of the few that cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A storable value.
    Value(PropType),
    /// The literal `null`.
    Null,
    /// A span of time.
    Duration {
        /// Whether null is a value.
        nullable: bool,
    },
    /// A whole node or edge: `@id`, (`@src`, `@dst`, `@type` of an edge,) and its properties but blobs and vectors.
    Object {
        /// Node or edge.
        kind: ObjectKind,
        /// Whether null is a value.
        nullable: bool,
    },
    /// Whole nodes or edges in order.
    Objects {
        /// Nodes or edges.
        kind: ObjectKind,
        /// Whether null is a value.
        nullable: bool,
    },
    /// A path: nodes and edges in order.
    Path {
        /// Whether null is a value.
        nullable: bool,
    },
}

/// Node or edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A node.
    Node,
    /// An edge.
    Edge,
}

/// What an expression computes.
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
        /// Which property.
        property: PropertyRef,
    },
    /// A system field of a node or edge variable; null if the variable is.
    System {
        /// A node or edge variable.
        var: VarId,
        /// Which field.
        field: SystemField,
    },
    /// The whole node or edge.
    Object(VarId),
    /// A hop count or the value of a correlated aggregate.
    Variable(VarId),
    /// A path or what it is made of.
    Path {
        /// A path variable.
        var: VarId,
        /// Which part.
        part: PathPart,
    },
    /// A list built of expressions of one type; null when an item is.
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
    /// Whether the operand is null; never null itself.
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
        /// Text for objects, an integer for arrays.
        key: Box<Expr>,
    },
    /// A function of the table.
    Call {
        /// Which.
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
    Distance(Box<Nearest>),
    /// A score: F64. As an ordinary column it is null for rows that the rank does not cover.
    Rank(Box<Rank>),
    /// After grouping: the group key at this index of [`super::Group::keys`].
    GroupKey(usize),
    /// After grouping: the aggregate at this index of [`super::Group::aggregates`].
    Aggregated(usize),
    /// After projection: the column at this index. In `having` and order keys only.
    Column(usize),
}

/// A property as the catalogue knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PropertyRef {
    /// Declared name, the same in all types.
    pub name: String,
    /// Its id in each type that the variable ranges over.
    pub ids: Vec<(TypeId, PropertyId)>,
}

/// A field every node or edge has.
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

/// A path or what it is made of.
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
    /// The ids and types of its nodes, then of its edges, each followed by U+0000: String. Tells paths apart and orders them;
    /// no query can write it.
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
    /// Text beside text.
    Concat,
    /// Date or DateTime plus Duration.
    AddDuration,
    /// Date or DateTime minus Duration.
    SubtractDuration,
}

/// An aggregate over the rows of a group or block; nulls are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub kind: AggregateKind,
    /// Over what; `None` only for the number of rows. `count` of an object counts rows in which it is not null.
    pub arg: Option<Expr>,
    /// Whether equal values count once (nodes and edges by identity).
    pub distinct: bool,
    /// Type of the result.
    pub ty: Type,
}

/// Which aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateKind {
    /// I64; 0 of nothing.
    Count,
    /// I64 for signed and 32-bit integers, U64 for U64 (exact, overflow an error), F64 for floats; null of nothing.
    Sum,
    /// F64; null of nothing.
    Avg,
    /// Of the argument's type; null of nothing.
    Min,
    /// Of the argument's type; null of nothing.
    Max,
    /// A list in a stable order (by value; objects by id); empty of nothing.
    Collect,
}

/// A text predicate over one property.
#[derive(Clone, Debug, PartialEq)]
pub struct TextMatch {
    /// How it matches.
    pub kind: TextMatchKind,
    /// A node variable.
    pub var: VarId,
    /// A String property.
    pub property: PropertyRef,
    /// How both sides become tokens.
    pub analyzer: Analyzer,
    /// The query text; no token left after analysis matches nothing.
    pub query: Expr,
}

/// How a text predicate matches.
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

/// A rank: first order item, or a score.
#[derive(Clone, Debug, PartialEq)]
pub enum Rank {
    /// Ascending distance. Rows with a null vector are not covered.
    Nearest(Nearest),
    /// Descending score. Rows of score 0 are not covered.
    Bm25(Bm25),
    /// Descending fused score. Rows that no arm covers are not covered.
    Rrf(Fused),
}

/// Distance of a vector property from a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// A node variable.
    pub var: VarId,
    /// A vector property.
    pub property: PropertyRef,
    /// Number of dimensions.
    pub dimension: u32,
    /// The declared metric.
    pub metric: Metric,
    /// A vector of that dimension, or text to be embedded.
    pub query: Expr,
    /// The model that text must be embedded with, if the property pins one.
    pub model: Option<String>,
}

/// BM25 over one or several properties of one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Bm25 {
    /// A node variable.
    pub var: VarId,
    /// Fields and their weights; at least one.
    pub fields: Vec<FieldWeight>,
    /// The query text.
    pub query: Expr,
}

/// A field of a [`Bm25`].
#[derive(Clone, Debug, PartialEq)]
pub struct FieldWeight {
    /// A String property.
    pub property: PropertyRef,
    /// How both sides become tokens.
    pub analyzer: Analyzer,
    /// Factor of its score; positive.
    pub weight: f64,
}

/// Reciprocal rank fusion: the sum over arms that cover the row's entity of `weight / (k + rank)`, rank counted from 1
/// over distinct entities.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    /// Arms and their weights; two or more, none of them fused itself.
    pub arms: Vec<(Rank, f64)>,
    /// A positive integer.
    pub k: Expr,
}

impl Type {
    /// A non-null value of `scalar`.
    #[must_use]
    pub const fn scalar(scalar: Scalar) -> Self {
        Self::Value(PropType::of(scalar))
    }

    /// Whether null is a value.
    #[must_use]
    pub const fn nullable(&self) -> bool {
        match self {
            Self::Value(ty) => ty.nullable,
            Self::Null => true,
            Self::Duration { nullable }
            | Self::Object { nullable, .. }
            | Self::Objects { nullable, .. }
            | Self::Path { nullable } => *nullable,
        }
    }

    /// The same with or without null.
    #[must_use]
    pub fn with_nullable(mut self, value: bool) -> Self {
        match &mut self {
            Self::Value(ty) => ty.nullable = value,
            Self::Null => {}
            Self::Duration { nullable }
            | Self::Object { nullable, .. }
            | Self::Objects { nullable, .. }
            | Self::Path { nullable } => *nullable = value,
        }
        self
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Value(ty) => return ty.fmt(f),
            Self::Null => return f.write_str("null"),
            Self::Duration { .. } => "Duration",
            Self::Object { kind: ObjectKind::Node, .. } => "Node",
            Self::Object { kind: ObjectKind::Edge, .. } => "Edge",
            Self::Objects { kind: ObjectKind::Node, .. } => "[Node]",
            Self::Objects { kind: ObjectKind::Edge, .. } => "[Edge]",
            Self::Path { .. } => "Path",
        };
        f.write_str(text)?;
        if self.nullable() { f.write_str("?") } else { Ok(()) }
    }
}

impl Rank {
    /// Whether greater scores come first.
    #[must_use]
    pub const fn descending(&self) -> bool {
        !matches!(self, Self::Nearest(_))
    }
}
