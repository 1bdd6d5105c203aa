//! The logical form (IR) of queries and mutations.
//!
//! - `value`     constants, and the types of expressions
//! - `expr`      typed expressions
//! - `pattern`   blocks: variables, expansions, filters, paths, correlated blocks
//! - `operation` reads (bodies, grouping, columns, order, paging) and mutations
//! - `print`     stable text
//!
//! Names are resolved to catalog names with their stable ids. Aliases, `$_`, inferred directions, case-insensitive edge names and
//! inline properties are resolved. Clauses of a block are sets: the planner chooses their order. Null is a value of every
//! nullable type. Logic is three-valued; a filter keeps only true.

mod expr;
mod operation;
mod pattern;
mod print;
mod value;

pub use crate::functions::AggregateKind;
pub use expr::{
    AggregateExpr, BinaryOp, Bm25Score, Expr, ExprKind, FieldWeight, FusionArm, PathPart, PropertyRef, RankExpr,
    RankFusion, SystemField, TextMatch, TextMatchKind, UnaryOp, VectorDistance,
};
pub use operation::{
    ColumnType, DeleteRows, EdgeEndpoints, GroupBy, InsertMode, InsertRow, MutationQuery, MutationStatement, OrderKey,
    OutputColumn, PropertyAssignment, QueryOperation, QueryParam, ReadBody, ReadQuery, ResultOrder, RowCount,
    StatementKind, UnionMode, UpdateRows,
};
pub use pattern::{
    CorrelatedBlock, CorrelatedKind, EdgeCondition, ExpandPattern, ExpandRows, ExpandStep, HopRange, PathMode,
    PathSearch, PatternBlock, PatternVariable, StepDirection, TypeRef, VarId, VariableKind,
};
pub use print::{print, print_expr};
pub use value::{CalendarDuration, ExprType, ObjectKind, Value};
