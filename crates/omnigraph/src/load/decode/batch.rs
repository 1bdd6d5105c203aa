//! Rows of Parquet and Arrow to drafts, column by column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::convert::{Misfit, convert, ids};
use super::group::Draft;
use super::header::{Slot, TypedFile};
use super::piece::{Context, Refusal};
use super::problem::{self, Problem};
use super::row::with_defaults;
use crate::error::Error;
use crate::load::source::BatchPiece;
use crate::validate::{PropertyPlan, TypeIndex, default_column};

/// Some rows of a piece.
#[derive(Clone, Debug)]
pub(super) struct BatchView<'a> {
    file: &'a TypedFile,
    pub(super) first_row: u64,
    batch: RecordBatch,
}

impl<'a> BatchView<'a> {
    pub(super) fn of(piece: &'a BatchPiece) -> Self {
        Self { file: &piece.file, first_row: piece.first_row, batch: piece.batch.clone() }
    }

    /// The rows.
    pub(super) fn draft(&self, context: &Context) -> Result<(TypeIndex, Draft), Refusal> {
        let ty = self.file.ty;
        let plan = &context.plan.types[ty];
        let rows = self.batch.num_rows();
        let mut arrays = vec![match self.column(Slot::Id) {
            Some(given) => ids(given).map_err(|misfit| self.problem(Slot::Id, misfit))?,
            None => new_null_array(plan.draft.field(0).data_type(), rows),
        }];
        if plan.is_edge() {
            arrays.push(self.ends(Slot::Source, "from")?);
            arrays.push(self.ends(Slot::Target, "to")?);
        }
        for (index, property) in plan.properties.iter().enumerate() {
            arrays.push(self.property(context, index, property)?);
        }
        let batch = RecordBatch::try_new(Arc::clone(&plan.draft), arrays);
        let batch = batch.map_err(|error| Error::internal(format!("a batch of rows: {error}")))?;
        Ok((ty, Draft { batch, lines: (self.first_row..).take(rows).collect() }))
    }

    fn ends(&self, slot: Slot, name: &str) -> Result<ArrayRef, Refusal> {
        let missing = || Problem::new(problem::MISSING, format!("an edge requires field '{name}'"));
        let ends = self.column(slot).ok_or_else(missing)?;
        let ends = ids(ends).map_err(|misfit| self.problem(slot, misfit))?;
        if ends.null_count() > 0 { Err(missing().into()) } else { Ok(ends) }
    }

    fn property(&self, context: &Context, index: usize, property: &PropertyPlan) -> Result<ArrayRef, Refusal> {
        let defaults = |rows| default_column(property, rows, &context.ambient, context.now_millis);
        let slot = Slot::Property(index);
        let Some(column) = self.column(slot) else { return Ok(defaults(self.batch.num_rows())?) };
        let column = convert(column, &property.ty).map_err(|misfit| self.problem(slot, misfit))?;
        if property.ty.nullable || property.default.is_none() || column.null_count() == 0 {
            return Ok(column);
        }
        // Where there may be no null, a row with none leaves the property out.
        let omitted: Vec<u32> = (0u32..).take(column.len()).filter(|row| column.is_null(*row as usize)).collect();
        Ok(with_defaults(&column, &omitted, &defaults(omitted.len())?)?)
    }

    fn column(&self, slot: Slot) -> Option<&ArrayRef> {
        let place = self.file.slots.iter().position(|found| *found == slot)?;
        self.batch.columns().get(place)
    }

    fn problem(&self, slot: Slot, misfit: Misfit) -> Refusal {
        let place = self.file.slots.iter().position(|found| *found == slot);
        let name = place.and_then(|place| self.file.names.get(place)).map_or("", String::as_str);
        match misfit {
            Misfit::Value(code, message) => Problem::new(code, format!("column '{name}': {message}")).into(),
            Misfit::Failure(error) => Refusal::Failure(error.into()),
        }
    }

    /// Two parts, unless there is one row.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let rows = self.batch.num_rows();
        let first = rows / 2;
        let part = |offset, rows| Self {
            file: self.file,
            first_row: self.first_row + offset as u64,
            batch: self.batch.slice(offset, rows),
        };
        (first > 0).then(|| (part(0, first), part(first, rows - first)))
    }

    /// The only row as an object of texts.
    pub(super) fn row(&self) -> serde_json::Value {
        let options = FormatOptions::new();
        let cells = self.file.names.iter().zip(self.batch.columns()).map(|(name, column)| {
            let text = ArrayFormatter::try_new(column.as_ref(), &options).ok();
            let text = text.filter(|_| !column.is_empty() && column.is_valid(0));
            let text = text.and_then(|text| text.value(0).try_to_string().ok());
            (name.clone(), text.map_or(serde_json::Value::Null, serde_json::Value::from))
        });
        serde_json::Value::Object(cells.collect())
    }
}
