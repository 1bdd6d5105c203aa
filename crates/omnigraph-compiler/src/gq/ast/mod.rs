//! The syntax tree of a query file. Equality ignores positions, so two layouts of one text compare equal.
//!
//! - `pattern`  blocks and clauses
//! - `expr`     expressions

mod expr;
mod pattern;

pub use expr::{AstExpr, AstExprKind, AstLiteral, InfixOperator};
pub use pattern::{
    BindingClause, BlockClause, BlockKind, EdgeSelector, HopBounds, PathClause, PathKeyword, PatternClause,
    PropertyMatch, TraversalClause,
};

use std::sync::Arc;

use crate::span::Span;
use crate::types::PropType;

/// A position that equality ignores.
#[derive(Clone, Copy, Debug, Default)]
pub struct AstSpan(pub Span);

impl PartialEq for AstSpan {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A name with its position; variables without `$`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AstName {
    /// The text.
    pub text: String,
    /// Position in the source.
    pub at: AstSpan,
}

/// A whole source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryFile {
    /// Its items, in order.
    pub items: Vec<FileItem>,
}

/// An item of a query file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileItem {
    /// `set name = value;`
    Set(SetStatement),
    /// `show name;` or `show all;`
    Show(ShowStatement),
    /// `branch …`
    Branch(BranchStatement),
    /// `query …`; shared with its compiled form.
    Query(Arc<QueryDecl>),
}

/// `set name = value;`
#[derive(Clone, Debug, PartialEq)]
pub struct SetStatement {
    /// Name of the setting.
    pub name: AstName,
    /// A literal.
    pub value: AstExpr,
    /// The whole statement.
    pub at: AstSpan,
}

/// `show name;` or `show all;`
#[derive(Clone, Debug, PartialEq)]
pub struct ShowStatement {
    /// Name of the setting; all when `None`.
    pub name: Option<AstName>,
    /// The whole statement.
    pub at: AstSpan,
}

/// `branch …`
#[derive(Clone, Debug, PartialEq)]
pub struct BranchStatement {
    /// The action.
    pub action: BranchAction,
    /// The whole statement.
    pub at: AstSpan,
}

/// Action of a branch statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchAction {
    /// `branch create "name" [from "base"]`
    Create {
        /// The new branch.
        name: String,
        /// The base branch; the target of the request when omitted.
        from: Option<String>,
    },
    /// `branch list`
    List,
    /// `branch delete "name"`
    Delete {
        /// The branch to delete.
        name: String,
    },
    /// `branch merge "source" [into "target"]`
    Merge {
        /// The source branch.
        source: String,
        /// The target branch; the target of the request when omitted.
        into: Option<String>,
    },
}

/// `query name(params) annotations { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct QueryDecl {
    /// Its name.
    pub name: AstName,
    /// Its parameters.
    pub params: Vec<ParamDecl>,
    /// `@description`
    pub description: Option<String>,
    /// `@instruction`
    pub instruction: Option<String>,
    /// Its body.
    pub body: AstBody,
    /// From `query` to its closing brace.
    pub at: AstSpan,
    /// The closing brace.
    pub end: AstSpan,
}

/// `$name: Type`
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDecl {
    /// Without `$`.
    pub name: AstName,
    /// Its type; the dimension of a vector is not yet checked.
    pub ty: PropType,
    /// The whole declaration.
    pub at: AstSpan,
}

/// Body of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum AstBody {
    /// A read.
    Read(AstRead),
    /// Statements.
    Mutation(AstMutation),
}

/// One or more bodies, then order and paging.
#[derive(Clone, Debug, PartialEq)]
pub struct AstRead {
    /// At least one.
    pub selects: Vec<AstSelect>,
    /// Keywords between them: one fewer than `selects`.
    pub unions: Vec<UnionKeyword>,
    /// `order { … }`
    pub order: Vec<OrderItem>,
    /// `limit n`
    pub limit: Option<AstRowCount>,
    /// `offset n`
    pub offset: Option<AstRowCount>,
    /// `after $cursor`
    pub after: Option<AstName>,
}

/// `union` or `union all`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnionKeyword {
    /// `true` for `union all`.
    pub all: bool,
    /// Position in the source.
    pub at: AstSpan,
}

/// `match { … } return { … } having …`
#[derive(Clone, Debug, PartialEq)]
pub struct AstSelect {
    /// The pattern.
    pub clauses: Vec<PatternClause>,
    /// `return distinct`
    pub distinct: bool,
    /// Items of `return`.
    pub projections: Vec<ReturnItem>,
    /// `having …`
    pub having: Option<AstExpr>,
    /// From `match` to its end.
    pub at: AstSpan,
}

/// `expr [as name]`
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnItem {
    /// The value.
    pub expr: AstExpr,
    /// Name of the column.
    pub alias: Option<AstName>,
    /// The whole item.
    pub at: AstSpan,
}

/// `expr [asc | desc]`
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// The key.
    pub expr: AstExpr,
    /// `true` for `desc`.
    pub descending: bool,
    /// The whole item.
    pub at: AstSpan,
}

/// A number of rows.
#[derive(Clone, Debug, PartialEq)]
pub enum AstRowCount {
    /// An integer literal.
    Literal(u64, AstSpan),
    /// A parameter.
    Param(AstName),
}

/// Statements, optionally for each row of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct AstMutation {
    /// `match { … }` before them.
    pub clauses: Option<Vec<PatternClause>>,
    /// At least one.
    pub statements: Vec<AstStatement>,
    /// `return { … }` after them.
    pub returning: Vec<ReturnItem>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct AstStatement {
    /// `$n:` before it.
    pub var: Option<AstName>,
    /// Kind of the statement.
    pub kind: AstStatementKind,
    /// Type of the rows.
    pub ty: AstName,
    /// `{ … }`; empty for a deletion.
    pub assignments: Vec<PropertyMatch>,
    /// `where …`; `None` for an insertion.
    pub filter: Option<AstExpr>,
    /// The whole item.
    pub at: AstSpan,
}

/// Kind of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AstStatementKind {
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

impl AstName {
    /// Returns its position in the source.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.at.0
    }
}

impl QueryFile {
    /// Returns the queries of the file, in order.
    pub fn queries(&self) -> impl Iterator<Item = &Arc<QueryDecl>> {
        self.items.iter().filter_map(|item| match item {
            FileItem::Query(query) => Some(query),
            _ => None,
        })
    }
}
