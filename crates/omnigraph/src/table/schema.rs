//! Property types to Arrow and Lance fields.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, TimeUnit};
use lance_core::datatypes::Schema;
use omnigraph_compiler::catalog::{EdgeType, NodeType, Property};
use omnigraph_compiler::types::{PropType, Scalar};

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
        properties.iter().map(|property| Field::new(&property.name, value_type(&property.ty), property.ty.nullable));
    ArrowSchema::new(system.chain(declared).collect::<Vec<_>>())
}

/// The Arrow type that carries values of a property type.
pub(crate) fn value_type(ty: &PropType) -> DataType {
    let scalar = match ty.scalar {
        Scalar::String | Scalar::Json => DataType::Utf8,
        Scalar::Bool => DataType::Boolean,
        Scalar::I32 => DataType::Int32,
        Scalar::I64 => DataType::Int64,
        Scalar::U32 => DataType::UInt32,
        Scalar::U64 => DataType::UInt64,
        Scalar::F32 => DataType::Float32,
        Scalar::F64 => DataType::Float64,
        Scalar::Date => DataType::Date32,
        Scalar::DateTime => DataType::Timestamp(TimeUnit::Millisecond, Some(Arc::from("UTC"))),
        Scalar::Blob => DataType::LargeBinary,
        Scalar::Vector(dimension) => {
            let length = i32::try_from(dimension).unwrap_or(i32::MAX);
            DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, true)), length)
        }
    };
    if ty.list { DataType::List(Arc::new(Field::new("item", scalar, true))) } else { scalar }
}

/// Lance's form of a schema, field ids given in column order.
pub(super) fn to_lance(schema: &ArrowSchema) -> lance_core::Result<Schema> {
    let mut schema = Schema::try_from(schema)?;
    schema.set_field_id(None);
    Ok(schema)
}
