//! The load format: values of properties, and a graph as the lines of an export.
//!
//! An export has edges, then nodes, types by name, rows by id.

use omnigraph_compiler::catalog::{Catalog, Property};
use omnigraph_compiler::temporal::{parse_date, parse_datetime};
use omnigraph_compiler::types::{PropType, ScalarType};
use serde_json::{Map, Value as Json};

use super::cell::CellPrinter;
use super::evaluator::OracleError;
use super::graph::{OracleGraph, PropertyValues};
use super::value::OracleValue;

/// Decodes the value of a property.
///
/// # Errors
/// A message about the value.
pub(super) fn decode(ty: &PropType, json: &Json) -> Result<OracleValue, String> {
    match json {
        Json::Null => Ok(OracleValue::Null),
        Json::Array(items) if ty.list => {
            let item = |item: &Json| match item {
                Json::Null => Err("contains a null or invalid item".to_owned()),
                item => scalar(ty.scalar, item),
            };
            items.iter().map(item).collect::<Result<_, _>>().map(OracleValue::List)
        }
        other if ty.list => Err(format!("expects an array, got {other}")),
        other => scalar(ty.scalar, other),
    }
}

fn scalar(scalar: ScalarType, json: &Json) -> Result<OracleValue, String> {
    let fitting = match scalar {
        ScalarType::String => json.as_str().map(|text| OracleValue::Text(text.to_owned())),
        ScalarType::Bool => json.as_bool().map(OracleValue::Bool),
        ScalarType::I32 => {
            json.as_i64().and_then(|value| i32::try_from(value).ok()).map(|value| OracleValue::Integer(value.into()))
        }
        ScalarType::U32 => {
            json.as_u64().and_then(|value| u32::try_from(value).ok()).map(|value| OracleValue::Integer(value.into()))
        }
        ScalarType::I64 => json.as_i64().map(|value| OracleValue::Integer(value.into())),
        ScalarType::U64 => json.as_u64().map(|value| OracleValue::Integer(value.into())),
        ScalarType::F32 => single(json).map(OracleValue::F32),
        ScalarType::F64 => json.as_f64().map(OracleValue::F64),
        ScalarType::Date => match json.as_str() {
            Some(text) => parse_date(text).map(OracleValue::Date),
            None => json.as_i64().and_then(|days| i32::try_from(days).ok()).map(OracleValue::Date),
        },
        ScalarType::DateTime => json.as_str().map_or_else(|| json.as_i64(), parse_datetime).map(OracleValue::DateTime),
        ScalarType::Blob => json.as_str().map(|text| OracleValue::Blob(text.to_owned())),
        ScalarType::Json => Some(OracleValue::Json(json.clone())),
        ScalarType::Vector(dimension) => {
            let numbers = json.as_array().filter(|items| items.len() == dimension as usize);
            numbers.and_then(|items| items.iter().map(single).collect::<Option<_>>()).map(OracleValue::Vector)
        }
    };
    fitting.ok_or_else(|| format!("expects {scalar}, got {json}"))
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn single(json: &Json) -> Option<f32> {
    json.as_f64().map(|value| value as f32).filter(|value| value.is_finite())
}

impl OracleGraph {
    /// Returns every row as a line.
    ///
    /// # Errors
    /// [`OracleError::Internal`] if a value is of no type that can be stored.
    pub fn export(&self, catalog: &Catalog) -> Result<Vec<String>, OracleError> {
        let mut lines = Vec::new();
        for edge in catalog.edges.values() {
            for (id, row) in self.edges.get(&edge.name).into_iter().flatten() {
                let mut line = Map::from_iter([("edge".to_owned(), edge.name.clone().into())]);
                line.insert("from".to_owned(), row.src.clone().into());
                line.insert("to".to_owned(), row.dst.clone().into());
                line.insert("data".to_owned(), self.data(id, &edge.properties, &row.properties, catalog)?);
                lines.push(Json::from(line).to_string());
            }
        }
        for node in catalog.nodes.values() {
            for (id, row) in self.nodes.get(&node.name).into_iter().flatten() {
                let mut line = Map::from_iter([("type".to_owned(), node.name.clone().into())]);
                line.insert("data".to_owned(), self.data(id, &node.properties, row, catalog)?);
                lines.push(Json::from(line).to_string());
            }
        }
        Ok(lines)
    }

    fn data(
        &self,
        id: &str,
        declared: &[Property],
        row: &PropertyValues,
        catalog: &Catalog,
    ) -> Result<Json, OracleError> {
        let mut names: Vec<&String> = declared.iter().map(|property| &property.name).collect();
        names.sort();
        let printer = CellPrinter { graph: self, catalog };
        let mut data = Map::from_iter([("id".to_owned(), id.into())]);
        for name in names {
            data.insert(name.clone(), printer.cell(row.get(name).unwrap_or(&OracleValue::Null))?);
        }
        Ok(data.into())
    }
}
