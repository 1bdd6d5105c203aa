//! Expressions.

use super::{At, Clause, Name};
use crate::span::Span;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where it stands.
    pub at: At,
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `[field: weight, …]`
    Weighted(Vec<(Expr, Expr)>),
    /// `now()`
    Now,
    /// `$x`
    Variable(String),
    /// `$x.name`
    Property {
        /// The variable.
        var: Name,
        /// The property.
        name: Name,
    },
    /// `$x.@field`, or `@field` where a row is at hand
    System {
        /// The variable.
        var: Option<Name>,
        /// The field without `@`.
        field: Name,
    },
    /// A bare name: a column, or a property of the row at hand.
    Alias(String),
    /// `name(args, key=value)`
    Call {
        /// The function.
        name: Name,
        /// Positional arguments.
        args: Vec<Expr>,
        /// Named arguments.
        named: Vec<(Name, Expr)>,
    },
    /// `count(*)`, `sum(x)`, `count { … }`, `sum(x) { … }`
    Aggregate {
        /// Which.
        function: AggregateWord,
        /// `distinct`
        distinct: bool,
        /// Its argument; `None` for `count(*)` and `count { … }`.
        arg: Option<Box<Expr>>,
        /// The block it ranges over instead of the rows of the query.
        block: Option<Vec<Clause>>,
    },
    /// `exists { … }` or `not { … }` within an expression
    Exists {
        /// Whether `not` is written.
        negated: bool,
        /// The block.
        clauses: Vec<Clause>,
    },
    /// `not x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `a and b and …`; at least two
    And(Vec<Expr>),
    /// `a or b or …`; at least two
    Or(Vec<Expr>),
    /// `a op b`
    Binary {
        /// The operator.
        op: Operator,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `x is [not] null`
    IsNull {
        /// What.
        operand: Box<Expr>,
        /// Whether `not` is written.
        negated: bool,
    },
    /// `x[i]`
    Index {
        /// A list or JSON value.
        base: Box<Expr>,
        /// Which item.
        index: Box<Expr>,
    },
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A string, escapes decoded.
    String(String),
    /// `date("…")`, not yet validated.
    Date(String),
    /// `datetime("…")`, not yet validated.
    DateTime(String),
}

/// The word of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateWord {
    /// `count`
    Count,
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `collect`
    Collect,
}

/// Infix operators but `and` and `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `contains`
    Contains,
    /// `starts_with`
    StartsWith,
    /// `ends_with`
    EndsWith,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `div`
    IntegerDivide,
}

impl Expr {
    /// An expression at a place.
    #[must_use]
    pub const fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, at: At(span) }
    }

    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.at.0
    }
}

impl AggregateWord {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Collect => "collect",
        }
    }

    /// Reads it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "count" => Self::Count,
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "max" => Self::Max,
            "collect" => Self::Collect,
            _ => return None,
        })
    }
}

impl Operator {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Contains => "contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::IntegerDivide => "div",
        }
    }
}
