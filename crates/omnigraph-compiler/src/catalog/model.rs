//! The catalog's data.

use std::collections::BTreeMap;

use super::{PropertyId, TableId, TypeId};
use crate::types::PropType;

/// The types of one accepted schema, by name.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Interfaces by name.
    pub interfaces: BTreeMap<String, InterfaceType>,
    /// Node types by name.
    pub nodes: BTreeMap<String, NodeType>,
    /// Edge types by name.
    pub edges: BTreeMap<String, EdgeType>,
}

/// Kind of a declared type; the order is that of ids and of migration steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeKind {
    /// An interface.
    Interface,
    /// A node type.
    Node,
    /// An edge type.
    Edge,
}

impl TypeKind {
    /// Returns the word of the JSON form and of the schema language.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Node => "node",
            Self::Edge => "edge",
        }
    }

    /// Returns the noun of messages.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Node => "node type",
            Self::Edge => "edge type",
        }
    }
}

/// A set of properties that node types mix in. It has no rows and so no rules: `@key`, `@unique` and `@index` of its properties
/// are rules of the node types that inject the property.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceType {
    /// Identity.
    pub id: TypeId,
    /// Declared name.
    pub name: String,
    /// Properties in declaration order.
    pub properties: Vec<Property>,
    /// `@description`, `@instruction` and annotations without a meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// A node type and its rules.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeType {
    /// Identity.
    pub id: TypeId,
    /// Table of its rows.
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
    pub uniques: Vec<UniqueConstraint>,
    /// Declared indexes.
    pub indexes: Vec<IndexSpec>,
    /// Bounds on numeric properties.
    pub ranges: Vec<RangeConstraint>,
    /// Patterns for text properties.
    pub checks: Vec<CheckConstraint>,
    /// `@description`, `@instruction` and annotations without a meaning.
    pub annotations: Vec<Annotation>,
}

/// An edge type and its rules.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeType {
    /// Identity.
    pub id: TypeId,
    /// Table of its rows.
    pub table: TableId,
    /// Declared name.
    pub name: String,
    /// Name of the source's node type.
    pub from: String,
    /// Name of the target's node type.
    pub to: String,
    /// Number of edges of this type per source node.
    pub card: Cardinality,
    /// Number of edges of this type per target node.
    pub card_in: Cardinality,
    /// Effect of deleting an endpoint.
    pub on_delete: OnDelete,
    /// Own properties in declaration order.
    pub properties: Vec<Property>,
    /// Components of the id of a keyed edge: property names, `@src`, `@dst`.
    pub key: Option<Vec<String>>,
    /// Uniqueness rules; components are property names, `src`, `dst`.
    pub uniques: Vec<UniqueConstraint>,
    /// Declared indexes.
    pub indexes: Vec<IndexSpec>,
    /// Bounds on numeric properties.
    pub ranges: Vec<RangeConstraint>,
    /// Patterns for text properties.
    pub checks: Vec<CheckConstraint>,
    /// `@description`, `@instruction` and annotations without a meaning.
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
    pub embed: Option<EmbeddingSpec>,
    /// `@description` and annotations without a meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
}

/// Value of `@default`.
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
pub struct EmbeddingSpec {
    /// The text property it is computed from.
    pub source: String,
    /// The embedding model, if pinned.
    pub model: Option<String>,
}

/// `@unique`: no two live rows share the tuple; a null component exempts a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniqueConstraint {
    /// Component names as declared.
    pub properties: Vec<String>,
}

/// `@index`: never changes a result, only its speed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexSpec {
    /// Component names as declared.
    pub properties: Vec<String>,
    /// Distance of a vector index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<DistanceMetric>,
    /// Text analysis of a full-text index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzer: Option<TextAnalyzer>,
}

/// Distance between vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistanceMetric {
    /// One minus the cosine of the angle.
    Cosine,
    /// Euclidean, squared.
    L2,
    /// Negative inner product.
    Dot,
}

/// Name of a text analysis: `english`, `simple`, `whitespace`, `ngram`, `code`, or a stemmer's language.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct TextAnalyzer(pub String);

/// Inclusive bounds; null passes, NaN fails.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeConstraint {
    /// The bounded property.
    pub property: String,
    /// Lower bound.
    pub min: Option<NumberLiteral>,
    /// Upper bound.
    pub max: Option<NumberLiteral>,
    /// Message of a violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum NumberLiteral {
    /// Written without a point.
    Integer(i64),
    /// Written with a point or an exponent.
    Float(f64),
}

/// An unanchored regular expression that a text must contain; null passes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckConstraint {
    /// The checked property.
    pub property: String,
    /// In the dialect of the `regex` crate.
    pub pattern: String,
    /// Message of a violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `min..max`, inclusive; `max` open when `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cardinality {
    /// Least number.
    pub min: u32,
    /// Greatest number.
    pub max: Option<u32>,
}

/// Effect of deleting a node on its edges of a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// Edges are deleted with the node.
    #[default]
    Cascade,
    /// The deletion is refused while edges exist.
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
        // Nearly all names are written like `basedAt` for `BasedAt`; other spellings cost a pass over all edge types.
        let capitalized = || {
            let mut name = name.to_owned();
            name.get_mut(..1)?.make_ascii_uppercase();
            self.edges.get(&name)
        };
        self.edges.get(name).or_else(capitalized).or_else(folded)
    }
}

impl NodeType {
    /// Returns all indexes: the key's, then the declared ones.
    #[must_use]
    pub fn all_indexes(&self) -> Vec<IndexSpec> {
        let key = self.key.clone().map(|properties| IndexSpec { properties, metric: None, analyzer: None });
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
