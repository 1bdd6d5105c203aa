//! Expressions.

use super::{AstName, AstSpan, PatternClause};
use crate::functions::AggregateKind;
use crate::span::Span;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct AstExpr {
    /// Kind and operands.
    pub kind: AstExprKind,
    /// Position in the source.
    pub at: AstSpan,
}

/// Kind and operands of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum AstExprKind {
    /// A constant.
    Literal(AstLiteral),
    /// `[a, b]`
    List(Vec<AstExpr>),
    /// `[field: weight, …]`
    Weighted(Vec<(AstExpr, AstExpr)>),
    /// `now()`
    Now,
    /// `$x`
    Variable(String),
    /// `$x.name`
    Property {
        /// The variable.
        var: AstName,
        /// The property.
        name: AstName,
    },
    /// `$x.@field`, or `@field` of the current row
    System {
        /// The variable.
        var: Option<AstName>,
        /// The field without `@`.
        field: AstName,
    },
    /// A bare name: a column, or a property of the current row.
    Alias(String),
    /// `name(args, key=value)`
    Call {
        /// The function.
        name: AstName,
        /// Positional arguments.
        args: Vec<AstExpr>,
        /// Named arguments.
        named: Vec<(AstName, AstExpr)>,
    },
    /// `count(*)`, `sum(x)`, `count { … }`, `sum(x) { … }`
    Aggregate {
        /// The function.
        function: AggregateKind,
        /// `distinct`
        distinct: bool,
        /// The argument; `None` for `count(*)` and `count { … }`.
        arg: Option<Box<AstExpr>>,
        /// The block that it aggregates instead of the rows of the query.
        block: Option<Vec<PatternClause>>,
    },
    /// `exists { … }` or `not { … }` within an expression
    Exists {
        /// `true` if `not` is written.
        negated: bool,
        /// The block.
        clauses: Vec<PatternClause>,
    },
    /// `not x`
    Not(Box<AstExpr>),
    /// `-x`
    Negate(Box<AstExpr>),
    /// `a and b and …`; at least two
    And(Vec<AstExpr>),
    /// `a or b or …`; at least two
    Or(Vec<AstExpr>),
    /// `a op b`
    Binary {
        /// The operator.
        op: InfixOperator,
        /// Left.
        left: Box<AstExpr>,
        /// Right.
        right: Box<AstExpr>,
    },
    /// `x is [not] null`
    IsNull {
        /// The operand.
        operand: Box<AstExpr>,
        /// `true` if `not` is written.
        negated: bool,
    },
    /// `x[i]`
    Index {
        /// A list or JSON value.
        base: Box<AstExpr>,
        /// Index of the item.
        index: Box<AstExpr>,
    },
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum AstLiteral {
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

/// Infix operators except `and` and `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfixOperator {
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

impl AstExpr {
    /// Makes an expression at a position.
    #[must_use]
    pub const fn new(kind: AstExprKind, span: Span) -> Self {
        Self { kind, at: AstSpan(span) }
    }

    /// Returns its position in the source.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.at.0
    }
}

impl InfixOperator {
    /// Returns its spelling.
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
