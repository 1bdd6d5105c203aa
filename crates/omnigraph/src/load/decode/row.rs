//! The data of one line.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringBuilder};
use arrow::compute::interleave;
use omnigraph_objects::Ambient;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::column::Column;
use super::group::Draft;
use super::problem::{self, Problem};
use super::value::ValueSeed;
use crate::error::{Error, Result};
use crate::validate::{TypePlan, default_column};

/// Rows of one type.
pub(super) struct Rows<'a> {
    plan: &'a TypePlan,
    /// The ids that were given.
    ids: StringBuilder,
    ends: Option<(StringBuilder, StringBuilder)>,
    columns: Vec<Column>,
    /// By property: the rows that leave it out although there is a default. They are null until the end.
    omitted: Vec<Vec<u32>>,
    /// Which properties of the row at hand were given.
    seen: Vec<bool>,
    given_id: Option<String>,
    /// Counted within the chunk.
    lines: Vec<u32>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(plan: &'a TypePlan) -> Self {
        Self {
            plan,
            ids: StringBuilder::new(),
            ends: plan.is_edge().then(|| (StringBuilder::new(), StringBuilder::new())),
            columns: plan.properties.iter().map(|property| Column::new(&property.ty)).collect(),
            omitted: vec![Vec::new(); plan.properties.len()],
            seen: vec![false; plan.properties.len()],
            given_id: None,
            lines: Vec::new(),
        }
    }

    /// What the rows are to be.
    pub(super) fn plan(&self) -> &'a TypePlan {
        self.plan
    }

    /// The column of a property that the row at hand does not leave out.
    pub(super) fn column(&mut self, property: usize) -> &mut Column {
        self.seen[property] = true;
        &mut self.columns[property]
    }

    /// The id of the row at hand.
    pub(super) fn give_id(&mut self, id: Option<String>) {
        self.given_id = id;
    }

    /// Begins a row.
    pub(super) fn begin(&mut self) {
        self.seen.fill(false);
        self.given_id = None;
    }

    /// Completes the row at `line` (counted within the chunk).
    pub(super) fn complete(&mut self, line: u32, ends: Option<(&str, &str)>) -> Result<(), Problem> {
        let row = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        for (index, property) in self.plan.properties.iter().enumerate().filter(|(index, _)| !self.seen[*index]) {
            if property.default.is_some() {
                self.omitted[index].push(row);
            } else if !property.ty.nullable {
                let message = format!("missing required property '{}'", property.name);
                return Err(Problem::new(problem::MISSING, message));
            }
            self.columns[index].push_null();
        }
        self.ids.append_option(self.given_id.take());
        if let (Some((src, dst)), Some((from, to))) = (&mut self.ends, ends) {
            src.append_value(from);
            dst.append_value(to);
        }
        self.lines.push(line);
        Ok(())
    }

    /// The rows with their defaults, still to be judged.
    pub(super) fn finish(self, ambient: &Ambient, now_millis: i64, first_line: u64) -> Result<Draft> {
        let mut arrays: Vec<ArrayRef> = vec![Arc::new({ self.ids }.finish())];
        if let Some((mut src, mut dst)) = self.ends {
            arrays.push(Arc::new(src.finish()));
            arrays.push(Arc::new(dst.finish()));
        }
        for ((property, column), omitted) in self.plan.properties.iter().zip(self.columns).zip(&self.omitted) {
            let column = column.finish();
            arrays.push(if omitted.is_empty() {
                column
            } else {
                with_defaults(&column, omitted, &default_column(property, omitted.len(), ambient, now_millis)?)?
            });
        }
        debug_assert!(arrays.iter().all(|array| array.len() == self.lines.len()));
        let batch = RecordBatch::try_new(Arc::clone(&self.plan.draft), arrays);
        let batch = batch.map_err(|error| Error::internal(format!("a batch of rows: {error}")))?;
        let lines = self.lines.iter().map(|line| first_line + u64::from(*line)).collect();
        Ok(Draft { batch, lines })
    }
}

/// A column with `defaults` in the place of the rows that left it out.
pub(super) fn with_defaults(column: &ArrayRef, omitted: &[u32], defaults: &ArrayRef) -> Result<ArrayRef> {
    let mut places: Vec<(usize, usize)> = (0..column.len()).map(|row| (0, row)).collect();
    for (index, row) in omitted.iter().enumerate() {
        if let Some(place) = places.get_mut(*row as usize) {
            *place = (1, index);
        }
    }
    Ok(interleave(&[column, defaults], &places)?)
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
        if is_storage_name(name) {
            let message = format!("'{name}' is reserved physical state; no property is called that");
            return Ok(Err(Problem::new(problem::UNKNOWN_FIELD, message)));
        }
        let names = self.plan.properties.iter().map(|property| property.name.as_str());
        let near = omnigraph_compiler::suggest::nearest(name, names);
        let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        let message = format!("unknown input field '{name}' for {}{hint}", self.plan.describe());
        Ok(Err(Problem::new(problem::UNKNOWN_FIELD, message)))
    }
}

/// Whether tables call what they know of their own rows like this.
pub(super) fn is_storage_name(name: &str) -> bool {
    name.starts_with("_row")
}

pub(super) fn duplicate(name: &str) -> Problem {
    Problem::new(problem::DUPLICATE_MEMBER, format!("duplicate JSON member '{name}'"))
}
