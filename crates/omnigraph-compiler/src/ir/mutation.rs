//! Writes.

use super::expr::{Expr, ObjectKind, PropertyRef};
use super::pattern::{Block, TypeRef, Variable};
use super::query::{Column, OrderKey, Param};

/// A mutation: its statements in order, as one commit or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The name it was declared under.
    pub name: String,
    /// Parameters in declaration order.
    pub params: Vec<Param>,
    /// Read once, before any statement: each statement runs once per row of it. `None`: once.
    pub block: Option<Block>,
    /// The order in which statements take the rows of the block: by the ids of its named variables in order of their names, then
    /// by the hop counts and paths that those leave open.
    pub order: Vec<OrderKey>,
    /// In order; later ones see what earlier ones did.
    pub statements: Vec<Statement>,
    /// Columns over the rows written by the statements whose [`Statement::row`] they mention, and over the block's
    /// variables; one result row per row of the block. Empty when nothing is returned.
    pub returning: Vec<Column>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The row at hand: in conditions and assignments of an update or delete the row before it; in later statements and
    /// `returning`, for inserts, the row written. A node or edge variable, listed in no block; its id does not clash.
    pub row: Variable,
    /// Node or edge.
    pub entity: ObjectKind,
    /// The type written.
    pub ty: TypeRef,
    /// What is done.
    pub kind: StatementKind,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// Adds or replaces one row.
    Insert(Insert),
    /// Changes the rows that satisfy a condition.
    Update(Update),
    /// Removes the rows that satisfy a condition.
    Delete(Delete),
}

/// Adds or replaces one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// What happens to an existing row of the same key.
    pub mode: InsertMode,
    /// Values given; the rest takes its default or null (or, merging, stays).
    pub assignments: Vec<Assignment>,
    /// Ends of an edge; `None` for nodes.
    pub endpoints: Option<Endpoints>,
}

/// What happens to an existing row of the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsertMode {
    /// It is replaced completely.
    Upsert,
    /// It is an error.
    New,
    /// It stays as it is.
    IfAbsent,
    /// It takes the values given and keeps the others.
    Merge,
}

/// Ends of an edge to insert: ids of nodes, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoints {
    /// Id of the source.
    pub from: Expr,
    /// Id of the target.
    pub to: Expr,
}

/// Changes the rows that satisfy a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Over the row as it is before the statement.
    pub predicate: Expr,
    /// Over the row as it is before the statement.
    pub assignments: Vec<Assignment>,
}

/// Removes the rows that satisfy a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// Over the row as it is before the statement.
    pub predicate: Expr,
}

/// A property and its new value.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The property.
    pub property: PropertyRef,
    /// Of the property's type but perhaps nullable where that is not: null is then an error of the run.
    pub value: Expr,
}
