//! The data of one line.

use std::borrow::Cow;
use std::fmt;

use arrow::array::{Array, ArrayRef, RecordBatch, StringBuilder};
use omnigraph_compiler::catalog::{DefaultValue, Number};
use omnigraph_objects::Ambient;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::column::Column;
use super::problem::{self, Problem};
use super::text;
use super::value::ValueSeed;
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::load::plan::{PropertyPlan, Rule, TypePlan};

/// ULIDs for rows without an id: 64 random bits for each run of 65,536, counted up within, so that a bulk load does not
/// ask the shared source of ids for every row.
#[derive(Debug, Default)]
struct MadeUpIds {
    run: u128,
    used: u128,
}

impl MadeUpIds {
    const RUN: u128 = 1 << 16;

    fn next(&mut self, ambient: &Ambient, now_millis: i64) -> ulid::Ulid {
        let at = self.used % Self::RUN;
        if at == 0 {
            self.run = u128::from(ambient.random_u64()) * Self::RUN;
        }
        self.used += 1;
        ulid::Ulid::from_parts(now_millis.max(0).unsigned_abs(), self.run | at)
    }
}

/// Rows of one type.
pub(super) struct Rows<'a> {
    plan: &'a TypePlan,
    ambient: &'a Ambient,
    now_millis: i64,
    ids: StringBuilder,
    ends: Option<(StringBuilder, StringBuilder)>,
    columns: Vec<Column>,
    /// Which properties of the row at hand were given.
    seen: Vec<bool>,
    given_id: Option<String>,
    made_up: MadeUpIds,
    /// Hashes of ids that can clash: all but generated ones. Beside each the row.
    pub(super) keys: Vec<(KeyHash, u32)>,
    pub(super) end_keys: Vec<(KeyHash, KeyHash)>,
    pub(super) lines: Vec<u32>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(plan: &'a TypePlan, ambient: &'a Ambient, now_micros: i64) -> Self {
        Self {
            plan,
            ambient,
            now_millis: now_micros.div_euclid(1000),
            ids: StringBuilder::new(),
            ends: plan.is_edge().then(|| (StringBuilder::new(), StringBuilder::new())),
            columns: plan.properties.iter().map(|property| Column::new(&property.ty)).collect(),
            seen: vec![false; plan.properties.len()],
            given_id: None,
            made_up: MadeUpIds::default(),
            keys: Vec::new(),
            end_keys: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Begins a row.
    pub(super) fn begin(&mut self) {
        self.seen.fill(false);
        self.given_id = None;
    }

    /// Completes the row at `line` (counted within the chunk): defaults, rules, identity, ends.
    pub(super) fn complete(&mut self, line: u32, ends: Option<(&str, &str)>) -> Result<(), Problem> {
        for (index, property) in self.plan.properties.iter().enumerate() {
            if !self.seen[index] {
                fill(property, &mut self.columns[index], self.ambient, self.now_millis)?;
            }
            judge(self.plan, property, &self.columns[index])?;
        }
        let row = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        match self.identity()? {
            Some(id) => {
                self.keys.push((KeyHash::of(&id), row));
                self.ids.append_value(&id);
            }
            None => {
                let id = self.made_up.next(self.ambient, self.now_millis);
                self.ids.append_value(id.array_to_str(&mut [0; ulid::ULID_LEN]));
            }
        }
        if let (Some((src, dst)), Some((from, to))) = (&mut self.ends, ends) {
            src.append_value(from);
            dst.append_value(to);
            self.end_keys.push((KeyHash::of(from), KeyHash::of(to)));
        }
        self.lines.push(line);
        Ok(())
    }

    /// The row's id; none if it has to be made up.
    fn identity(&mut self) -> Result<Option<String>, Problem> {
        let Some(key) = &self.plan.key else { return Ok(self.given_id.take()) };
        let part = |index: &usize| {
            let null = || format!("key property '{}' cannot be null", self.plan.properties[*index].name);
            self.columns[*index].last_text().ok_or_else(|| Problem::new(problem::MISSING, null()))
        };
        let parts = key.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        let id = match <[String; 1]>::try_from(parts) {
            Ok([single]) => single,
            Err(parts) => text::composite_id(&parts),
        };
        match self.given_id.take() {
            Some(given) if given != id => {
                let message = format!("id '{given}' does not match its canonical @key id '{id}'");
                Err(Problem::new(problem::ID, message))
            }
            _ => Ok(Some(id)),
        }
    }

    /// The batch of all rows.
    pub(super) fn finish(self) -> Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = vec![std::sync::Arc::new({ self.ids }.finish())];
        if let Some((mut src, mut dst)) = self.ends {
            arrays.push(std::sync::Arc::new(src.finish()));
            arrays.push(std::sync::Arc::new(dst.finish()));
        }
        arrays.extend(self.columns.into_iter().map(Column::finish));
        debug_assert!(arrays.iter().all(|array| array.len() == self.lines.len()));
        let schema = std::sync::Arc::clone(&self.plan.schema);
        RecordBatch::try_new(schema, arrays).map_err(|error| Error::internal(format!("a batch of rows: {error}")))
    }
}

/// Supplies what the row left out.
fn fill(property: &PropertyPlan, column: &mut Column, ambient: &Ambient, now_millis: i64) -> Result<(), Problem> {
    let name = &property.name;
    match &property.default {
        Some(DefaultValue::Literal(value)) => {
            let mut found = None;
            let seed = ValueSeed { column, nullable: property.ty.nullable, problem: &mut found };
            seed.deserialize(value).map_err(|error| {
                found.unwrap_or_else(|| Problem::new(problem::WRONG_TYPE, format!("@default of '{name}': {error}")))
            })
        }
        Some(DefaultValue::Now) => column.push_integer(i128::from(now_millis)),
        Some(DefaultValue::Uuid) => column.push_text(&ambient.ulid().to_string()),
        None if property.ty.nullable => {
            column.push_null();
            Ok(())
        }
        None => Err(Problem::new(problem::MISSING, format!("missing required property '{name}'"))),
    }
}

/// Judges the last value of a column by the rules of its property.
fn judge(plan: &TypePlan, property: &PropertyPlan, column: &Column) -> Result<(), Problem> {
    let place = || format!("{}.{}", plan.name, property.name);
    if let (Some(words), Some(word)) = (&property.ty.enum_values, column.last_str())
        && !words.iter().any(|known| known == word)
        && !(property.ty.nullable && word.is_empty())
    {
        let message = format!("invalid enum value '{word}' for {} (expected: {})", place(), words.join(", "));
        return Err(Problem::new(problem::RULE, message));
    }
    property.rules.iter().try_for_each(|rule| match rule {
        Rule::Range { min, max, message } => match column.last_number() {
            Some(number) if !within(number, *min, *max) => {
                let bounds = format!("{}..{}", bound(*min), bound(*max));
                Err(violation("@range", &place(), &number.to_string(), &bounds, message.as_deref()))
            }
            _ => Ok(()),
        },
        Rule::Check { regex, message } => match column.last_str() {
            Some(word) if !regex.is_match(word) => {
                Err(violation("@check", &place(), &format!("\"{word}\""), regex.as_str(), message.as_deref()))
            }
            _ => Ok(()),
        },
    })
}

fn violation(rule: &str, place: &str, value: &str, wanted: &str, words: Option<&str>) -> Problem {
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    Problem::new(problem::RULE, format!("{rule} violation on {place}: {value} does not satisfy {wanted}{words}"))
}

fn bound(number: Option<Number>) -> String {
    match number {
        None => String::new(),
        Some(Number::Integer(value)) => value.to_string(),
        Some(Number::Float(value)) => value.to_string(),
    }
}

fn within(value: f64, min: Option<Number>, max: Option<Number>) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 are compared as floats")]
    let float = |number: Number| match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    };
    !value.is_nan() && min.is_none_or(|min| value >= float(min)) && max.is_none_or(|max| value <= float(max))
}

/// Reads the `data` object of a line into `rows`.
pub(super) struct DataSeed<'a, 'p> {
    pub(super) rows: &'a mut Rows<'p>,
    pub(super) problem: &'a mut Option<Problem>,
}

impl<'de> DeserializeSeed<'de> for DataSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DataSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // Files are written by programs: properties tend to come in the same order as on the line before.
        let mut next = 0;
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            let properties = &self.rows.plan.properties;
            let found = match properties.get(next) {
                Some(property) if property.name == name => Some(next),
                _ => properties.iter().position(|property| property.name == name),
            };
            let Some(index) = found else {
                if let Err(problem) = self.rows.take_other(&name, &mut members)? {
                    *self.problem = Some(problem);
                    return Err(A::Error::custom("data"));
                }
                continue;
            };
            next = index + 1;
            if std::mem::replace(&mut self.rows.seen[index], true) {
                *self.problem = Some(duplicate(&name));
                return Err(A::Error::custom("data"));
            }
            let nullable = properties[index].ty.nullable;
            let seed = ValueSeed { column: &mut self.rows.columns[index], nullable, problem: self.problem };
            if let Err(error) = members.next_value_seed(seed) {
                if let Some(problem) = self.problem {
                    problem.message = format!("{}.{name} {}", self.rows.plan.name, problem.message);
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    /// A member of `data` that is no property: the id, or a mistake.
    fn take_other<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        members: &mut A,
    ) -> Result<Result<(), Problem>, A::Error> {
        if name == "id" {
            let id = members.next_value::<serde_json::Value>()?;
            let Some(text) = id.as_str() else {
                return Ok(Err(Problem::new(problem::ID, format!("id must be a text, got {id}"))));
            };
            if self.given_id.replace(text.to_owned()).is_some() {
                return Ok(Err(duplicate(name)));
            }
            return Ok(Ok(()));
        }
        if self.plan.is_edge() && matches!(name, "src" | "dst") {
            let message = format!("'{name}' is reserved structural state; give the ends as \"from\" and \"to\"");
            return Ok(Err(Problem::new(problem::UNKNOWN_FIELD, message)));
        }
        let names = self.plan.properties.iter().map(|property| property.name.as_str());
        let near = omnigraph_compiler::suggest::nearest(name, names);
        let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        let message = format!("unknown input field '{name}' for {}{hint}", self.plan.describe());
        Ok(Err(Problem::new(problem::UNKNOWN_FIELD, message)))
    }
}

pub(super) fn duplicate(name: &str) -> Problem {
    Problem::new(problem::DUPLICATE_MEMBER, format!("duplicate JSON member '{name}'"))
}
