//! One change of an entity, and filters of changes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use omnigraph_compiler::catalog::Property;
use serde_json::{Map, Value};

use super::types::EntityType;
use crate::error::{EntityKind, Error, Result};
use crate::query::result::json::{TextFormat, cell_to_json};
use crate::table::{RowAddress, Table};

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeOp {
    /// The entity was inserted.
    Insert,
    /// The entity has other values.
    Update,
    /// The entity was deleted.
    Delete,
}

impl fmt::Display for ChangeOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

impl FromStr for ChangeOp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "insert" => Ok(Self::Insert),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            _ => Err(format!("invalid operation `{text}`: expected insert, update or delete")),
        }
    }
}

/// A filter of changes. An empty member does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeFilter {
    /// Kinds of entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<EntityKind>,
    /// Types, by their name in either of the two states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Operations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<ChangeOp>,
}

impl ChangeFilter {
    pub(super) fn matches_op(&self, op: ChangeOp) -> bool {
        self.ops.is_empty() || self.ops.contains(&op)
    }

    pub(super) fn matches_type(&self, kind: EntityKind, names: &[&str]) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&kind);
        kind && (self.types.is_empty() || self.types.iter().any(|name| names.contains(&name.as_str())))
    }
}

/// A type, by name and by the id that survives renames.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct EntityTypeRef {
    /// The id.
    pub id: String,
    /// The name, from the newer state that has the type.
    pub name: String,
}

/// A change of one node or edge.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EntityChange {
    /// Node or edge.
    pub kind: EntityKind,
    /// The type.
    #[serde(rename = "type")]
    pub ty: EntityTypeRef,
    /// The id.
    pub id: String,
    /// The operation.
    pub op: ChangeOp,
    /// The values before; none for an insert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<EntityImage>,
    /// The values after; none for a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<EntityImage>,
}

impl EntityChange {
    /// Returns the position in the order of changes.
    #[must_use]
    pub fn position(&self) -> ChangePosition {
        ChangePosition { kind: self.kind, ty: self.ty.name.clone(), id: self.id.clone() }
    }
}

/// A position in the order of changes: by kind, name of the type, id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePosition {
    /// The kind.
    pub kind: EntityKind,
    /// The name of the type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The id.
    pub id: String,
}

/// Writes an opaque token.
impl fmt::Display for ChangePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = serde_json::to_vec(&(self.kind, &self.ty, &self.id)).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for ChangePosition {
    type Err = String;

    fn from_str(token: &str) -> Result<Self, String> {
        let parts = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let (kind, ty, id) = parts.ok_or_else(|| format!("invalid page token '{token}'"))?;
        Ok(Self { kind, ty, id })
    }
}

/// The values of an entity in one state.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EntityImage {
    /// The properties by name, in the encoding of the load format.
    pub properties: Map<String, Value>,
    /// The endpoints of an edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
}

/// The endpoints of an edge, by id.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Endpoints {
    /// The source.
    pub from: String,
    /// The target.
    pub to: String,
}

/// Whole rows of one type.
pub(super) struct EntityRows<'a> {
    ty: EntityType<'a>,
    /// Properties, by name.
    properties: Vec<&'a Property>,
    /// Endpoints of edges, then properties.
    columns: Vec<ArrayRef>,
}

impl<'a> EntityRows<'a> {
    /// Reads the rows at `addresses`. They are not cached.
    pub(super) async fn read(ty: EntityType<'a>, table: &Arc<Table>, addresses: &[RowAddress]) -> Result<Self> {
        let mut properties: Vec<&Property> = ty.properties.iter().collect();
        properties.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let names = properties.iter().map(|property| property.name.as_str());
        let names: Vec<&str> = ty.endpoint_columns().iter().copied().chain(names).collect();
        let columns = table.fetch(addresses, &names).await?;
        Ok(Self { ty, properties, columns })
    }

    /// Returns the image of the row at an index.
    pub(super) fn image(&self, row: usize) -> Result<EntityImage> {
        let endpoint_count = self.ty.endpoint_columns().len();
        let mut properties = Map::new();
        for (property, column) in self.properties.iter().zip(self.columns.iter().skip(endpoint_count)) {
            properties.insert(property.name.clone(), cell_to_json(column, row, TextFormat::from_property(property))?);
        }
        let endpoints = match self.ty.kind {
            EntityKind::Node => None,
            EntityKind::Edge => Some(Endpoints { from: self.endpoint(0, row)?, to: self.endpoint(1, row)? }),
        };
        Ok(EntityImage { properties, endpoints })
    }

    fn endpoint(&self, column: usize, row: usize) -> Result<String> {
        let ids = self.columns.get(column).and_then(|column| column.as_string_opt::<i32>());
        let ids = ids.filter(|ids| row < ids.len() && ids.is_valid(row));
        ids.map(|ids| ids.value(row).to_owned()).ok_or_else(|| Error::internal("an edge without an endpoint"))
    }
}
