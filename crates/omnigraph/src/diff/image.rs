//! A row as it is shown: properties by name in the load format's encoding, and an edge's ends.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use omnigraph_compiler::catalog::Property;
use serde_json::{Map, Value};

use super::types::EntityType;
use crate::error::{EntityKind, Error, Result};
use crate::query::json::{Encoding, cell};
use crate::table::{RowAddress, Table};

/// An entity as it was or is.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Image {
    /// Its properties by name, in the order of their names.
    pub properties: Map<String, Value>,
    /// The ends of an edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
}

/// The ends of an edge, by id.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Endpoints {
    /// Its source.
    pub from: String,
    /// Its target.
    pub to: String,
}

/// Whole rows of one type, read at once.
pub(crate) struct Rows<'a> {
    ty: EntityType<'a>,
    /// Properties, by name.
    properties: Vec<&'a Property>,
    /// Ends of edges, then properties.
    columns: Vec<ArrayRef>,
}

impl<'a> Rows<'a> {
    /// Reads the rows at `addresses`, whatever they are; nothing is kept.
    pub(crate) async fn read(ty: EntityType<'a>, table: &Arc<Table>, addresses: &[RowAddress]) -> Result<Self> {
        let mut properties: Vec<&Property> = ty.properties.iter().collect();
        properties.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let names = properties.iter().map(|property| property.name.as_str());
        let wanted: Vec<&str> = ty.ends().iter().copied().chain(names).collect();
        let columns = table.fetch(addresses, &wanted).await?;
        Ok(Self { ty, properties, columns })
    }

    /// The image of one of them, by its place among the addresses.
    pub(crate) fn image(&self, row: usize) -> Result<Image> {
        let ends = self.ty.ends().len();
        let mut properties = Map::new();
        for (property, column) in self.properties.iter().zip(self.columns.iter().skip(ends)) {
            properties.insert(property.name.clone(), cell(column, row, Encoding::of_load(property))?);
        }
        let endpoints = match self.ty.kind {
            EntityKind::Node => None,
            EntityKind::Edge => Some(Endpoints { from: self.end(0, row)?, to: self.end(1, row)? }),
        };
        Ok(Image { properties, endpoints })
    }

    fn end(&self, column: usize, row: usize) -> Result<String> {
        let texts = self.columns.get(column).and_then(|column| column.as_string_opt::<i32>());
        let texts = texts.filter(|texts| row < texts.len() && texts.is_valid(row));
        texts.map(|texts| texts.value(row).to_owned()).ok_or_else(|| Error::internal("an edge without an end"))
    }
}
