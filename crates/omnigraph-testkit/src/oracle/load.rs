//! Lines of the load format to a graph.
//!
//! Missing ids are generated in the order of the lines. Constraints on several rows are checked after the last line
//! (`rules`).

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::{Catalog, EdgeType, NodeType, Property};
use serde_json::{Map, Value as Json};

use super::graph::{EdgeRow, OracleGraph, PropertyValues};
use super::identity::{edge_id, node_id};
use super::load_format::decode;
use super::rules::{self, ConstraintKind};
use super::value::OracleValue;

/// The treatment of rows that exist already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OracleLoadMode {
    /// A row with an id that exists is an error.
    Append,
    /// A row with an id that exists replaces it.
    Merge,
    /// Every type of the input is emptied first.
    Overwrite,
}

/// An error of a load, which left the graph as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The line from 1; 0 if the error does not belong to a single line.
    pub line: usize,
    /// The kind of problem.
    pub problem: LoadProblem,
    /// The message.
    pub message: String,
}

/// The kind of a problem with a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadProblem {
    /// A line is not JSON.
    NotJson,
    /// A line is JSON but not a row.
    Envelope,
    /// A type that is not declared.
    UnknownType,
    /// A field that is not declared.
    UnknownField,
    /// A value of another type.
    WrongType,
    /// A number beyond its type.
    OutOfRange,
    /// A required value is missing.
    Missing,
    /// An id that is not a text, or not the one of its key.
    Id,
    /// One key twice in one input.
    DuplicateKey,
    /// A row that exists already.
    Exists,
    /// A constraint of the schema.
    Constraint(ConstraintKind),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

impl std::error::Error for LoadError {}

type LineResult<T = ()> = Result<T, (LoadProblem, String)>;

/// The state of a running load.
struct LoadState<'a> {
    graph: OracleGraph,
    catalog: &'a Catalog,
    mode: OracleLoadMode,
    now_millis: i64,
    /// Ids of the lines so far, by type.
    seen: BTreeSet<(String, String)>,
}

impl OracleGraph {
    /// Loads one object per line; blank lines are skipped. `now_millis` is the time of the request, for `@default(now())`.
    ///
    /// # Errors
    /// The first line that is malformed, has an undeclared name, has a value that does not fit its type or the constraints
    /// of it, repeats a key, or (appending) an existing id; then the first constraint that the whole graph violates.
    pub fn load(
        &mut self,
        catalog: &Catalog,
        lines: &str,
        mode: OracleLoadMode,
        now_millis: i64,
    ) -> Result<(), LoadError> {
        let mut load = LoadState { graph: self.clone(), catalog, mode, now_millis, seen: BTreeSet::new() };
        if mode == OracleLoadMode::Overwrite {
            load.empty(lines);
        }
        for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            load.line(line).map_err(|(problem, message)| LoadError { line: index + 1, problem, message })?;
        }
        rules::check_constraints(catalog, self, &load.graph).map_err(|broken| LoadError {
            line: 0,
            problem: LoadProblem::Constraint(broken.rule),
            message: broken.message,
        })?;
        *self = load.graph;
        Ok(())
    }
}

impl LoadState<'_> {
    /// Empties every type that occurs in the input.
    fn empty(&mut self, lines: &str) {
        for object in lines.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok()) {
            self.graph.nodes.remove(object["type"].as_str().unwrap_or_default());
            let edge = self.catalog.edge_by_traversal_name(object["edge"].as_str().unwrap_or_default());
            self.graph.edges.remove(edge.map_or("", |edge| &edge.name));
        }
    }

    fn line(&mut self, line: &str) -> LineResult {
        let object: Map<String, Json> = serde_json::from_str(line)
            .map_err(|error| (LoadProblem::NotJson, format!("invalid strict JSON: {error}")))?;
        if let Some(unknown) =
            object.keys().find(|name| !matches!(name.as_str(), "type" | "edge" | "from" | "to" | "data"))
        {
            return Err((LoadProblem::Envelope, format!("unknown top-level graph batch field '{unknown}'")));
        }
        let data = match object.get("data") {
            None => Map::new(),
            Some(Json::Object(data)) => data.clone(),
            Some(_) => return Err((LoadProblem::Envelope, "'data' must be an object".to_owned())),
        };
        let unknown = |kind: &str, name: &str| (LoadProblem::UnknownType, format!("unknown {kind} type '{name}'"));
        match (object.get("type").and_then(Json::as_str), object.get("edge").and_then(Json::as_str)) {
            (Some(ty), None) => self.node(self.catalog.nodes.get(ty).ok_or_else(|| unknown("node", ty))?, &data),
            (None, Some(name)) => {
                let edge = self.catalog.edge_by_traversal_name(name).ok_or_else(|| unknown("edge", name))?;
                let end = |name: &str| {
                    let id = object.get(name).and_then(Json::as_str);
                    id.map(str::to_owned).ok_or_else(|| (LoadProblem::Envelope, format!("requires field '{name}'")))
                };
                self.edge(edge, (end("from")?, end("to")?), &data)
            }
            _ => Err((LoadProblem::Envelope, "exactly one of 'type' or 'edge'".to_owned())),
        }
    }

    fn node(&mut self, node: &NodeType, data: &Map<String, Json>) -> LineResult {
        let properties = self.properties(&node.properties, data)?;
        rules::check_node_values(node, &properties).map_err(broken)?;
        let derived = node_id(node, &properties).map_err(null_key)?;
        let id = self.id(&node.name, node.key.as_deref(), derived, data)?;
        let rows = self.graph.nodes.entry(node.name.clone()).or_default();
        if rows.insert(id.clone(), properties).is_some() && self.mode == OracleLoadMode::Append {
            return Err((LoadProblem::Exists, format!("node type '{}' already has this id '{id}'", node.name)));
        }
        Ok(())
    }

    fn edge(&mut self, edge: &EdgeType, (src, dst): (String, String), data: &Map<String, Json>) -> LineResult {
        let properties = self.properties(&edge.properties, data)?;
        rules::check_edge_values(edge, &properties).map_err(broken)?;
        let derived = edge_id(edge, (&src, &dst), &properties).map_err(null_key)?;
        let id = self.id(&edge.name, edge.key.as_deref(), derived, data)?;
        let rows = self.graph.edges.entry(edge.name.clone()).or_default();
        if rows.insert(id.clone(), EdgeRow { src, dst, properties }).is_some() && self.mode == OracleLoadMode::Append {
            return Err((LoadProblem::Exists, format!("edge type '{}' already has this id '{id}'", edge.name)));
        }
        Ok(())
    }

    /// Returns the id of the key, the given id, or a generated one. A key must not occur twice in one input.
    fn id(
        &mut self,
        ty: &str,
        key: Option<&[String]>,
        derived: Option<String>,
        data: &Map<String, Json>,
    ) -> LineResult<String> {
        let given = match data.get("id") {
            None => None,
            Some(Json::String(id)) => Some(id.clone()),
            Some(_) => return Err((LoadProblem::Id, "'id' must be a string".to_owned())),
        };
        let id = match (derived, given) {
            (Some(derived), Some(given)) if derived != given => {
                let message = format!("id '{given}' does not match its canonical @key id '{derived}'");
                return Err((LoadProblem::Id, message));
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => return Ok(self.graph.mint()),
        };
        let again = !self.seen.insert((ty.to_owned(), id.clone()));
        match key {
            Some(key) if again => {
                let names: Vec<&str> = key.iter().map(|name| name.trim_start_matches('@')).collect();
                let column = match names[..] {
                    [single] => single.to_owned(),
                    _ => format!("({})", names.join(", ")),
                };
                Err((LoadProblem::DuplicateKey, format!("@unique violation on {ty}.{column}: value '{id}' held twice")))
            }
            None if again && self.mode != OracleLoadMode::Merge => {
                Err((LoadProblem::DuplicateKey, format!("type '{ty}' already has this id '{id}'")))
            }
            _ => Ok(id),
        }
    }

    fn properties(&mut self, declared: &[Property], data: &Map<String, Json>) -> LineResult<PropertyValues> {
        let known: BTreeSet<&str> = declared.iter().map(|property| property.name.as_str()).collect();
        if let Some(unknown) = data.keys().find(|name| *name != "id" && !known.contains(name.as_str())) {
            return Err((LoadProblem::UnknownField, format!("unknown input field '{unknown}'")));
        }
        let mut properties = PropertyValues::new();
        for property in declared {
            let value = match data.get(&property.name) {
                Some(json) => decode(&property.ty, json).map_err(|problem| mistyped(property, json, &problem))?,
                None => self.graph.default_of(property, self.now_millis),
            };
            if value.is_null() && !property.ty.nullable {
                return Err((LoadProblem::Missing, format!("missing required property '{}'", property.name)));
            }
            properties.insert(property.name.clone(), value);
        }
        Ok(properties)
    }
}

impl OracleGraph {
    /// Returns the default of a property.
    pub(super) fn default_of(&mut self, property: &Property, now_millis: i64) -> OracleValue {
        use omnigraph_compiler::catalog::DefaultValue;
        match &property.default {
            // The catalog has checked it.
            Some(DefaultValue::Literal(json)) => decode(&property.ty, json).unwrap_or(OracleValue::Null),
            Some(DefaultValue::Now) => OracleValue::DateTime(now_millis),
            Some(DefaultValue::Uuid) => OracleValue::Text(self.mint()),
            None => OracleValue::Null,
        }
    }

    /// Returns an id that sorts after all generated ones.
    pub(super) fn mint(&mut self) -> String {
        self.minted += 1;
        ulid::Ulid::from(u128::from(self.minted)).to_string()
    }
}

/// Returns the error of a value. A number of the right kind that does not fit is out of range.
fn mistyped(property: &Property, json: &Json, problem: &str) -> (LoadProblem, String) {
    use omnigraph_compiler::types::ScalarType;
    let integer = matches!(property.ty.scalar, ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64);
    let numeric =
        (integer && (json.is_i64() || json.is_u64())) || (property.ty.scalar == ScalarType::F32 && json.is_number());
    let kind = if numeric && !property.ty.list { LoadProblem::OutOfRange } else { LoadProblem::WrongType };
    (kind, format!("property '{}': {problem}", property.name))
}

fn broken(broken: rules::BrokenConstraint) -> (LoadProblem, String) {
    (LoadProblem::Constraint(broken.rule), broken.message)
}

fn null_key(name: String) -> (LoadProblem, String) {
    (LoadProblem::Constraint(ConstraintKind::Key), format!("key property '{name}' cannot be null"))
}
