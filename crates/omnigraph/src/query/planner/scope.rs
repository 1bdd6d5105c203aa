//! Columns of a plan by value, and the variables that it binds. Text names a column only in the Arrow schema.

use std::collections::BTreeMap;
use std::fmt;

use arrow::datatypes::{DataType, Field as ArrowField};
use omnigraph_compiler::ir::{Expr, PathPart, VarId};

use crate::error::{Error, Result};
use crate::query::exec::EntityField;
use crate::query::tables::EntitySet;

/// The identity of a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ColumnId {
    /// A variable: the `NodeRef` of a node, the row address of an edge, or a value.
    Variable(VarId),
    /// A fetched field of a node or edge.
    Field(VarId, EntityField),
    /// A part of a path.
    Path(VarId, PathColumn),
    /// A column that belongs to no variable: its role, and a number that is unique among columns of the role.
    Numbered(ColumnRole, usize),
    /// The cost of an edge.
    EdgeCost,
    /// The number of rows that a row represents, as the argument of an aggregate.
    MultiplicityArgument,
    /// The row of a mutation's pattern.
    MutationRow,
    /// The column of a row that binds nothing.
    Unit,
}

/// A column of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PathColumn {
    /// A part that expressions read.
    Part(PathPart),
    /// The list of its nodes as `NodeRef`s.
    NodeRefs,
    /// The list of its edges as row addresses.
    EdgeAddresses,
}

/// The role of a column that belongs to no variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ColumnRole {
    GroupKey,
    /// The argument of an aggregate.
    Argument,
    Aggregate,
    /// A column of the result.
    Result,
    OrderKey,
    TieBreak,
    /// A value that a statement assigns.
    Assigned,
    /// An operand of an equi-join.
    JoinKey,
    /// A text match, a distance or a rank.
    Score,
    /// The number of an outer row of a block.
    RowNumber,
    /// The number of rows that a row represents.
    Multiplicity,
}

impl ColumnId {
    /// Returns the Arrow field of the column.
    pub(crate) fn field(&self, ty: DataType) -> ArrowField {
        let nullable = !matches!(
            self,
            Self::Numbered(ColumnRole::RowNumber | ColumnRole::Multiplicity, _)
                | Self::MultiplicityArgument
                | Self::MutationRow
        );
        ArrowField::new(self.to_string(), ty, nullable)
    }
}

impl fmt::Display for ColumnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(var) => write!(f, "v{}", var.0),
            Self::Field(var, EntityField::Column(name)) => write!(f, "v{}.{name}", var.0),
            Self::Field(var, EntityField::Type) => write!(f, "v{}@type", var.0),
            Self::Field(var, EntityField::Object) => write!(f, "v{}@object", var.0),
            Self::Path(var, column) => write!(f, "v{}@{}", var.0, column.name()),
            Self::Numbered(role, number) => write!(f, "{}{number}", role.name()),
            Self::EdgeCost => f.write_str("cost"),
            Self::MultiplicityArgument => f.write_str("times"),
            Self::MutationRow => f.write_str("outer_row"),
            Self::Unit => f.write_str("unit"),
        }
    }
}

impl PathColumn {
    const fn name(self) -> &'static str {
        match self {
            Self::Part(PathPart::Whole) => "path",
            Self::Part(PathPart::Nodes) => "nodes",
            Self::Part(PathPart::Edges) => "edges",
            Self::Part(PathPart::Length) => "length",
            Self::Part(PathPart::Cost) => "cost",
            Self::Part(PathPart::Identity) => "identity",
            Self::NodeRefs => "node_numbers",
            Self::EdgeAddresses => "edge_addresses",
        }
    }
}

impl ColumnRole {
    const fn name(self) -> &'static str {
        match self {
            Self::GroupKey => "key",
            Self::Argument => "argument",
            Self::Aggregate => "aggregate",
            Self::Result => "column",
            Self::OrderKey => "order",
            Self::TieBreak => "late",
            Self::Assigned => "assigned",
            Self::JoinKey => "on",
            Self::Score => "score",
            Self::RowNumber => "row",
            Self::Multiplicity => "times",
        }
    }
}

/// The values that a variable ranges over.
#[derive(Clone, Debug)]
pub(crate) enum VariableBinding {
    /// Nodes or edges.
    Entity(EntitySet),
    /// Computed values.
    Value,
    /// Paths over these nodes and edges.
    Path { nodes: EntitySet, edges: EntitySet },
}

/// The column of a group key.
#[derive(Clone, Debug)]
pub(crate) enum GroupKey {
    /// A column of its own.
    Column,
    /// An expression over a variable that determines it, and that stays bound.
    Derived(Expr),
}

/// The columns and variables of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlanScope {
    /// One id for each field of the plan's schema.
    pub(crate) columns: Vec<ColumnId>,
    pub(crate) bindings: BTreeMap<VarId, VariableBinding>,
    /// Keys, after grouping.
    pub(crate) groups: Vec<GroupKey>,
    /// Text matches, distances and ranks that are columns.
    pub(crate) computed: Vec<(Expr, ColumnId)>,
    /// The column with the number of rows that a row represents.
    pub(crate) multiplicity: Option<ColumnId>,
}

impl PlanScope {
    /// Reports if a variable is bound.
    pub(crate) fn binds(&self, var: VarId) -> bool {
        self.bindings.contains_key(&var)
    }

    /// Returns the nodes or edges that a variable ranges over.
    pub(crate) fn entities(&self, var: VarId) -> Option<&EntitySet> {
        match self.bindings.get(&var) {
            Some(VariableBinding::Entity(entities)) => Some(entities),
            _ => None,
        }
    }

    /// Returns the column of a text match, distance or rank.
    pub(crate) fn computed_column(&self, expr: &Expr) -> Option<&ColumnId> {
        self.computed.iter().find(|(known, _)| known == expr).map(|(_, column)| column)
    }

    pub(crate) fn has_column(&self, column: &ColumnId) -> bool {
        self.columns.contains(column)
    }

    /// Returns the position of a column.
    pub(crate) fn position(&self, column: &ColumnId) -> Result<usize> {
        let position = self.columns.iter().position(|known| known == column);
        position.ok_or_else(|| Error::internal(format!("column {column} is not in the plan")))
    }

    /// Returns the positions of the columns for which `wanted` is true.
    pub(crate) fn positions(&self, wanted: impl Fn(&ColumnId) -> bool) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| wanted(column)).map(|(position, _)| position).collect()
    }

    /// Adds the columns and variables of the other side of a join.
    pub(crate) fn join(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.bindings.extend(other.bindings);
        self.computed.extend(other.computed);
        self.multiplicity = self.multiplicity.take().or(other.multiplicity);
    }
}
