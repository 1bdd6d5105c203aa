//! Lines of the load format to a graph.
//!
//! Ids that nobody gives are made up in the order of the lines. What the rows must be together is judged once all of them
//! are in (`rules`).

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::{Catalog, EdgeType, NodeType, Property};
use serde_json::{Map, Value as Json};

use super::decode::decode;
use super::graph::{EdgeRow, Graph, Properties};
use super::identity::{edge_id, node_id};
use super::rules::{self, Rule};
use super::value::Value;

/// What a load does with rows that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A row with an id that exists is an error.
    Append,
    /// A row with an id that exists replaces it.
    Merge,
    /// Every type of the input is emptied first.
    Overwrite,
}

/// Lines that cannot be taken; the graph is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadFailure {
    /// From 1; 0 when no single line is to blame.
    pub line: usize,
    /// What kind of problem it is.
    pub problem: Problem,
    /// What is wrong with it.
    pub message: String,
}

/// What can be wrong with a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A line is no JSON.
    NotJson,
    /// A line is JSON and no row.
    Envelope,
    /// A type that is not declared.
    UnknownType,
    /// A field that is not declared.
    UnknownField,
    /// A value of another type.
    WrongType,
    /// A number beyond its type.
    OutOfRange,
    /// A value that must be there.
    Missing,
    /// An id that is no text or not the one its key gives.
    Id,
    /// One key twice in one input.
    DuplicateKey,
    /// A row that is there already.
    Exists,
    /// A rule of the schema.
    Rule(Rule),
}

impl std::fmt::Display for LoadFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

impl std::error::Error for LoadFailure {}

type Taken<T = ()> = Result<T, (Problem, String)>;

/// A load on its way.
struct Load<'a> {
    graph: Graph,
    catalog: &'a Catalog,
    mode: Mode,
    now_millis: i64,
    /// Ids of the lines so far, by type.
    seen: BTreeSet<(String, String)>,
}

impl Graph {
    /// Loads one object per line; blank lines are skipped. `now_millis` is the time of the request, for `@default(now())`.
    ///
    /// # Errors
    /// The first line that is malformed, names what is not declared, holds a value that does not fit its type or the rules
    /// for it, repeats a key, or (appending) an id that is there; then whatever rule the whole graph breaks.
    pub fn load(&mut self, catalog: &Catalog, lines: &str, mode: Mode, now_millis: i64) -> Result<(), LoadFailure> {
        let mut load = Load { graph: self.clone(), catalog, mode, now_millis, seen: BTreeSet::new() };
        if mode == Mode::Overwrite {
            load.empty(lines);
        }
        for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            load.line(line).map_err(|(problem, message)| LoadFailure { line: index + 1, problem, message })?;
        }
        rules::judge(catalog, self, &load.graph).map_err(|broken| LoadFailure {
            line: 0,
            problem: Problem::Rule(broken.rule),
            message: broken.message,
        })?;
        *self = load.graph;
        Ok(())
    }
}

impl Load<'_> {
    /// Empties every type that occurs in the input.
    fn empty(&mut self, lines: &str) {
        for object in lines.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok()) {
            self.graph.nodes.remove(object["type"].as_str().unwrap_or_default());
            let edge = self.catalog.edge_by_traversal_name(object["edge"].as_str().unwrap_or_default());
            self.graph.edges.remove(edge.map_or("", |edge| &edge.name));
        }
    }

    fn line(&mut self, line: &str) -> Taken {
        let object: Map<String, Json> =
            serde_json::from_str(line).map_err(|error| (Problem::NotJson, format!("invalid strict JSON: {error}")))?;
        if let Some(unknown) =
            object.keys().find(|name| !matches!(name.as_str(), "type" | "edge" | "from" | "to" | "data"))
        {
            return Err((Problem::Envelope, format!("unknown top-level graph batch field '{unknown}'")));
        }
        let data = match object.get("data") {
            None => Map::new(),
            Some(Json::Object(data)) => data.clone(),
            Some(_) => return Err((Problem::Envelope, "'data' must be an object".to_owned())),
        };
        let unknown = |kind: &str, name: &str| (Problem::UnknownType, format!("unknown {kind} type '{name}'"));
        match (object.get("type").and_then(Json::as_str), object.get("edge").and_then(Json::as_str)) {
            (Some(ty), None) => self.node(self.catalog.nodes.get(ty).ok_or_else(|| unknown("node", ty))?, &data),
            (None, Some(name)) => {
                let edge = self.catalog.edge_by_traversal_name(name).ok_or_else(|| unknown("edge", name))?;
                let end = |name: &str| {
                    let id = object.get(name).and_then(Json::as_str);
                    id.map(str::to_owned).ok_or_else(|| (Problem::Envelope, format!("requires field '{name}'")))
                };
                self.edge(edge, (end("from")?, end("to")?), &data)
            }
            _ => Err((Problem::Envelope, "exactly one of 'type' or 'edge'".to_owned())),
        }
    }

    fn node(&mut self, node: &NodeType, data: &Map<String, Json>) -> Taken {
        let properties = self.properties(&node.properties, data)?;
        rules::of_node(node, &properties).map_err(broken)?;
        let derived = node_id(node, &properties).map_err(null_key)?;
        let id = self.id(&node.name, node.key.as_deref(), derived, data)?;
        let rows = self.graph.nodes.entry(node.name.clone()).or_default();
        if rows.insert(id.clone(), properties).is_some() && self.mode == Mode::Append {
            return Err((Problem::Exists, format!("node type '{}' already has this id '{id}'", node.name)));
        }
        Ok(())
    }

    fn edge(&mut self, edge: &EdgeType, (src, dst): (String, String), data: &Map<String, Json>) -> Taken {
        let properties = self.properties(&edge.properties, data)?;
        rules::of_edge(edge, &properties).map_err(broken)?;
        let derived = edge_id(edge, (&src, &dst), &properties).map_err(null_key)?;
        let id = self.id(&edge.name, edge.key.as_deref(), derived, data)?;
        let rows = self.graph.edges.entry(edge.name.clone()).or_default();
        if rows.insert(id.clone(), EdgeRow { src, dst, properties }).is_some() && self.mode == Mode::Append {
            return Err((Problem::Exists, format!("edge type '{}' already has this id '{id}'", edge.name)));
        }
        Ok(())
    }

    /// The id that follows from the key, the one given, or one made up; no key twice in one input.
    fn id(
        &mut self,
        ty: &str,
        key: Option<&[String]>,
        derived: Option<String>,
        data: &Map<String, Json>,
    ) -> Taken<String> {
        let given = match data.get("id") {
            None => None,
            Some(Json::String(id)) => Some(id.clone()),
            Some(_) => return Err((Problem::Id, "'id' must be a string".to_owned())),
        };
        let id = match (derived, given) {
            (Some(derived), Some(given)) if derived != given => {
                let message = format!("id '{given}' does not match its canonical @key id '{derived}'");
                return Err((Problem::Id, message));
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
                Err((Problem::DuplicateKey, format!("@unique violation on {ty}.{column}: value '{id}' held twice")))
            }
            None if again && self.mode != Mode::Merge => {
                Err((Problem::DuplicateKey, format!("type '{ty}' already has this id '{id}'")))
            }
            _ => Ok(id),
        }
    }

    fn properties(&mut self, declared: &[Property], data: &Map<String, Json>) -> Taken<Properties> {
        let known: BTreeSet<&str> = declared.iter().map(|property| property.name.as_str()).collect();
        if let Some(unknown) = data.keys().find(|name| *name != "id" && !known.contains(name.as_str())) {
            return Err((Problem::UnknownField, format!("unknown input field '{unknown}'")));
        }
        let mut properties = Properties::new();
        for property in declared {
            let value = match data.get(&property.name) {
                Some(json) => decode(&property.ty, json).map_err(|problem| mistyped(property, json, &problem))?,
                None => self.graph.default_of(property, self.now_millis),
            };
            if value.is_null() && !property.ty.nullable {
                return Err((Problem::Missing, format!("missing required property '{}'", property.name)));
            }
            properties.insert(property.name.clone(), value);
        }
        Ok(properties)
    }
}

impl Graph {
    /// What a property that is left out becomes.
    pub(super) fn default_of(&mut self, property: &Property, now_millis: i64) -> Value {
        use omnigraph_compiler::catalog::DefaultValue;
        match &property.default {
            // The catalogue has judged it.
            Some(DefaultValue::Literal(json)) => decode(&property.ty, json).unwrap_or(Value::Null),
            Some(DefaultValue::Now) => Value::DateTime(now_millis),
            Some(DefaultValue::Uuid) => Value::Text(self.mint()),
            None => Value::Null,
        }
    }

    /// An id that sorts after all made up before.
    pub(super) fn mint(&mut self) -> String {
        self.minted += 1;
        ulid::Ulid::from(u128::from(self.minted)).to_string()
    }
}

/// A number that is of the right kind and does not fit is out of range.
fn mistyped(property: &Property, json: &Json, problem: &str) -> (Problem, String) {
    use omnigraph_compiler::types::Scalar;
    let integer = matches!(property.ty.scalar, Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64);
    let numeric =
        (integer && (json.is_i64() || json.is_u64())) || (property.ty.scalar == Scalar::F32 && json.is_number());
    let kind = if numeric && !property.ty.list { Problem::OutOfRange } else { Problem::WrongType };
    (kind, format!("property '{}': {problem}", property.name))
}

fn broken(broken: rules::Broken) -> (Problem, String) {
    (Problem::Rule(broken.rule), broken.message)
}

fn null_key(name: String) -> (Problem, String) {
    (Problem::Rule(Rule::Key), format!("key property '{name}' cannot be null"))
}
