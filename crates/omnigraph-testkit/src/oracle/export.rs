//! A graph as lines of the load format, as the engine exports one: edges, then nodes, types by name, rows by id.

use omnigraph_compiler::catalog::{Catalog, Property};
use serde_json::{Map, Value as Json};

use super::cell::Printer;
use super::failure::Failure;
use super::graph::{Graph, Properties};
use super::value::Value;

impl Graph {
    /// Every row as a line.
    ///
    /// # Errors
    /// [`Failure::Internal`] if a value is of no type that can be stored.
    pub fn export(&self, catalog: &Catalog) -> Result<Vec<String>, Failure> {
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

    fn data(&self, id: &str, declared: &[Property], row: &Properties, catalog: &Catalog) -> Result<Json, Failure> {
        let mut names: Vec<&String> = declared.iter().map(|property| &property.name).collect();
        names.sort();
        let printer = Printer { graph: self, catalog };
        let mut data = Map::from_iter([("id".to_owned(), id.into())]);
        for name in names {
            data.insert(name.clone(), printer.cell(row.get(name).unwrap_or(&Value::Null))?);
        }
        Ok(data.into())
    }
}
