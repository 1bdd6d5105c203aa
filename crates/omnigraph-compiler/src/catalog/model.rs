//! The catalogue's data.

use std::collections::BTreeMap;

use super::{PropertyId, TableId, TypeId};
use crate::types::PropType;

/// Everything one accepted schema declares, by name.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Interfaces by name.
    pub interfaces: BTreeMap<String, Interface>,
    /// Node types by name.
    pub nodes: BTreeMap<String, NodeType>,
    /// Edge types by name.
    pub edges: BTreeMap<String, EdgeType>,
}

/// A set of properties that node types mix in. It has no rows and therefore no rules: `@key`, `@unique` and `@index` of its properties
/// are rules of the node types that get the property from it, and only of those.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Identity.
    pub id: TypeId,
    /// Declared name.
    pub name: String,
    /// Properties in declaration order.
    pub properties: Vec<Property>,
    /// `@description`, `@instruction` and annotations of no meaning to us.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// A node type and its rules.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeType {
    /// Identity.
    pub id: TypeId,
    /// Where its rows are kept.
    pub table: TableId,
    /// Declared name.
    pub name: String,
    /// Interfaces it implements, as declared.
    pub implements: Vec<String>,
    /// Own properties in declaration order, then those injected by interfaces.
    pub properties: Vec<Property>,
    /// Names of the key's components in the order of their property ids; `None` for keyless types.
    pub key: Option<Vec<String>>,
    /// Uniqueness rules besides the key.
    pub uniques: Vec<Unique>,
    /// Declared indexes.
    pub indexes: Vec<Index>,
    /// Bounds on numeric properties.
    pub ranges: Vec<Range>,
    /// Patterns for text properties.
    pub checks: Vec<Check>,
    /// `@description`, `@instruction` and annotations of no meaning to us.
    pub annotations: Vec<Annotation>,
}

/// An edge type and its rules.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeType {
    /// Identity.
    pub id: TypeId,
    /// Where its rows are kept.
    pub table: TableId,
    /// Declared name.
    pub name: String,
    /// Name of the source's node type.
    pub from: String,
    /// Name of the target's node type.
    pub to: String,
    /// How many edges of this type a source may and must have.
    pub card: Cardinality,
    /// How many edges of this type a target may and must have.
    pub card_in: Cardinality,
    /// What deleting an endpoint does.
    pub on_delete: OnDelete,
    /// Own properties in declaration order.
    pub properties: Vec<Property>,
    /// Components of the derived id of a keyed edge: property names, `@src`, `@dst`.
    pub key: Option<Vec<String>>,
    /// Uniqueness rules; components are property names, `src`, `dst`.
    pub uniques: Vec<Unique>,
    /// Declared indexes.
    pub indexes: Vec<Index>,
    /// Bounds on numeric properties.
    pub ranges: Vec<Range>,
    /// Patterns for text properties.
    pub checks: Vec<Check>,
    /// `@description`, `@instruction` and annotations of no meaning to us.
    pub annotations: Vec<Annotation>,
}

/// One property.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Identity.
    pub id: PropertyId,
    /// Declared name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub ty: PropType,
    /// Value of rows that leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// The text this vector is computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embed: Option<Embed>,
    /// Annotations of no meaning to us, and `@description`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// What `@default` supplies.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultValue {
    /// A constant, in the load format's encoding.
    Literal(serde_json::Value),
    /// The time of the request.
    Now,
    /// A fresh unique id.
    Uuid,
}

/// `@embed("source", model="m")`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embed {
    /// The text property it is computed from.
    pub source: String,
    /// The embedding model, if pinned.
    pub model: Option<String>,
}

/// `@unique`: no two live rows share the tuple; a null component exempts a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// Component names as declared.
    pub properties: Vec<String>,
}

/// `@index`: never changes a result, only its speed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Component names as declared.
    pub properties: Vec<String>,
    /// Distance of a vector index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// Text analysis of a full-text index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzer: Option<Analyzer>,
}

/// Distance between vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// One minus the cosine of the angle.
    Cosine,
    /// Euclidean, squared.
    L2,
    /// Negative inner product.
    Dot,
}

/// How text becomes tokens: `english`, `simple`, `whitespace`, `ngram`, `code`, or a stemmer's language.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Analyzer(pub String);

/// Inclusive bounds; null passes, NaN fails.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The bounded property.
    pub property: String,
    /// Lower bound.
    pub min: Option<Number>,
    /// Upper bound.
    pub max: Option<Number>,
    /// Words for whoever violates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Number {
    /// Written without a point.
    Integer(i64),
    /// Written with a point or an exponent.
    Float(f64),
}

/// An unanchored regular expression that a text must contain; null passes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The checked property.
    pub property: String,
    /// In the dialect of the `regex` crate.
    pub pattern: String,
    /// Words for whoever violates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `min..max`, inclusive; `max` open when `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cardinality {
    /// At least this many.
    pub min: u32,
    /// At most this many.
    pub max: Option<u32>,
}

/// What deleting a node does to its edges of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// They go with it.
    #[default]
    Cascade,
    /// It is refused while they exist.
    Restrict,
}

/// `@name(value, key=literal, …)`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// Name without `@`.
    pub name: String,
    /// Positional argument.
    pub value: Option<String>,
    /// Named arguments, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kwargs: Vec<(String, String)>,
}

impl Catalog {
    /// Finds an edge type as a traversal names it: exactly, or else ignoring case.
    #[must_use]
    pub fn edge_by_traversal_name(&self, name: &str) -> Option<&EdgeType> {
        let folded = || self.edges.values().find(|edge| edge.name.eq_ignore_ascii_case(name));
        // `basedAt` for `BasedAt` is how nearly all are written; only what is written otherwise costs a pass over all of them.
        let capitalised = || {
            let mut name = name.to_owned();
            name.get_mut(..1)?.make_ascii_uppercase();
            self.edges.get(&name)
        };
        self.edges.get(name).or_else(capitalised).or_else(folded)
    }
}

impl NodeType {
    /// Every index there should be: the key's, then the declared ones.
    #[must_use]
    pub fn all_indexes(&self) -> Vec<Index> {
        let key = self.key.clone().map(|properties| Index { properties, metric: None, analyzer: None });
        let declared = self.indexes.iter().filter(|index| key.as_ref() != Some(index)).cloned();
        key.iter().cloned().chain(declared).collect()
    }

    /// Finds a property by name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }
}

impl EdgeType {
    /// Finds a property by name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }
}
