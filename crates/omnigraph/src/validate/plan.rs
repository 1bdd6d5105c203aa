//! What each type of the schema expects of its rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use omnigraph_compiler::catalog::{Catalog, Check, DefaultValue, EdgeType, NodeType, Number, Property, Range};
use omnigraph_compiler::types::PropType;
use omnigraph_log::TablePath;
use regex::Regex;

use super::TableRules;
use crate::error::{Error, Result};
use crate::table::{edge_schema, node_schema};

/// The place of a type in [`RowPlans::types`].
pub(crate) type TypeIndex = usize;

/// Every type that a row can be of.
#[derive(Debug)]
pub(crate) struct RowPlans {
    /// Node types by name, then edge types by name.
    pub(crate) types: Vec<TypePlan>,
    nodes: HashMap<String, TypeIndex>,
    edges: HashMap<String, TypeIndex>,
}

/// One type.
#[derive(Debug)]
pub(crate) struct TypePlan {
    /// Its name.
    pub(crate) name: String,
    /// Its table.
    pub(crate) path: TablePath,
    /// The columns of its table.
    pub(crate) schema: SchemaRef,
    /// The same columns, all of them nullable: for rows that are still to be judged.
    pub(crate) draft: SchemaRef,
    /// Its properties in declaration order.
    pub(crate) properties: Vec<PropertyPlan>,
    /// The parts of its key, in the order in which ids are made of them.
    pub(crate) key: Option<Vec<KeyPart>>,
    /// The node types at the ends of an edge; none for a node.
    pub(crate) ends: Option<(TypeIndex, TypeIndex)>,
    /// What is asked of its rows together.
    pub(crate) rules: TableRules,
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// The id of an edge's source.
    Source,
    /// The id of an edge's target.
    Target,
    /// The property at this place.
    Property(usize),
}

/// One property.
#[derive(Debug)]
pub(crate) struct PropertyPlan {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    pub(crate) ty: PropType,
    /// The value of rows that leave it out.
    pub(crate) default: Option<DefaultValue>,
    /// What its values must satisfy.
    pub(crate) rules: Vec<Rule>,
}

/// What a value must satisfy besides its type.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Inclusive bounds.
    Range {
        /// At least this.
        min: Option<Number>,
        /// At most this.
        max: Option<Number>,
        /// Words for whoever violates it.
        message: Option<String>,
    },
    /// A pattern that text must contain.
    Check {
        /// The pattern.
        regex: Regex,
        /// Words for whoever violates it.
        message: Option<String>,
    },
}

impl TypePlan {
    fn node(node: &NodeType) -> Result<Self> {
        let properties = properties(&node.properties, &node.ranges, &node.checks)?;
        Ok(Self {
            name: node.name.clone(),
            path: TablePath::node(node.table),
            draft: Arc::new(nullable(&node_schema(node))),
            schema: Arc::new(node_schema(node)),
            key: node.key.as_ref().map(|key| parts(key, &properties)).transpose()?,
            properties,
            ends: None,
            rules: TableRules::node(node),
        })
    }

    fn edge(catalog: &Catalog, edge: &EdgeType, ends: (TypeIndex, TypeIndex)) -> Result<Self> {
        let rules = TableRules::edge(catalog, edge).ok_or_else(|| Error::internal("an edge without ends"))?;
        let properties = properties(&edge.properties, &edge.ranges, &edge.checks)?;
        Ok(Self {
            name: edge.name.clone(),
            path: TablePath::edge(edge.table),
            draft: Arc::new(nullable(&edge_schema(edge))),
            schema: Arc::new(edge_schema(edge)),
            key: edge.key.as_ref().map(|key| parts(key, &properties)).transpose()?,
            properties,
            ends: Some(ends),
            rules,
        })
    }

    /// Whether it is an edge type.
    pub(crate) fn is_edge(&self) -> bool {
        self.ends.is_some()
    }

    /// `node type 'X'` or `edge type 'X'`.
    pub(crate) fn describe(&self) -> String {
        let kind = if self.is_edge() { "edge" } else { "node" };
        format!("{kind} type '{}'", self.name)
    }
}

impl RowPlans {
    /// The plans for a schema.
    pub(crate) fn new(catalog: &Catalog) -> Result<Self> {
        let mut types = Vec::new();
        let mut nodes = HashMap::new();
        for node in catalog.nodes.values() {
            nodes.insert(node.name.clone(), types.len());
            types.push(TypePlan::node(node)?);
        }
        let mut edges = HashMap::new();
        for edge in catalog.edges.values() {
            edges.insert(edge.name.to_lowercase(), types.len());
            let end = |name: &str| nodes.get(name).copied().ok_or_else(|| Error::internal("an edge without ends"));
            types.push(TypePlan::edge(catalog, edge, (end(&edge.from)?, end(&edge.to)?))?);
        }
        Ok(Self { types, nodes, edges })
    }

    /// A node type by its exact name.
    pub(crate) fn node(&self, name: &str) -> Option<TypeIndex> {
        self.nodes.get(name).copied()
    }

    /// An edge type by its name, whatever its case.
    pub(crate) fn edge(&self, name: &str) -> Option<TypeIndex> {
        self.edges.get(&name.to_lowercase()).copied()
    }

    /// The declared name that is nearest to one that was not found.
    pub(crate) fn near(&self, name: &str, edges: bool) -> Option<&str> {
        let names = self.types.iter().filter(|ty| ty.is_edge() == edges).map(|ty| ty.name.as_str());
        omnigraph_compiler::suggest::nearest(name, names)
    }
}

fn nullable(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| Field::clone(field).with_nullable(true));
    Schema::new(fields.collect::<Vec<_>>())
}

fn parts(key: &[String], properties: &[PropertyPlan]) -> Result<Vec<KeyPart>> {
    let part = |name: &String| match name.as_str() {
        "@src" => Ok(KeyPart::Source),
        "@dst" => Ok(KeyPart::Target),
        name => {
            let place = properties.iter().position(|property| property.name == name);
            place.map(KeyPart::Property).ok_or_else(|| Error::internal(format!("a key of no property '{name}'")))
        }
    };
    key.iter().map(part).collect()
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
