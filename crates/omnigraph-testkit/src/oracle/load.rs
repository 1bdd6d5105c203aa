//! Lines of the load format to a graph.
//!
//! Values are decoded as their types say and names must be declared; rules about values (ranges, uniqueness, cardinality)
//! are not judged here, since a read never depends on them. Ids that nobody gives are made up in the order of the lines.

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::{Catalog, DefaultValue, EdgeType, Property};
use omnigraph_compiler::temporal::{parse_date, parse_datetime};
use omnigraph_compiler::types::{PropType, Scalar};
use serde_json::{Map, Value as Json};

use super::graph::{EdgeRow, Graph, Properties};
use super::identity::{canonical, key_id};
use super::value::{Entity, Value};

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

/// A line that cannot be taken; the graph is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadFailure {
    /// From 1; 0 when no single line is to blame.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for LoadFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for LoadFailure {}

impl Graph {
    /// Loads one object per line; blank lines are skipped. `now_millis` is the time of the request, for `@default(now())`.
    ///
    /// # Errors
    /// The first line that is malformed, names what is not declared, holds a value that does not fit its type, repeats an
    /// id (appending), or is an edge without its ends.
    pub fn load(&mut self, catalog: &Catalog, lines: &str, mode: Mode, now_millis: i64) -> Result<(), LoadFailure> {
        let mut next = self.clone();
        if mode == Mode::Overwrite {
            for object in lines.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok()) {
                next.nodes.remove(object["type"].as_str().unwrap_or_default());
                let edge = catalog.edge_by_traversal_name(object["edge"].as_str().unwrap_or_default());
                next.edges.remove(edge.map_or("", |edge| &edge.name));
            }
        }
        for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            next.take_line(catalog, line, mode, now_millis)
                .map_err(|message| LoadFailure { line: index + 1, message })?;
        }
        next.require_ends(catalog).map_err(|message| LoadFailure { line: 0, message })?;
        *self = next;
        Ok(())
    }

    fn take_line(&mut self, catalog: &Catalog, line: &str, mode: Mode, now_millis: i64) -> Result<(), String> {
        let object: Map<String, Json> =
            serde_json::from_str(line).map_err(|error| format!("invalid strict JSON: {error}"))?;
        if let Some(unknown) =
            object.keys().find(|name| !matches!(name.as_str(), "type" | "edge" | "from" | "to" | "data"))
        {
            return Err(format!("unknown top-level field '{unknown}'"));
        }
        let data = match object.get("data") {
            None => Map::new(),
            Some(Json::Object(data)) => data.clone(),
            Some(_) => return Err("'data' must be an object".to_owned()),
        };
        match (object.get("type").and_then(Json::as_str), object.get("edge").and_then(Json::as_str)) {
            (Some(ty), None) => self.take_node(catalog, ty, &data, mode, now_millis),
            (None, Some(edge)) => {
                let edge = catalog.edge_by_traversal_name(edge).ok_or_else(|| format!("unknown edge type '{edge}'"))?;
                let end = |name: &str| {
                    let id = object.get(name).and_then(Json::as_str);
                    id.map(str::to_owned).ok_or_else(|| format!("requires field '{name}'"))
                };
                self.take_edge(edge, (end("from")?, end("to")?), &data, mode, now_millis)
            }
            _ => Err("exactly one of 'type' or 'edge'".to_owned()),
        }
    }

    fn take_node(
        &mut self,
        catalog: &Catalog,
        ty: &str,
        data: &Map<String, Json>,
        mode: Mode,
        now_millis: i64,
    ) -> Result<(), String> {
        let node = catalog.nodes.get(ty).ok_or_else(|| format!("unknown node type '{ty}'"))?;
        let properties = self.properties(&node.properties, data, now_millis)?;
        let component = |name: &String| {
            let text = properties.get(name).and_then(canonical);
            text.ok_or_else(|| format!("key property '{name}' cannot be null"))
        };
        let derived = match &node.key {
            Some(key) => Some(key_id(&key.iter().map(component).collect::<Result<Vec<_>, _>>()?)),
            None => None,
        };
        let id = self.id(data, derived)?;
        let rows = self.nodes.entry(ty.to_owned()).or_default();
        if mode == Mode::Append && rows.contains_key(&id) {
            return Err(format!("{ty} '{id}' exists"));
        }
        rows.insert(id, properties);
        Ok(())
    }

    fn take_edge(
        &mut self,
        edge: &EdgeType,
        (src, dst): (String, String),
        data: &Map<String, Json>,
        mode: Mode,
        now_millis: i64,
    ) -> Result<(), String> {
        let properties = self.properties(&edge.properties, data, now_millis)?;
        let component = |name: &String| match name.as_str() {
            "@src" => Ok(src.clone()),
            "@dst" => Ok(dst.clone()),
            name => {
                let text = properties.get(name).and_then(canonical);
                text.ok_or_else(|| format!("key property '{name}' cannot be null"))
            }
        };
        let derived = match &edge.key {
            Some(key) => Some(key_id(&key.iter().map(component).collect::<Result<Vec<_>, _>>()?)),
            None => None,
        };
        let id = self.id(data, derived)?;
        let rows = self.edges.entry(edge.name.clone()).or_default();
        if mode == Mode::Append && rows.contains_key(&id) {
            return Err(format!("{} '{id}' exists", edge.name));
        }
        rows.insert(id, EdgeRow { src, dst, properties });
        Ok(())
    }

    /// The id that follows from the key, the one given, or one made up.
    fn id(&mut self, data: &Map<String, Json>, derived: Option<String>) -> Result<String, String> {
        let given = match data.get("id") {
            None => None,
            Some(Json::String(id)) => Some(id.clone()),
            Some(_) => return Err("'id' must be a string".to_owned()),
        };
        match (derived, given) {
            (Some(derived), Some(given)) if derived != given => {
                Err(format!("id '{given}' does not match its canonical @key id '{derived}'"))
            }
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Ok(self.mint()),
        }
    }

    /// An id that sorts after all made up before.
    fn mint(&mut self) -> String {
        self.minted += 1;
        ulid::Ulid::from(u128::from(self.minted)).to_string()
    }

    fn properties(
        &mut self,
        declared: &[Property],
        data: &Map<String, Json>,
        now_millis: i64,
    ) -> Result<Properties, String> {
        let known: BTreeSet<&str> = declared.iter().map(|property| property.name.as_str()).collect();
        if let Some(unknown) = data.keys().find(|name| *name != "id" && !known.contains(name.as_str())) {
            return Err(format!("unknown input field '{unknown}'"));
        }
        let mut properties = Properties::new();
        for Property { name, ty, default, .. } in declared {
            let value = match (data.get(name), default) {
                (Some(json), _) => decode(ty, json).map_err(|problem| format!("property '{name}': {problem}"))?,
                (None, Some(DefaultValue::Literal(json))) => decode(ty, json)?,
                (None, Some(DefaultValue::Now)) => Value::DateTime(now_millis),
                (None, Some(DefaultValue::Uuid)) => Value::Text(self.mint()),
                (None, None) => Value::Null,
            };
            if value.is_null() && !ty.nullable {
                return Err(format!("missing required property '{name}'"));
            }
            properties.insert(name.clone(), value);
        }
        Ok(properties)
    }

    fn require_ends(&self, catalog: &Catalog) -> Result<(), String> {
        for (name, rows) in &self.edges {
            let Some(edge) = catalog.edges.get(name) else { continue };
            for row in rows.values() {
                for (end, ty, id) in [("src", &edge.from, &row.src), ("dst", &edge.to, &row.dst)] {
                    if self.node(&Entity { id: id.clone(), ty: ty.clone() }).is_none() {
                        return Err(format!("{end} '{id}' not found in {ty}"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn decode(ty: &PropType, json: &Json) -> Result<Value, String> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Array(items) if ty.list => {
            let item = |item: &Json| match item {
                Json::Null => Err("contains a null or invalid item".to_owned()),
                item => scalar(ty.scalar, item),
            };
            items.iter().map(item).collect::<Result<_, _>>().map(Value::List)
        }
        other if ty.list => Err(format!("expects an array, got {other}")),
        other => scalar(ty.scalar, other),
    }
    .and_then(|value| match (&value, &ty.enum_values) {
        (Value::Text(word), Some(words)) if !words.contains(word) => Err(format!("invalid enum value '{word}'")),
        _ => Ok(value),
    })
}

fn scalar(scalar: Scalar, json: &Json) -> Result<Value, String> {
    let fitting = match scalar {
        Scalar::String => json.as_str().map(|text| Value::Text(text.to_owned())),
        Scalar::Bool => json.as_bool().map(Value::Bool),
        Scalar::I32 => {
            json.as_i64().and_then(|value| i32::try_from(value).ok()).map(|value| Value::Integer(value.into()))
        }
        Scalar::U32 => {
            json.as_u64().and_then(|value| u32::try_from(value).ok()).map(|value| Value::Integer(value.into()))
        }
        Scalar::I64 => json.as_i64().map(|value| Value::Integer(value.into())),
        Scalar::U64 => json.as_u64().map(|value| Value::Integer(value.into())),
        Scalar::F32 => single(json).map(Value::F32),
        Scalar::F64 => json.as_f64().map(Value::F64),
        Scalar::Date => match json.as_str() {
            Some(text) => parse_date(text).map(Value::Date),
            None => json.as_i64().and_then(|days| i32::try_from(days).ok()).map(Value::Date),
        },
        Scalar::DateTime => json.as_str().map_or_else(|| json.as_i64(), parse_datetime).map(Value::DateTime),
        Scalar::Blob => json.as_str().map(|text| Value::Blob(text.to_owned())),
        Scalar::Json => Some(Value::Json(json.clone())),
        Scalar::Vector(dimension) => {
            let numbers = json.as_array().filter(|items| items.len() == dimension as usize);
            numbers.and_then(|items| items.iter().map(single).collect::<Option<_>>()).map(Value::Vector)
        }
    };
    fitting.ok_or_else(|| format!("expects {scalar}, got {json}"))
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn single(json: &Json) -> Option<f32> {
    json.as_f64().map(|value| value as f32).filter(|value| value.is_finite())
}
