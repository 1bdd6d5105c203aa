//! Reads: the way from pattern to rows.
//!
//! ```text
//! block → group → columns → having → distinct → (union) → order → after/offset/limit
//! ```

use super::expr::{Aggregate, Expr, Rank, Type};
use super::pattern::Block;
use crate::types::PropType;

/// A declared parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name without `$`.
    pub name: String,
    /// Its declared type.
    pub ty: PropType,
}

/// A read.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The name it was declared under.
    pub name: String,
    /// Parameters in declaration order.
    pub params: Vec<Param>,
    /// One body, or the branches of a union with the same column names; never empty.
    pub bodies: Vec<Body>,
    /// How several bodies are joined.
    pub union: Union,
    /// Types of the result's columns: those of the body, or what the bodies have in common.
    pub columns: Vec<(String, Type)>,
    /// Order of the result. In a union it is over columns only.
    pub order: Ordering,
    /// Rows left out at the start.
    pub offset: Option<Count>,
    /// Most rows to return.
    pub limit: Option<Count>,
    /// The String parameter that holds a cursor to continue after.
    pub after: Option<usize>,
}

/// How bodies are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Union {
    /// Equal rows once.
    Distinct,
    /// Every row.
    All,
}

/// One pattern and its projection.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The pattern.
    pub block: Block,
    /// Set when a projection aggregates: columns are then over [`super::ExprKind::GroupKey`] and
    /// [`super::ExprKind::Aggregated`] only.
    pub group: Option<Group>,
    /// Result columns; names are distinct.
    pub columns: Vec<Column>,
    /// A condition over [`super::ExprKind::Column`]s.
    pub having: Option<Expr>,
    /// Whether equal rows are returned once.
    pub distinct: bool,
}

/// Grouping.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Group keys; null is a group of its own, nodes and edges group by identity. Without keys there is exactly one
    /// group, even of no rows.
    pub keys: Vec<Expr>,
    /// Aggregates, each distinct one once.
    pub aggregates: Vec<Aggregate>,
}

/// A result column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the result.
    pub name: String,
    /// Its value.
    pub expr: Expr,
}

/// The order of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ordering {
    /// If set, rows that it does not cover are left out and the others come in its order before anything else; where
    /// [`Query::limit`] is set too, that is top-k over all rows that qualify.
    pub rank: Option<Rank>,
    /// What the query asks for, most significant first; may read variables of the only body (unless that groups or is
    /// distinct) and [`super::ExprKind::Column`]s.
    pub keys: Vec<OrderKey>,
    /// What breaks ties: ids of bound variables in order of their names, or else the columns. Applies whenever `rank` or
    /// `keys` is set, or an offset or a cursor is given; a bare limit takes the first rows that are found.
    pub ties: Vec<OrderKey>,
    /// Whether rank, keys and ties together tell any two rows apart, so that a cursor can continue after a row.
    pub total: bool,
}

/// One order key. Nulls come first in ascending and last in descending order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderKey {
    /// The key.
    pub expr: Expr,
    /// Greatest first.
    pub descending: bool,
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Known.
    Literal(u64),
    /// The integer parameter at this index; a negative one is an error of the run.
    Param(usize),
}
