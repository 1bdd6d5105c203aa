//! A row as it is shown: properties by name in the load format's encoding, and an edge's ends.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use serde_json::{Map, Value};

use super::types::EntityType;
use crate::error::EntityKind;
use crate::error::{Error, Result};
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
    /// Names of properties, sorted.
    names: Vec<&'a str>,
    /// Ends of edges, then properties.
    columns: Vec<ArrayRef>,
}

impl<'a> Rows<'a> {
    /// Reads the rows at `addresses`, whatever they are; nothing is kept.
    pub(crate) async fn read(ty: EntityType<'a>, table: &Arc<Table>, addresses: &[RowAddress]) -> Result<Self> {
        let mut names: Vec<&str> = ty.properties.iter().map(|property| property.name.as_str()).collect();
        names.sort_unstable();
        let wanted: Vec<&str> = ty.ends().iter().copied().chain(names.iter().copied()).collect();
        let columns = table.fetch(addresses, &wanted).await?;
        Ok(Self { ty, names, columns })
    }

    /// The image of one of them, by its place among the addresses.
    pub(crate) fn image(&self, row: usize) -> Result<Image> {
        let ends = self.ty.ends().len();
        let mut properties = Map::new();
        for (name, column) in self.names.iter().zip(self.columns.iter().skip(ends)) {
            properties.insert((*name).to_owned(), cell(column, row, Encoding::Load)?);
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
