//! What each type of the schema expects of a row.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use omnigraph_compiler::catalog::{Catalog, Check, DefaultValue, Number, Property, Range};
use omnigraph_compiler::types::PropType;
use omnigraph_log::TablePath;
use regex::Regex;

use crate::error::{Error, Result};
use crate::table::{edge_schema, node_schema};

/// The place of a type in [`LoadPlan::types`].
pub(super) type TypeIndex = usize;

/// Every type that a row can be of.
#[derive(Debug)]
pub(super) struct LoadPlan {
    pub(super) types: Vec<TypePlan>,
    nodes: HashMap<String, TypeIndex>,
    edges: HashMap<String, TypeIndex>,
}

/// One type.
#[derive(Debug)]
pub(super) struct TypePlan {
    pub(super) name: String,
    pub(super) path: TablePath,
    pub(super) schema: SchemaRef,
    pub(super) properties: Vec<PropertyPlan>,
    /// Indexes of the key's properties, in key order.
    pub(super) key: Option<Vec<usize>>,
    /// The node types at the ends of an edge; none for a node.
    pub(super) ends: Option<(TypeIndex, TypeIndex)>,
}

/// One property.
#[derive(Debug)]
pub(super) struct PropertyPlan {
    pub(super) name: String,
    pub(super) ty: PropType,
    pub(super) default: Option<DefaultValue>,
    pub(super) rules: Vec<Rule>,
}

/// What a value must satisfy besides its type.
#[derive(Debug)]
pub(super) enum Rule {
    /// Inclusive bounds.
    Range { min: Option<Number>, max: Option<Number>, message: Option<String> },
    /// A pattern that text must contain.
    Check { regex: Regex, message: Option<String> },
}

impl TypePlan {
    /// Whether it is an edge type.
    pub(super) fn is_edge(&self) -> bool {
        self.ends.is_some()
    }

    /// `node type 'X'` or `edge type 'X'`.
    pub(super) fn describe(&self) -> String {
        let kind = if self.is_edge() { "edge" } else { "node" };
        format!("{kind} type '{}'", self.name)
    }
}

impl LoadPlan {
    /// The plan for a schema.
    pub(super) fn new(catalog: &Catalog) -> Result<Self> {
        let mut types = Vec::new();
        let mut nodes = HashMap::new();
        for node in catalog.nodes.values() {
            nodes.insert(node.name.clone(), types.len());
            let place = |name: &String| node.properties.iter().position(|property| property.name == *name);
            types.push(TypePlan {
                name: node.name.clone(),
                path: TablePath::node(node.table),
                schema: Arc::new(node_schema(node)),
                properties: properties(&node.properties, &node.ranges, &node.checks)?,
                key: node.key.as_ref().map(|key| key.iter().filter_map(place).collect()),
                ends: None,
            });
        }
        let mut edges = HashMap::new();
        for edge in catalog.edges.values() {
            edges.insert(edge.name.to_lowercase(), types.len());
            let end = |name: &str| nodes.get(name).copied().ok_or_else(|| Error::internal("an edge without ends"));
            types.push(TypePlan {
                name: edge.name.clone(),
                path: TablePath::edge(edge.table),
                schema: Arc::new(edge_schema(edge)),
                properties: properties(&edge.properties, &edge.ranges, &edge.checks)?,
                key: None,
                ends: Some((end(&edge.from)?, end(&edge.to)?)),
            });
        }
        Ok(Self { types, nodes, edges })
    }

    /// A node type by its exact name.
    pub(super) fn node(&self, name: &str) -> Option<TypeIndex> {
        self.nodes.get(name).copied()
    }

    /// An edge type by its name, whatever its case.
    pub(super) fn edge(&self, name: &str) -> Option<TypeIndex> {
        self.edges.get(&name.to_lowercase()).copied()
    }

    /// The declared name that is nearest to one that was not found.
    pub(super) fn near(&self, name: &str, edges: bool) -> Option<&str> {
        let names = self.types.iter().filter(|ty| ty.is_edge() == edges).map(|ty| ty.name.as_str());
        omnigraph_compiler::suggest::nearest(name, names)
    }
}

fn properties(declared: &[Property], ranges: &[Range], checks: &[Check]) -> Result<Vec<PropertyPlan>> {
    declared.iter().map(|property| plan_property(property, ranges, checks)).collect()
}

fn plan_property(property: &Property, ranges: &[Range], checks: &[Check]) -> Result<PropertyPlan> {
    let mut rules = Vec::new();
    for range in ranges.iter().filter(|range| range.property == property.name) {
        rules.push(Rule::Range { min: range.min, max: range.max, message: range.message.clone() });
    }
    for check in checks.iter().filter(|check| check.property == property.name) {
        let regex = Regex::new(&check.pattern)
            .map_err(|error| Error::internal(format!("@check of '{}': {error}", property.name)))?;
        rules.push(Rule::Check { regex, message: check.message.clone() });
    }
    let (name, ty, default) = (property.name.clone(), property.ty.clone(), property.default.clone());
    Ok(PropertyPlan { name, ty, default, rules })
}
