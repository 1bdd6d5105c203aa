//! Constraints across rows: uniqueness, endpoints of edges, cardinality.

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::{Cardinality, Catalog, EdgeType, NodeType, OnDelete, UniqueConstraint};
use omnigraph_history::TablePath;
use omnigraph_traversal::EdgeDirection;

use crate::error::{Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC};

/// The constraints across the rows of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableConstraints {
    /// The name of the type.
    pub(crate) type_name: String,
    /// Columns whose values no two rows share, sorted by name. The key is enforced by the ids and not among them.
    pub(crate) uniques: Vec<Vec<String>>,
    /// Both endpoints of an edge, the source first; none for a node.
    pub(crate) endpoints: Option<[EndpointConstraint; 2]>,
}

/// The constraints on one endpoint of the edges of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointConstraint {
    /// The direction of the edges as seen from a node at this endpoint.
    pub(crate) direction: EdgeDirection,
    /// The column of its id.
    pub(crate) column: &'static str,
    /// The table of the node type.
    pub(crate) node_table: TablePath,
    /// The name of the node type.
    pub(crate) node_type: String,
    /// The allowed number of edges per node.
    pub(crate) cardinality: Cardinality,
    /// The effect of deleting the node.
    pub(crate) on_delete: OnDelete,
}

impl TableConstraints {
    /// Returns the constraints of the type of a table.
    pub(crate) fn for_table(catalog: &Catalog, table: &TablePath) -> Result<Self> {
        let node = catalog.nodes.values().find(|node| TablePath::node(node.table) == *table);
        let edge = || catalog.edges.values().find(|edge| TablePath::edge(edge.table) == *table);
        let constraints = node.map(Self::for_node).or_else(|| Self::for_edge(catalog, edge()?));
        constraints.ok_or_else(|| Error::internal(format!("table {table} has no type in the catalog")))
    }

    /// Returns the constraints of a node type.
    pub(crate) fn for_node(node: &NodeType) -> Self {
        let key: Vec<&str> = node.key.iter().flatten().map(String::as_str).collect();
        Self { type_name: node.name.clone(), uniques: unique_columns(&node.uniques, key), endpoints: None }
    }

    /// Returns the constraints of an edge type; none if a type at its endpoints is unknown.
    pub(crate) fn for_edge(catalog: &Catalog, edge: &EdgeType) -> Option<Self> {
        let key = edge.key.iter().flatten().map(|part| part.strip_prefix('@').unwrap_or(part)).collect();
        let endpoint = |direction, column, node: &String, cardinality| {
            let node = catalog.nodes.get(node)?;
            let (node_table, node_type) = (TablePath::node(node.table), node.name.clone());
            Some(EndpointConstraint {
                direction,
                column,
                node_table,
                node_type,
                cardinality,
                on_delete: edge.on_delete,
            })
        };
        let source = endpoint(EdgeDirection::Out, EDGE_SRC, &edge.from, edge.card)?;
        let target = endpoint(EdgeDirection::In, EDGE_DST, &edge.to, edge.card_in)?;
        let uniques = unique_columns(&edge.uniques, key);
        Some(Self { type_name: edge.name.clone(), uniques, endpoints: Some([source, target]) })
    }

    /// Returns the columns that the constraint inputs of streamed rows need.
    pub(crate) fn input_columns(&self) -> BTreeSet<&str> {
        let counted = self.endpoints.iter().flatten().filter(|endpoint| endpoint.has_cardinality());
        self.uniques.iter().flatten().map(String::as_str).chain(counted.map(|endpoint| endpoint.column)).collect()
    }
}

impl EndpointConstraint {
    /// Returns true if the number of edges per node is constrained.
    pub(crate) fn has_cardinality(&self) -> bool {
        self.cardinality.min > 0 || self.cardinality.max.is_some()
    }

    /// Returns `source` or `target`.
    pub(crate) fn role(&self) -> &'static str {
        match self.direction {
            EdgeDirection::Out => "source",
            EdgeDirection::In => "target",
        }
    }
}

/// Returns the unique constraints besides the key. Equal keys have equal ids, in whatever order the key is declared.
fn unique_columns(declared: &[UniqueConstraint], mut key: Vec<&str>) -> Vec<Vec<String>> {
    key.sort_unstable();
    let mut uniques: Vec<Vec<String>> = Vec::new();
    for unique in declared {
        let mut columns = unique.properties.clone();
        columns.sort_unstable();
        if columns != key && !uniques.contains(&columns) {
            uniques.push(columns);
        }
    }
    uniques
}
