//! Rules that look beyond a single row: uniqueness, ends of edges, cardinality.

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::{Cardinality, Catalog, EdgeType, NodeType, OnDelete, Unique};
use omnigraph_log::TablePath;
use omnigraph_walk::Side;

use crate::table::{EDGE_DST, EDGE_SRC};

/// The rules of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableRules {
    /// The type.
    pub(crate) name: String,
    /// Columns that no two rows share the values of, by name. The key is not among them: ids see to that.
    pub(crate) uniques: Vec<Vec<String>>,
    /// Both ends of an edge, the source first; none for a node.
    pub(crate) ends: Option<[EndRule; 2]>,
}

/// One end of an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndRule {
    /// From where the edges of a node at this end are seen.
    pub(crate) side: Side,
    /// The column that holds its id.
    pub(crate) column: &'static str,
    /// The node type's table.
    pub(crate) node: TablePath,
    /// The node type.
    pub(crate) node_name: String,
    /// How many edges a node at this end may and must have.
    pub(crate) card: Cardinality,
    /// What deleting a node at this end does.
    pub(crate) on_delete: OnDelete,
}

impl TableRules {
    /// The rules of the type that is kept in `table`.
    pub(crate) fn of(catalog: &Catalog, table: &TablePath) -> Option<Self> {
        let node = catalog.nodes.values().find(|node| TablePath::node(node.table) == *table);
        let edge = || catalog.edges.values().find(|edge| TablePath::edge(edge.table) == *table);
        node.map(Self::node).or_else(|| Self::edge(catalog, edge()?))
    }

    /// The columns that facts about rows that stream past are made of.
    pub(crate) fn streamed_columns(&self) -> BTreeSet<&str> {
        let ends = self.ends.iter().flatten().filter(|end| end.is_counted()).map(|end| end.column);
        self.uniques.iter().flatten().map(String::as_str).chain(ends).collect()
    }

    /// The rules of a node type.
    pub(crate) fn node(node: &NodeType) -> Self {
        let key: Vec<&str> = node.key.iter().flatten().map(String::as_str).collect();
        Self { name: node.name.clone(), uniques: uniques(&node.uniques, key), ends: None }
    }

    /// The rules of an edge type; none if a type at its ends is unknown.
    pub(crate) fn edge(catalog: &Catalog, edge: &EdgeType) -> Option<Self> {
        let key = edge.key.iter().flatten().map(|part| part.strip_prefix('@').unwrap_or(part)).collect();
        let end = |side, column, node: &String, card| {
            let node = catalog.nodes.get(node)?;
            let (path, node_name) = (TablePath::node(node.table), node.name.clone());
            Some(EndRule { side, column, node: path, node_name, card, on_delete: edge.on_delete })
        };
        let source = end(Side::Out, EDGE_SRC, &edge.from, edge.card)?;
        let target = end(Side::In, EDGE_DST, &edge.to, edge.card_in)?;
        Some(Self { name: edge.name.clone(), uniques: uniques(&edge.uniques, key), ends: Some([source, target]) })
    }
}

impl EndRule {
    /// Whether the edges of a node are counted.
    pub(crate) fn is_counted(&self) -> bool {
        self.card.min > 0 || self.card.max.is_some()
    }

    /// `source` or `target`.
    pub(crate) fn word(&self) -> &'static str {
        match self.side {
            Side::Out => "source",
            Side::In => "target",
        }
    }
}

/// What is unique besides the key. Equal tuples have equal ids, so the key needs no rule of its own in whatever order it is
/// written.
fn uniques(declared: &[Unique], mut key: Vec<&str>) -> Vec<Vec<String>> {
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
