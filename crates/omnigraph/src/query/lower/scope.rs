//! What the columns of a plan stand for.
//!
//! Variable 3 is column `v3`: the number of a node, the address of an edge, or a value. Its property `name` is `v3.name` once it
//! is attached. What stands for no single variable has a name of its own.

use std::collections::BTreeMap;

use omnigraph_compiler::ir::{Expr, PathPart, VarId};

use crate::query::graph::Entities;
use crate::query::operator::Field;

/// What a variable stands for.
#[derive(Clone, Debug)]
pub(in crate::query) enum Binding {
    /// Nodes or edges.
    Entity(Entities),
    /// A computed value.
    Value,
    /// A path over nodes and edges.
    Path {
        /// What its nodes are.
        nodes: Entities,
        /// What its edges are.
        edges: Entities,
    },
}

/// What a group is known by.
#[derive(Clone, Debug)]
pub(in crate::query) enum GroupKey {
    /// A column.
    Column(String),
    /// A variable that stays bound: the key is this expression over it.
    Of(Expr),
}

/// What a plan binds.
#[derive(Clone, Debug, Default)]
pub(in crate::query) struct Scope {
    pub(in crate::query) bindings: BTreeMap<VarId, Binding>,
    /// After grouping: the keys.
    pub(in crate::query) groups: Vec<GroupKey>,
    /// Computed columns that stand for expressions: matches, distances, ranks.
    pub(in crate::query) computed: Vec<(Expr, String)>,
    /// The column that says how many rows a row stands for.
    pub(in crate::query) times: Option<String>,
}

impl Scope {
    pub(super) fn binds(&self, var: VarId) -> bool {
        self.bindings.contains_key(&var)
    }

    pub(in crate::query) fn entities(&self, var: VarId) -> Option<&Entities> {
        match self.bindings.get(&var) {
            Some(Binding::Entity(entities)) => Some(entities),
            _ => None,
        }
    }

    pub(super) fn computed(&self, expr: &Expr) -> Option<&str> {
        self.computed.iter().find(|(known, _)| known == expr).map(|(_, name)| name.as_str())
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.bindings.extend(other.bindings);
        self.computed.extend(other.computed);
        self.times = self.times.take().or(other.times);
    }
}

/// The column of a variable.
pub(in crate::query) fn column(var: VarId) -> String {
    format!("v{}", var.0)
}

/// The column of a field of a variable.
pub(in crate::query) fn field_column(var: VarId, field: &Field) -> String {
    match field {
        Field::Column(name) => format!("v{}.{name}", var.0),
        Field::Type => format!("v{}@type", var.0),
        Field::Object => format!("v{}@object", var.0),
    }
}

/// The column of a part of a path.
pub(super) fn path_column(var: VarId, part: PathPart) -> String {
    let part = match part {
        PathPart::Whole => "path",
        PathPart::Nodes => "nodes",
        PathPart::Edges => "edges",
        PathPart::Length => "length",
        PathPart::Cost => "cost",
        PathPart::Identity => "identity",
    };
    format!("v{}@{part}", var.0)
}

/// The columns of a path as it is found: numbers of nodes, addresses of edges.
pub(super) fn raw_path_columns(var: VarId) -> [String; 2] {
    [format!("v{}@node_numbers", var.0), format!("v{}@edge_addresses", var.0)]
}
