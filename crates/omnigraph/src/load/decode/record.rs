//! Records of CSV to drafts.

use std::borrow::Cow;

use super::cell;
use super::fields::{Field, Fields};
use super::group::Draft;
use super::header::{Slot, characters};
use super::piece::{Context, Refusal};
use super::problem::{self, Problem};
use super::row::Rows;
use crate::load::source::{Record, RecordPiece};
use crate::validate::TypeIndex;

/// Some records of a piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordView<'a> {
    piece: &'a RecordPiece,
    records: &'a [Record],
}

impl<'a> RecordView<'a> {
    pub(super) fn of(piece: &'a RecordPiece) -> Self {
        Self { piece, records: &piece.records }
    }

    /// The rows.
    pub(super) fn draft(&self, context: &Context) -> Result<(TypeIndex, Draft), Refusal> {
        let ty = self.piece.file.ty;
        let mut rows = Rows::new(&context.plan.types[ty]);
        for record in self.records {
            let text = std::str::from_utf8(self.bytes(record)).map_err(|flaw| {
                let column = flaw.valid_up_to() + 1;
                Refusal::Flaw(Problem::new(problem::NOT_CSV, "not valid UTF-8"), column)
            })?;
            self.take(&mut rows, record.line, text)?;
        }
        Ok((ty, rows.finish(&context.ambient, context.now_millis, self.piece.first_line)?))
    }

    fn take(&self, rows: &mut Rows<'_>, line: u32, text: &str) -> Result<(), Refusal> {
        let slots = &self.piece.file.slots;
        rows.begin();
        let (mut from, mut to, mut count) = (None, None, 0);
        for field in Fields::of(text, self.piece.file.delimiter) {
            let field = field.map_err(|flaw| {
                Refusal::Flaw(Problem::new(problem::NOT_CSV, flaw.message), characters(text, flaw.at))
            })?;
            let start = field.start;
            let at = |problem| Refusal::Flaw(problem, characters(text, start));
            match slots.get(count).copied() {
                Some(Slot::Property(index)) => take_property(rows, index, &field).map_err(at)?,
                Some(Slot::Id) => rows.give_id(given(field).map(Cow::into_owned)),
                Some(Slot::Source) => from = given(field),
                Some(Slot::Target) => to = given(field),
                Some(Slot::Passed) | None => {}
            }
            count += 1;
        }
        if count != slots.len() {
            let message = format!("expected {} fields as in the header, got {count}", slots.len());
            return Err(Problem::new(problem::NOT_CSV, message).into());
        }
        let ends = match (&from, &to) {
            (Some(from), Some(to)) => Some((from.as_ref(), to.as_ref())),
            (from, _) if rows.plan().is_edge() => {
                let field = if from.is_none() { "from" } else { "to" };
                return Err(Problem::new(problem::MISSING, format!("an edge requires field '{field}'")).into());
            }
            _ => None,
        };
        Ok(rows.complete(line, ends)?)
    }

    /// Two parts, unless there is one record.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (first, second) = self.records.split_at(self.records.len() / 2);
        (!first.is_empty()).then_some((Self { records: first, ..*self }, Self { records: second, ..*self }))
    }

    /// The line and text of the only record.
    pub(super) fn only(&self) -> (u64, String) {
        let Some(record) = self.records.first() else { return (self.piece.first_line, String::new()) };
        let text = String::from_utf8_lossy(self.bytes(record)).into_owned();
        (self.piece.first_line + u64::from(record.line), text)
    }

    fn bytes(&self, record: &Record) -> &'a [u8] {
        self.piece.text.get(record.start as usize..record.end as usize).unwrap_or_default()
    }
}

fn take_property(rows: &mut Rows<'_>, index: usize, field: &Field<'_>) -> Result<(), Problem> {
    let property = &rows.plan().properties[index];
    if !field.quoted && field.text.is_empty() {
        // Where there may be null, that is meant; elsewhere the row leaves the property out.
        if property.ty.nullable {
            rows.column(index).push_null();
        }
        return Ok(());
    }
    let outcome = cell::push(rows.column(index), property.ty.nullable, &field.text);
    outcome.map_err(|problem| {
        let place = format!("{}.{}", rows.plan().name, property.name);
        Problem { message: format!("{place} {}", problem.message), ..problem }
    })
}

/// What stands in a field; none if nothing does.
fn given(field: Field<'_>) -> Option<Cow<'_, str>> {
    (field.quoted || !field.text.is_empty()).then_some(field.text)
}
