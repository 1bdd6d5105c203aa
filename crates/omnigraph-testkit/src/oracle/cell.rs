//! Values as results print them.
//!
//! A whole node is `@id` and its properties, an edge `@id`, `@src`, `@dst`, `@type` and its properties, both without blobs
//! and vectors. A path is an object of its nodes and its edges, in order.

use omnigraph_compiler::catalog::{Catalog, Property};
use omnigraph_compiler::temporal::{format_date, format_datetime};
use omnigraph_compiler::types::ScalarType;
use serde_json::{Map, Number, Value as Json, json};

use super::evaluator::OracleError;
use super::graph::{OracleGraph, PropertyValues};
use super::value::{EntityRef, OracleValue};

/// Prints values of one graph.
pub(super) struct CellPrinter<'a> {
    pub(super) graph: &'a OracleGraph,
    pub(super) catalog: &'a Catalog,
}

impl CellPrinter<'_> {
    /// Returns the value as a cell of a result.
    pub(super) fn cell(&self, value: &OracleValue) -> Result<Json, OracleError> {
        Ok(match value {
            OracleValue::Null => Json::Null,
            OracleValue::Bool(value) => (*value).into(),
            OracleValue::Integer(value) => integer(*value)?,
            OracleValue::F32(value) => single(*value),
            OracleValue::F64(value) => double(*value),
            OracleValue::Text(text) | OracleValue::Blob(text) => text.clone().into(),
            OracleValue::Date(days) => text_or_number(format_date(*days), (*days).into()),
            OracleValue::DateTime(millis) => text_or_number(format_datetime(*millis), *millis),
            OracleValue::List(items) => items.iter().map(|item| self.cell(item)).collect::<Result<Json, _>>()?,
            OracleValue::Vector(numbers) => numbers.iter().map(|number| single(*number)).collect(),
            OracleValue::Json(json) => json.clone(),
            OracleValue::Node(node) => self.node(node)?,
            OracleValue::Edge(edge) => self.edge(edge)?,
            OracleValue::Path(path) => {
                let nodes = path.nodes.iter().map(|node| self.node(node)).collect::<Result<Json, _>>()?;
                let edges = path.edges.iter().map(|edge| self.edge(edge)).collect::<Result<Json, _>>()?;
                json!({ "nodes": nodes, "edges": edges })
            }
            OracleValue::Duration(_) => return Err(OracleError::internal("a duration as a cell")),
        })
    }

    /// Returns text that is equal for equal values only, also where cells look alike.
    pub(super) fn fingerprint(&self, value: &OracleValue) -> Result<String, OracleError> {
        match value {
            OracleValue::Node(entity) | OracleValue::Edge(entity) => Ok(json!([entity.ty, entity.id]).to_string()),
            other => Ok(self.cell(other)?.to_string()),
        }
    }

    fn node(&self, node: &EntityRef) -> Result<Json, OracleError> {
        let declared = self.catalog.nodes.get(&node.ty).map(|ty| &ty.properties);
        let mut object = Map::from_iter([("@id".to_owned(), node.id.clone().into())]);
        self.properties(declared, self.graph.node(node), &mut object)?;
        Ok(object.into())
    }

    fn edge(&self, edge: &EntityRef) -> Result<Json, OracleError> {
        let declared = self.catalog.edges.get(&edge.ty).map(|ty| &ty.properties);
        let row = self.graph.edge(edge);
        let end = |end: Option<&str>| end.map_or(Json::Null, Json::from);
        let mut object = Map::from_iter([
            ("@id".to_owned(), edge.id.clone().into()),
            ("@src".to_owned(), end(row.map(|row| row.src.as_str()))),
            ("@dst".to_owned(), end(row.map(|row| row.dst.as_str()))),
            ("@type".to_owned(), edge.ty.clone().into()),
        ]);
        self.properties(declared, row.map(|row| &row.properties), &mut object)?;
        Ok(object.into())
    }

    fn properties(
        &self,
        declared: Option<&Vec<Property>>,
        values: Option<&PropertyValues>,
        object: &mut Map<String, Json>,
    ) -> Result<(), OracleError> {
        let (Some(declared), Some(values)) = (declared, values) else {
            return Err(OracleError::internal("an object that the graph does not hold"));
        };
        for property in
            declared.iter().filter(|property| !matches!(property.ty.scalar, ScalarType::Blob | ScalarType::Vector(_)))
        {
            object.insert(property.name.clone(), self.cell(values.get(&property.name).unwrap_or(&OracleValue::Null))?);
        }
        Ok(())
    }
}

fn integer(value: i128) -> Result<Json, OracleError> {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => Ok(value.into()),
        (_, Ok(value)) => Ok(value.into()),
        _ => Err(OracleError::internal(format!("{value} is an integer of no type"))),
    }
}

/// Returns the double with the same decimal text: `0.1`, not `0.10000000149011612`.
fn single(value: f32) -> Json {
    double(value.to_string().parse().unwrap_or_else(|_| f64::from(value)))
}

fn double(value: f64) -> Json {
    match Number::from_f64(value) {
        Some(number) => number.into(),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// Returns the text of a date, or its number beyond the calendar.
fn text_or_number(text: String, number: i64) -> Json {
    if text == number.to_string() { number.into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates() {
        assert_eq!(single(0.1).to_string(), "0.1");
        assert_eq!(double(118.0).to_string(), "118.0");
        assert_eq!(double(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(integer(u64::MAX.into()).unwrap().to_string(), "18446744073709551615");
        assert!(integer(i128::MAX).is_err());
        assert_eq!(text_or_number(format_date(19_849), 19_849), "2024-05-06");
        assert!(text_or_number(format_date(i32::MAX), i32::MAX.into()).is_number());
    }
}
