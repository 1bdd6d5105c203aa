//! The logical form: what a query or mutation means, with nothing left of how it was written.
//!
//! - `value`     constants, exact
//! - `expr`      typed expressions
//! - `pattern`   blocks: variables, expansions, filters, paths, correlated blocks
//! - `query`     reads: bodies, grouping, columns, order, paging
//! - `mutation`  writes
//! - `print`     stable text
//!
//! Names are resolved to catalogue names together with their stable ids; aliases, `$_`, inferred directions,
//! case-insensitive edge names and inline properties are gone. Clauses of a block are sets: whoever executes it chooses
//! the order. Null is a value of every nullable type and three-valued logic holds throughout; a filter keeps only true.

mod expr;
mod mutation;
mod pattern;
mod print;
mod query;
mod value;

pub use expr::{
    Aggregate, AggregateKind, BinaryOp, Bm25, Expr, ExprKind, FieldWeight, Fused, Nearest, ObjectKind, PathPart,
    PropertyRef, Rank, SystemField, TextMatch, TextMatchKind, Type, UnaryOp,
};
pub use mutation::{Assignment, Delete, Endpoints, Insert, InsertMode, Mutation, Statement, StatementKind, Update};
pub use pattern::{
    Block, Correlated, CorrelatedKind, Direction, EdgeStep, Expand, Hops, PathMode, PathSearch, Rows, TypeRef, VarId,
    Variable, VariableKind, Walk,
};
pub use print::{print, print_expr};
pub use query::{Body, Column, Count, Group, OrderKey, Ordering, Param, Query, Union};
pub use value::{Duration, Value};

/// One compiled query.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Reads only.
    Read(Query),
    /// Writes, as one commit or none.
    Mutation(Mutation),
}

impl Operation {
    /// The name the query was declared under.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Read(query) => &query.name,
            Self::Mutation(mutation) => &mutation.name,
        }
    }

    /// Its parameters, in declaration order; [`ExprKind::Param`] indexes them.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        match self {
            Self::Read(query) => &query.params,
            Self::Mutation(mutation) => &mutation.params,
        }
    }
}
