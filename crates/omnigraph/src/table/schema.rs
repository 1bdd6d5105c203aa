//! Property types to Arrow and Lance fields.

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use lance_core::datatypes::Schema;
use omnigraph_compiler::catalog::{EdgeType, NodeType, Property};
use omnigraph_expr::property_type;

/// The column that holds the identity of a node or edge.
pub(crate) const ID: &str = "id";
/// The column that holds the identity of an edge's source.
pub(crate) const EDGE_SRC: &str = "src";
/// The column that holds the identity of an edge's target.
pub(crate) const EDGE_DST: &str = "dst";

/// Columns of a node type's table: `id`, then the properties.
pub(crate) fn node_schema(node: &NodeType) -> ArrowSchema {
    columns(&[ID], &node.properties)
}

/// Columns of an edge type's table: `id`, `src`, `dst`, then the properties.
pub(crate) fn edge_schema(edge: &EdgeType) -> ArrowSchema {
    columns(&[ID, EDGE_SRC, EDGE_DST], &edge.properties)
}

fn columns(system: &[&str], properties: &[Property]) -> ArrowSchema {
    let system = system.iter().map(|name| Field::new(*name, DataType::Utf8, false));
    let declared =
        properties.iter().map(|property| Field::new(&property.name, property_type(&property.ty), property.ty.nullable));
    ArrowSchema::new(system.chain(declared).collect::<Vec<_>>())
}

/// Lance's form of a schema, field ids given in column order.
pub(super) fn to_lance(schema: &ArrowSchema) -> lance_core::Result<Schema> {
    let mut schema = Schema::try_from(schema)?;
    schema.set_field_id(None);
    Ok(schema)
}
