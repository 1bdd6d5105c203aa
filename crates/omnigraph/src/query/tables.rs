//! Node and edge tables as operators address them.
//!
//! Operators address a node by its [`NodeRef`]: the index of its type in the catalog, and its ordinal. They address an edge by
//! the address of its row, and likewise a node that no operator connects or compares.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::types::ScalarType;
use omnigraph_traversal::NodeRef;

use super::result::json::TextFormat;
use crate::index::topology::{NodeOrdinals, NodeRows};
use crate::table::{RowAddress, Table};

/// The nodes of a type, by ordinal.
#[derive(Debug)]
pub(crate) struct NodeTable {
    /// Index of the type among the node types of the catalog.
    pub(crate) node_type: u16,
    /// Name of the type.
    pub(crate) name: String,
    pub(crate) table: Arc<Table>,
    /// Row addresses by ordinal.
    pub(crate) rows: Arc<NodeRows>,
    /// NodeOrdinals by id.
    pub(crate) ordinals: Arc<NodeOrdinals>,
    /// Properties of a whole node.
    pub(crate) shown: Vec<ShownProperty>,
}

impl NodeTable {
    /// Finds the node with an id.
    pub(crate) fn find(&self, id: &str) -> Option<NodeRef> {
        let node = NodeRef::pack(self.node_type, self.ordinals.get(id)?);
        (self.address(node) != RowAddress::NONE).then_some(node)
    }

    /// Returns the row address of a node, or [`RowAddress::NONE`] for a node of another type or version.
    pub(crate) fn address(&self, node: NodeRef) -> RowAddress {
        if node.node_type() == self.node_type { self.rows.address(node.ordinal()) } else { RowAddress::NONE }
    }
}

/// The rows of a type, by address: edges, or nodes that no operator connects.
#[derive(Debug)]
pub(crate) struct RowTable {
    /// Name of the type.
    pub(crate) name: String,
    pub(crate) is_edge: bool,
    pub(crate) table: Arc<Table>,
    /// Properties of a whole node or edge.
    pub(crate) shown: Vec<ShownProperty>,
}

/// A property that a whole node or edge includes.
#[derive(Clone, Debug)]
pub(crate) struct ShownProperty {
    pub(crate) name: String,
    pub(crate) format: TextFormat,
}

/// Returns the properties that a whole node or edge includes: all but blobs and vectors.
pub(crate) fn shown_properties(properties: &[Property]) -> Vec<ShownProperty> {
    let shown =
        properties.iter().filter(|property| !matches!(property.ty.scalar, ScalarType::Blob | ScalarType::Vector(_)));
    shown
        .map(|property| ShownProperty { name: property.name.clone(), format: TextFormat::from_property(property) })
        .collect()
}

/// Nodes or edges of one or several types.
#[derive(Clone, Debug)]
pub(crate) enum EntitySet {
    /// Nodes by [`NodeRef`], ascending by type.
    Nodes(Vec<Arc<NodeTable>>),
    /// Edges or unconnected nodes, by row address.
    Rows(Vec<Arc<RowTable>>),
}

impl EntitySet {
    /// Returns the columns of the first type's table.
    pub(crate) fn schema(&self) -> Option<&SchemaRef> {
        self.tables().first().map(|table| table.schema())
    }

    /// Returns the tables, one per type.
    pub(crate) fn tables(&self) -> Vec<&Arc<Table>> {
        match self {
            Self::Nodes(nodes) => nodes.iter().map(|nodes| &nodes.table).collect(),
            Self::Rows(rows) => rows.iter().map(|rows| &rows.table).collect(),
        }
    }
}
