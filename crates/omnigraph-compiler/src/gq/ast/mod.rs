//! The syntax tree of a query file. Equality ignores positions, so that two texts of one meaning compare equal.
//!
//! - `pattern`  blocks and clauses
//! - `expr`     expressions

mod expr;
mod pattern;

pub use expr::{AggregateWord, Expr, ExprKind, Literal, Operator};
pub use pattern::{
    Binding, BlockClause, BlockKind, Bounds, Clause, EdgeSelector, PathClause, PathMode, PropertyMatch, Traversal,
};

use std::sync::Arc;

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
    /// `query …`; shared with what is compiled from it.
    Query(Arc<QueryDecl>),
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

impl Name {
    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.at.0
    }
}

impl File {
    /// The queries of the file, in order.
    pub fn queries(&self) -> impl Iterator<Item = &Arc<QueryDecl>> {
        self.items.iter().filter_map(|item| match item {
            Item::Query(query) => Some(query),
            _ => None,
        })
    }
}
