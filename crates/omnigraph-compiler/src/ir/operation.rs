//! Operations: reads from pattern to rows, and writes.
//!
//! ```text
//! block → group → columns → having → distinct → (union) → order → after/offset/limit
//! ```

use super::expr::{AggregateExpr, Expr, PropertyRef, RankExpr};
use super::pattern::{PatternBlock, PatternVariable, TypeRef};
use super::value::{ExprType, ObjectKind};
use crate::types::PropType;

/// One compiled query.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryOperation {
    /// Reads only.
    Read(ReadQuery),
    /// Writes, as one commit or none.
    Mutation(MutationQuery),
}

impl QueryOperation {
    /// Returns the declared name of the query.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Read(query) => &query.name,
            Self::Mutation(mutation) => &mutation.name,
        }
    }

    /// Returns its parameters, in declaration order; [`super::ExprKind::Param`] indexes them.
    #[must_use]
    pub fn params(&self) -> &[QueryParam] {
        match self {
            Self::Read(query) => &query.params,
            Self::Mutation(mutation) => &mutation.params,
        }
    }
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryParam {
    /// Its name without `$`.
    pub name: String,
    /// Its declared type.
    pub ty: PropType,
}

/// A read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadQuery {
    /// Its declared name.
    pub name: String,
    /// Parameters in declaration order.
    pub params: Vec<QueryParam>,
    /// One body, or the bodies of a union with the same column names; never empty.
    pub bodies: Vec<ReadBody>,
    /// Combination of several bodies.
    pub union: UnionMode,
    /// Columns of the result; in a union with the common types of the bodies.
    pub columns: Vec<ColumnType>,
    /// Order of the result; in a union over columns only.
    pub order: ResultOrder,
    /// Number of rows to skip.
    pub offset: Option<RowCount>,
    /// Most rows to return.
    pub limit: Option<RowCount>,
    /// The String parameter that holds a cursor to continue after.
    pub after: Option<usize>,
}

/// Name and type of a result column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnType {
    /// Its name in the result.
    pub name: String,
    /// Its type.
    pub ty: ExprType,
}

/// Combination of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnionMode {
    /// Equal rows once.
    Distinct,
    /// Every row.
    All,
}

/// One pattern and its projection.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBody {
    /// The pattern.
    pub block: PatternBlock,
    /// Set when a projection aggregates: columns are then over [`super::ExprKind::GroupKey`] and
    /// [`super::ExprKind::Aggregated`] only.
    pub group: Option<GroupBy>,
    /// Result columns; names are distinct.
    pub columns: Vec<OutputColumn>,
    /// A condition over [`super::ExprKind::Column`]s.
    pub having: Option<Expr>,
    /// `true` if equal rows are returned once.
    pub distinct: bool,
}

/// Grouping.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// Group keys; null is a group of its own, nodes and edges group by identity. Without keys there is exactly one
    /// group, even of no rows.
    pub keys: Vec<Expr>,
    /// Aggregates, each distinct one once.
    pub aggregates: Vec<AggregateExpr>,
}

/// A result column.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// Its name in the result.
    pub name: String,
    /// Its value.
    pub expr: Expr,
}

/// The order of result rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultOrder {
    /// Primary order; rows that it does not cover are dropped. With [`ReadQuery::limit`] this is top-k over all rows that
    /// qualify.
    pub rank: Option<RankExpr>,
    /// Order keys of the query, most significant first. They may read variables of the only body (unless it groups or is
    /// distinct) and [`super::ExprKind::Column`]s.
    pub keys: Vec<OrderKey>,
    /// Tie-breakers: ids of bound variables in order of their names, or else the columns. They apply when `rank` or `keys` is
    /// set, or an offset or a cursor is given; a bare limit takes the first rows found.
    pub ties: Vec<OrderKey>,
    /// `true` if rank, keys and ties together distinguish any two rows, so that a cursor can continue after a row.
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
pub enum RowCount {
    /// A constant.
    Literal(u64),
    /// The integer parameter at this index; a negative value is a run-time error.
    Param(usize),
}

/// A mutation: its statements in order, as one commit or none.
#[derive(Clone, Debug, PartialEq)]
pub struct MutationQuery {
    /// Its declared name.
    pub name: String,
    /// Parameters in declaration order.
    pub params: Vec<QueryParam>,
    /// The pattern, evaluated once before the statements; each statement runs once per row. `None`: once.
    pub block: Option<PatternBlock>,
    /// Order of the block's rows for the statements: by the ids of its named variables in order of their names, then by the hop
    /// counts and paths that these leave undetermined.
    pub order: Vec<OrderKey>,
    /// Statements in order; later ones see the effects of earlier ones.
    pub statements: Vec<MutationStatement>,
    /// Columns over the rows written by the statements whose [`MutationStatement::row`] they mention, and over the block's
    /// variables; one result row per row of the block. Empty when nothing is returned.
    pub returning: Vec<OutputColumn>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct MutationStatement {
    /// The current row. In conditions and assignments of an update or delete it is the row before the statement. In later
    /// statements and `returning` it is the row that an insert wrote. It is a node or edge variable with an unused id, listed in
    /// no block.
    pub row: PatternVariable,
    /// Node or edge.
    pub entity: ObjectKind,
    /// Type of the rows.
    pub ty: TypeRef,
    /// The effect.
    pub kind: StatementKind,
}

/// Effect of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// Adds or replaces one row.
    Insert(InsertRow),
    /// Changes the rows that satisfy a condition.
    Update(UpdateRows),
    /// Removes the rows that satisfy a condition.
    Delete(DeleteRows),
}

/// Adds or replaces one row.
#[derive(Clone, Debug, PartialEq)]
pub struct InsertRow {
    /// Treatment of an existing row with the same key.
    pub mode: InsertMode,
    /// Given values; other properties take their default or null, and keep their value in a merge.
    pub assignments: Vec<PropertyAssignment>,
    /// Endpoints of an edge; `None` for nodes.
    pub endpoints: Option<EdgeEndpoints>,
}

/// Treatment of an existing row with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsertMode {
    /// Replacement of the whole row.
    Upsert,
    /// An error.
    New,
    /// No change.
    IfAbsent,
    /// Assignment of the given values; the others are kept.
    Merge,
}

/// Endpoints of an edge to insert: node ids as text.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeEndpoints {
    /// Id of the source.
    pub from: Expr,
    /// Id of the target.
    pub to: Expr,
}

/// Changes the rows that satisfy a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateRows {
    /// Over the row as it is before the statement.
    pub predicate: Expr,
    /// Over the row as it is before the statement.
    pub assignments: Vec<PropertyAssignment>,
}

/// Removes the rows that satisfy a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteRows {
    /// Over the row as it is before the statement.
    pub predicate: Expr,
}

/// A property and its new value.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyAssignment {
    /// The property.
    pub property: PropertyRef,
    /// The value, of the property's type. It may be nullable where the property is not: null is then a run-time error.
    pub value: Expr,
}
