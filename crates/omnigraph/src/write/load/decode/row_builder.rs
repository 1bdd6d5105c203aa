//! Row builders: rows of one type, value by value, with defaults for omitted properties.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringBuilder};
use arrow::compute::interleave;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::column_builder::ColumnBuilder;
use super::strict_json::{JsonText, ValueSeed};
use super::typed_rows::DraftRows;
use super::{DUPLICATE_MEMBER, DecodeContext, INVALID_ID, MISSING_VALUE, UNKNOWN_FIELD};
use crate::error::{Error, Result, RowError};
use crate::write::constraints::{RowPlan, default_column};

/// A builder of rows of one type.
pub(super) struct RowBuilder<'a> {
    plan: &'a RowPlan,
    /// Given ids.
    ids: StringBuilder,
    endpoints: Option<(StringBuilder, StringBuilder)>,
    columns: Vec<ColumnBuilder>,
    /// For each property with a default, the rows that omit it. They are null until the end.
    omitted: Vec<Vec<u32>>,
    /// The properties that the current row has.
    seen: Vec<bool>,
    given_id: Option<String>,
    /// The line of each row in the piece.
    lines: Vec<u32>,
}

impl<'a> RowBuilder<'a> {
    pub(super) fn new(plan: &'a RowPlan) -> Self {
        Self {
            plan,
            ids: StringBuilder::new(),
            endpoints: plan.is_edge().then(|| (StringBuilder::new(), StringBuilder::new())),
            columns: plan.properties.iter().map(|property| ColumnBuilder::new(&property.ty)).collect(),
            omitted: vec![Vec::new(); plan.properties.len()],
            seen: vec![false; plan.properties.len()],
            given_id: None,
            lines: Vec::new(),
        }
    }

    /// Returns the plan of the rows.
    pub(super) fn plan(&self) -> &'a RowPlan {
        self.plan
    }

    /// Returns the column of a property of the current row.
    pub(super) fn column(&mut self, property: usize) -> &mut ColumnBuilder {
        self.seen[property] = true;
        &mut self.columns[property]
    }

    /// Sets the id of the current row.
    pub(super) fn set_id(&mut self, id: Option<String>) {
        self.given_id = id;
    }

    /// Begins a row.
    pub(super) fn begin_row(&mut self) {
        self.seen.fill(false);
        self.given_id = None;
    }

    /// Completes the row at `line` of the piece.
    pub(super) fn finish_row(&mut self, line: u32, endpoints: Option<(&str, &str)>) -> Result<(), Box<RowError>> {
        let row = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        for (index, property) in self.plan.properties.iter().enumerate().filter(|(index, _)| !self.seen[*index]) {
            if property.default.is_some() {
                self.omitted[index].push(row);
            } else if !property.ty.nullable {
                let message = format!("missing required property '{}'", property.name);
                return Err(RowError::new(MISSING_VALUE, message));
            }
            self.columns[index].push_null();
        }
        self.ids.append_option(self.given_id.take());
        if let (Some((src, dst)), Some((from, to))) = (&mut self.endpoints, endpoints) {
            src.append_value(from);
            dst.append_value(to);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Returns the rows with defaults, not checked.
    pub(super) fn finish(self, context: &DecodeContext, first_line: u64) -> Result<DraftRows> {
        let mut arrays: Vec<ArrayRef> = vec![Arc::new({ self.ids }.finish())];
        if let Some((mut src, mut dst)) = self.endpoints {
            arrays.push(Arc::new(src.finish()));
            arrays.push(Arc::new(dst.finish()));
        }
        for ((property, column), omitted) in self.plan.properties.iter().zip(self.columns).zip(&self.omitted) {
            let column = column.finish();
            arrays.push(if omitted.is_empty() {
                column
            } else {
                fill_defaults(
                    &column,
                    omitted,
                    &default_column(property, omitted.len(), &context.env, context.now_millis)?,
                )?
            });
        }
        debug_assert!(arrays.iter().all(|array| array.len() == self.lines.len()));
        let batch = RecordBatch::try_new(Arc::clone(&self.plan.draft), arrays);
        let batch = batch.map_err(|error| Error::internal(format!("cannot build a batch of rows: {error}")))?;
        let lines = self.lines.iter().map(|line| first_line + u64::from(*line)).collect();
        Ok(DraftRows { batch, lines })
    }
}

/// Returns a column with `defaults` for the rows that omit the property.
pub(super) fn fill_defaults(column: &ArrayRef, omitted: &[u32], defaults: &ArrayRef) -> Result<ArrayRef> {
    let mut indexes: Vec<(usize, usize)> = (0..column.len()).map(|row| (0, row)).collect();
    for (index, row) in omitted.iter().enumerate() {
        if let Some(source) = indexes.get_mut(*row as usize) {
            *source = (1, index);
        }
    }
    Ok(interleave(&[column, defaults], &indexes)?)
}

/// A deserializer of the `data` object of a line into `rows`.
pub(super) struct DataSeed<'a, 'p> {
    pub(super) rows: &'a mut RowBuilder<'p>,
    pub(super) error: &'a mut Option<Box<RowError>>,
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
        // Programs usually write properties in the same order on each line.
        let mut next = 0;
        while let Some(JsonText(name)) = members.next_key::<JsonText<'de>>()? {
            let properties = &self.rows.plan.properties;
            let found = match properties.get(next) {
                Some(property) if property.name == name => Some(next),
                _ => properties.iter().position(|property| property.name == name),
            };
            let Some(index) = found else {
                if let Err(error) = self.rows.add_other_member(&name, &mut members)? {
                    *self.error = Some(error);
                    return Err(A::Error::custom("data"));
                }
                continue;
            };
            next = index + 1;
            if std::mem::replace(&mut self.rows.seen[index], true) {
                *self.error = Some(duplicate_member(&name));
                return Err(A::Error::custom("data"));
            }
            let nullable = properties[index].ty.nullable;
            let seed = ValueSeed { column: &mut self.rows.columns[index], nullable, error: self.error };
            if let Err(error) = members.next_value_seed(seed) {
                if let Some(error) = self.error {
                    error.message.insert_str(0, &format!("{}.{name} ", self.rows.plan.name));
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

impl RowBuilder<'_> {
    /// Adds a member of `data` that is not a property: the id. Any other member is an error.
    fn add_other_member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        members: &mut A,
    ) -> Result<Result<(), Box<RowError>>, A::Error> {
        if name == "id" {
            let id = members.next_value::<serde_json::Value>()?;
            let Some(text) = id.as_str() else {
                return Ok(Err(RowError::new(INVALID_ID, format!("id must be a text, got {id}"))));
            };
            if self.given_id.replace(text.to_owned()).is_some() {
                return Ok(Err(duplicate_member(name)));
            }
            return Ok(Ok(()));
        }
        if self.plan.is_edge() && matches!(name, "src" | "dst") {
            let message = format!("'{name}' is reserved structural state; name the endpoints \"from\" and \"to\"");
            return Ok(Err(RowError::new(UNKNOWN_FIELD, message)));
        }
        if is_reserved_name(name) {
            let message = format!("'{name}' is reserved physical state, not a property");
            return Ok(Err(RowError::new(UNKNOWN_FIELD, message)));
        }
        let names = self.plan.properties.iter().map(|property| property.name.as_str());
        let near = omnigraph_compiler::suggest::nearest(name, names);
        let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        let message = format!("unknown input field '{name}' for {}{hint}", self.plan.label());
        Ok(Err(RowError::new(UNKNOWN_FIELD, message)))
    }
}

/// Returns true for names that the storage format reserves.
pub(super) fn is_reserved_name(name: &str) -> bool {
    name.starts_with("_row")
}

/// Returns the error for a member that occurs twice.
pub(super) fn duplicate_member(name: &str) -> Box<RowError> {
    RowError::new(DUPLICATE_MEMBER, format!("duplicate JSON member '{name}'"))
}
