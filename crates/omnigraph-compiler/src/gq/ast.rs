//! The syntax tree of a query file. Equality ignores positions, so that two texts of one meaning compare equal.

use crate::span::Span;
use crate::types::PropType;

/// A position that takes no part in equality.
#[derive(Clone, Copy, Debug, Default)]
pub struct At(pub Span);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A name as written (variables without `$`) and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Name {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub at: At,
}

/// A whole source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// What it holds, in order.
    pub items: Vec<Item>,
}

/// What a source can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `set name = value;`
    Set(Setting),
    /// `show name;` or `show all;`
    Show(Show),
    /// `branch …`
    Branch(BranchStatement),
    /// `query …`
    Query(QueryDecl),
}

/// `set name = value;`
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Which setting.
    pub name: Name,
    /// A literal.
    pub value: Expr,
    /// The whole statement.
    pub at: At,
}

/// `show name;` or `show all;`
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// Which setting; all when `None`.
    pub name: Option<Name>,
    /// The whole statement.
    pub at: At,
}

/// `branch …`
#[derive(Clone, Debug, PartialEq)]
pub struct BranchStatement {
    /// What it asks for.
    pub action: BranchAction,
    /// The whole statement.
    pub at: At,
}

/// What a branch statement asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchAction {
    /// `branch create "name" [from "base"]`
    Create {
        /// The new branch.
        name: String,
        /// Where it starts; the target of the request when left out.
        from: Option<String>,
    },
    /// `branch list`
    List,
    /// `branch delete "name"`
    Delete {
        /// The branch that goes.
        name: String,
    },
    /// `branch merge "source" [into "target"]`
    Merge {
        /// Where changes come from.
        source: String,
        /// Where they go; the target of the request when left out.
        into: Option<String>,
    },
}

/// `query name(params) annotations { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct QueryDecl {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<ParamDecl>,
    /// `@description`
    pub description: Option<String>,
    /// `@instruction`
    pub instruction: Option<String>,
    /// What it does.
    pub body: Body,
    /// From `query` to its closing brace.
    pub at: At,
    /// The closing brace.
    pub end: At,
}

/// `$name: Type`
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDecl {
    /// Without `$`.
    pub name: Name,
    /// Its type; a vector's dimension is not yet checked.
    pub ty: PropType,
    /// The whole declaration.
    pub at: At,
}

/// What a query does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// It reads.
    Read(Read),
    /// It writes.
    Mutation(Mutation),
}

/// One or more bodies, then order and paging.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// At least one.
    pub selects: Vec<Select>,
    /// What stands between them: one less than `selects`.
    pub unions: Vec<UnionWord>,
    /// `order { … }`
    pub order: Vec<OrderItem>,
    /// `limit n`
    pub limit: Option<Count>,
    /// `offset n`
    pub offset: Option<Count>,
    /// `after $cursor`
    pub after: Option<Name>,
}

/// `union` or `union all`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnionWord {
    /// Whether `all` follows.
    pub all: bool,
    /// Where it stands.
    pub at: At,
}

/// `match { … } return { … } having …`
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// The pattern.
    pub clauses: Vec<Clause>,
    /// `return distinct`
    pub distinct: bool,
    /// What is returned.
    pub projections: Vec<Projection>,
    /// `having …`
    pub having: Option<Expr>,
    /// From `match` to its end.
    pub at: At,
}

/// `expr [as name]`
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// What.
    pub expr: Expr,
    /// Under which name.
    pub alias: Option<Name>,
    /// The whole of it.
    pub at: At,
}

/// `expr [asc | desc]`
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// The key.
    pub expr: Expr,
    /// Whether `desc` is written.
    pub descending: bool,
    /// The whole of it.
    pub at: At,
}

/// A number of rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Count {
    /// An integer literal.
    Literal(u64, At),
    /// A parameter.
    Param(Name),
}

/// A clause of a block.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// `$x: Type { … }`
    Binding(Binding),
    /// `$a edge $b`
    Traversal(Traversal),
    /// `path $p = shortest $a edge $b`
    Path(PathClause),
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

/// Statements, perhaps for each row of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// `match { … }` before them.
    pub clauses: Option<Vec<Clause>>,
    /// At least one.
    pub statements: Vec<Statement>,
    /// `return { … }` after them.
    pub returning: Vec<Projection>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// `$n:` before it.
    pub var: Option<Name>,
    /// What is done.
    pub kind: StatementKind,
    /// The type written.
    pub ty: Name,
    /// `{ … }`; empty for a deletion.
    pub assignments: Vec<PropertyMatch>,
    /// `where …`; none for an insertion.
    pub filter: Option<Expr>,
    /// The whole of it.
    pub at: At,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `insert`
    Insert,
    /// `insert new`
    InsertNew,
    /// `insert if absent`
    InsertIfAbsent,
    /// `merge`
    Merge,
    /// `update`
    Update,
    /// `delete`
    Delete,
}

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

impl Name {
    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.at.0
    }
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

impl File {
    /// The queries of the file, in order.
    pub fn queries(&self) -> impl Iterator<Item = &QueryDecl> {
        self.items.iter().filter_map(|item| match item {
            Item::Query(query) => Some(query),
            _ => None,
        })
    }
}
