//! Row plans: the types of a schema as columns, keys and constraints of their rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use omnigraph_compiler::catalog::{
    Catalog, CheckConstraint, DefaultValue, EdgeType, NodeType, NumberLiteral, Property, RangeConstraint,
};
use omnigraph_compiler::types::PropType;
use omnigraph_history::TablePath;
use regex::Regex;

use super::TableConstraints;
use crate::error::{Error, Result};
use crate::table::{edge_schema, node_schema};

/// The index of a type in [`RowPlans::types`].
pub(crate) type TypeIndex = usize;

/// The row plans of all types of a schema.
#[derive(Debug)]
pub(crate) struct RowPlans {
    /// Node types by name, then edge types by name.
    pub(crate) types: Vec<RowPlan>,
    nodes: HashMap<String, TypeIndex>,
    edges: HashMap<String, TypeIndex>,
}

/// The columns, key and constraints of the rows of one type.
#[derive(Debug)]
pub(crate) struct RowPlan {
    /// The name of the type.
    pub(crate) name: String,
    /// The table.
    pub(crate) path: TablePath,
    /// The columns of the table.
    pub(crate) schema: SchemaRef,
    /// The same columns, all nullable, for rows that are not checked yet.
    pub(crate) draft: SchemaRef,
    /// The properties in declaration order.
    pub(crate) properties: Vec<PropertyPlan>,
    /// The parts of the key, in the order of canonical ids.
    pub(crate) key: Option<Vec<KeyPart>>,
    /// The node types at the source and the target of an edge; none for a node.
    pub(crate) endpoints: Option<(TypeIndex, TypeIndex)>,
    /// The constraints across rows.
    pub(crate) constraints: TableConstraints,
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// The id of the source of an edge.
    Source,
    /// The id of the target of an edge.
    Target,
    /// The property with this index.
    Property(usize),
}

/// The type, default and constraints of a property.
#[derive(Debug)]
pub(crate) struct PropertyPlan {
    /// The name.
    pub(crate) name: String,
    /// The type.
    pub(crate) ty: PropType,
    /// The value of rows that omit the property.
    pub(crate) default: Option<DefaultValue>,
    /// The constraints on its values.
    pub(crate) constraints: Vec<ValueConstraint>,
}

/// A constraint on a value besides its type.
#[derive(Debug)]
pub(crate) enum ValueConstraint {
    /// Inclusive bounds.
    Range {
        /// The bounds.
        bounds: NumberBounds,
        /// The message of the schema for violations.
        message: Option<String>,
    },
    /// A pattern that a text contains.
    Check {
        /// The pattern.
        regex: Regex,
        /// The message of the schema for violations.
        message: Option<String>,
    },
}

/// Inclusive bounds of a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberBounds {
    /// The least value.
    pub(crate) min: Option<NumberLiteral>,
    /// The greatest value.
    pub(crate) max: Option<NumberLiteral>,
}

impl RowPlan {
    fn for_node(node: &NodeType) -> Result<Self> {
        let properties = properties(&node.properties, &node.ranges, &node.checks)?;
        Ok(Self {
            name: node.name.clone(),
            path: TablePath::node(node.table),
            draft: Arc::new(nullable(&node_schema(node))),
            schema: Arc::new(node_schema(node)),
            key: node.key.as_ref().map(|key| key_parts(key, &properties)).transpose()?,
            properties,
            endpoints: None,
            constraints: TableConstraints::for_node(node),
        })
    }

    fn for_edge(catalog: &Catalog, edge: &EdgeType, endpoints: (TypeIndex, TypeIndex)) -> Result<Self> {
        let constraints = TableConstraints::for_edge(catalog, edge);
        let constraints = constraints.ok_or_else(|| Error::internal("an edge without endpoints"))?;
        let properties = properties(&edge.properties, &edge.ranges, &edge.checks)?;
        Ok(Self {
            name: edge.name.clone(),
            path: TablePath::edge(edge.table),
            draft: Arc::new(nullable(&edge_schema(edge))),
            schema: Arc::new(edge_schema(edge)),
            key: edge.key.as_ref().map(|key| key_parts(key, &properties)).transpose()?,
            properties,
            endpoints: Some(endpoints),
            constraints,
        })
    }

    /// Returns true for an edge type.
    pub(crate) fn is_edge(&self) -> bool {
        self.endpoints.is_some()
    }

    /// Returns `node type 'X'` or `edge type 'X'`.
    pub(crate) fn label(&self) -> String {
        let kind = if self.is_edge() { "edge" } else { "node" };
        format!("{kind} type '{}'", self.name)
    }
}

impl RowPlans {
    /// Returns the plans of a schema.
    pub(crate) fn new(catalog: &Catalog) -> Result<Self> {
        let mut types = Vec::new();
        let mut nodes = HashMap::new();
        for node in catalog.nodes.values() {
            nodes.insert(node.name.clone(), types.len());
            types.push(RowPlan::for_node(node)?);
        }
        let mut edges = HashMap::new();
        for edge in catalog.edges.values() {
            edges.insert(edge.name.to_lowercase(), types.len());
            let end = |name: &str| nodes.get(name).copied().ok_or_else(|| Error::internal("an edge without endpoints"));
            types.push(RowPlan::for_edge(catalog, edge, (end(&edge.from)?, end(&edge.to)?))?);
        }
        Ok(Self { types, nodes, edges })
    }

    /// Finds a node type by its exact name.
    pub(crate) fn node(&self, name: &str) -> Option<TypeIndex> {
        self.nodes.get(name).copied()
    }

    /// Finds an edge type by its name, ignoring case.
    pub(crate) fn edge(&self, name: &str) -> Option<TypeIndex> {
        self.edges.get(&name.to_lowercase()).copied()
    }

    /// Returns the declared name that is most similar to an unknown one.
    pub(crate) fn suggestion(&self, name: &str, edges: bool) -> Option<&str> {
        let names = self.types.iter().filter(|ty| ty.is_edge() == edges).map(|ty| ty.name.as_str());
        omnigraph_compiler::suggest::nearest(name, names)
    }
}

fn nullable(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| Field::clone(field).with_nullable(true));
    Schema::new(fields.collect::<Vec<_>>())
}

fn key_parts(key: &[String], properties: &[PropertyPlan]) -> Result<Vec<KeyPart>> {
    let part = |name: &String| match name.as_str() {
        "@src" => Ok(KeyPart::Source),
        "@dst" => Ok(KeyPart::Target),
        name => {
            let index = properties.iter().position(|property| property.name == name);
            index
                .map(KeyPart::Property)
                .ok_or_else(|| Error::internal(format!("a key with the unknown property '{name}'")))
        }
    };
    key.iter().map(part).collect()
}

fn properties(
    declared: &[Property],
    ranges: &[RangeConstraint],
    checks: &[CheckConstraint],
) -> Result<Vec<PropertyPlan>> {
    declared.iter().map(|property| plan_property(property, ranges, checks)).collect()
}

fn plan_property(property: &Property, ranges: &[RangeConstraint], checks: &[CheckConstraint]) -> Result<PropertyPlan> {
    let mut constraints = Vec::new();
    for range in ranges.iter().filter(|range| range.property == property.name) {
        constraints.push(ValueConstraint::Range {
            bounds: NumberBounds { min: range.min, max: range.max },
            message: range.message.clone(),
        });
    }
    for check in checks.iter().filter(|check| check.property == property.name) {
        let regex = Regex::new(&check.pattern)
            .map_err(|error| Error::internal(format!("@check of '{}': {error}", property.name)))?;
        constraints.push(ValueConstraint::Check { regex, message: check.message.clone() });
    }
    let (name, ty, default) = (property.name.clone(), property.ty.clone(), property.default.clone());
    Ok(PropertyPlan { name, ty, default, constraints })
}
