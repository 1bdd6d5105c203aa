//! CSV: records as draft rows, fields quoted according to RFC 4180.

use std::borrow::Cow;

use serde::de::DeserializeSeed;

use super::column_builder::ColumnBuilder;
use super::header::{ColumnTarget, char_column};
use super::row_builder::RowBuilder;
use super::strict_json::ValueSeed;
use super::typed_rows::DraftRows;
use super::{DecodeContext, INVALID_CSV, MISSING_VALUE, RowDecodeError, WRONG_TYPE};
use crate::error::RowError;
use crate::write::constraints::TypeIndex;
use crate::write::load::source::{RecordPiece, RecordSpan};

/// Some records of a piece of CSV.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordView<'a> {
    piece: &'a RecordPiece,
    records: &'a [RecordSpan],
}

impl<'a> RecordView<'a> {
    pub(super) fn new(piece: &'a RecordPiece) -> Self {
        Self { piece, records: &piece.records }
    }

    /// Returns the rows and their type.
    pub(super) fn draft(&self, context: &DecodeContext) -> Result<(TypeIndex, DraftRows), RowDecodeError> {
        let ty = self.piece.file.ty;
        let mut rows = RowBuilder::new(&context.plans.types[ty]);
        for record in self.records {
            let text = std::str::from_utf8(self.bytes(record)).map_err(|flaw| {
                let column = flaw.valid_up_to() + 1;
                RowError::new(INVALID_CSV, "invalid UTF-8").with_column(column)
            })?;
            self.add_record(&mut rows, record.line, text)?;
        }
        Ok((ty, rows.finish(context, self.piece.first_line)?))
    }

    fn add_record(&self, rows: &mut RowBuilder<'_>, line: u32, text: &str) -> Result<(), Box<RowError>> {
        let targets = &self.piece.file.targets;
        rows.begin_row();
        let (mut from, mut to, mut count) = (None, None, 0);
        for field in CsvFields::new(text, self.piece.file.delimiter) {
            let field = field.map_err(|syntax| {
                RowError::new(INVALID_CSV, syntax.message).with_column(char_column(text, syntax.offset))
            })?;
            let start = field.start;
            let locate = |error: Box<RowError>| error.with_column(char_column(text, start));
            match targets.get(count).copied() {
                Some(ColumnTarget::Property(index)) => add_property(rows, index, &field).map_err(locate)?,
                Some(ColumnTarget::Id) => rows.set_id(field_text(field).map(Cow::into_owned)),
                Some(ColumnTarget::Source) => from = field_text(field),
                Some(ColumnTarget::Target) => to = field_text(field),
                Some(ColumnTarget::Skipped) | None => {}
            }
            count += 1;
        }
        if count != targets.len() {
            let message = format!("expected {} fields as in the header, got {count}", targets.len());
            return Err(RowError::new(INVALID_CSV, message));
        }
        let endpoints = match (&from, &to) {
            (Some(from), Some(to)) => Some((from.as_ref(), to.as_ref())),
            (from, _) if rows.plan().is_edge() => {
                let field = if from.is_none() { "from" } else { "to" };
                return Err(RowError::new(MISSING_VALUE, format!("an edge requires field '{field}'")));
            }
            _ => None,
        };
        rows.finish_row(line, endpoints)
    }

    /// Splits the records; none if there is one record.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (first, second) = self.records.split_at(self.records.len() / 2);
        (!first.is_empty()).then_some((Self { records: first, ..*self }, Self { records: second, ..*self }))
    }

    /// Returns the line and text of the only record.
    pub(super) fn only_record(&self) -> (u64, String) {
        let Some(record) = self.records.first() else { return (self.piece.first_line, String::new()) };
        let text = String::from_utf8_lossy(self.bytes(record)).into_owned();
        (self.piece.first_line + u64::from(record.line), text)
    }

    fn bytes(&self, record: &RecordSpan) -> &'a [u8] {
        self.piece.text.get(record.start as usize..record.end as usize).unwrap_or_default()
    }
}

fn add_property(rows: &mut RowBuilder<'_>, index: usize, field: &CsvField<'_>) -> Result<(), Box<RowError>> {
    let property = &rows.plan().properties[index];
    if !field.quoted && field.text.is_empty() {
        // An empty field is null in a nullable property, and omits any other property.
        if property.ty.nullable {
            rows.column(index).push_null();
        }
        return Ok(());
    }
    let pushed = push_text(rows.column(index), property.ty.nullable, &field.text);
    pushed.map_err(|error| error.with_prefix(&format!("{}.{} ", rows.plan().name, property.name)))
}

/// Returns the text of a field; none if the field is empty and not quoted.
fn field_text(field: CsvField<'_>) -> Option<Cow<'_, str>> {
    (field.quoted || !field.text.is_empty()).then_some(field.text)
}

/// Appends the value of a text to a column.
pub(super) fn push_text(column: &mut ColumnBuilder, nullable: bool, text: &str) -> Result<(), Box<RowError>> {
    let other = |column: &ColumnBuilder| column.type_error(&format!("the text \"{text}\""));
    match column {
        ColumnBuilder::Text(_) | ColumnBuilder::Blob(_) => column.push_text(text),
        ColumnBuilder::Json(_) | ColumnBuilder::Vector { .. } | ColumnBuilder::List { .. } => {
            push_json(column, nullable, text)
        }
        ColumnBuilder::Bool(_) => match text {
            _ if text.eq_ignore_ascii_case("true") => column.push_bool(true),
            _ if text.eq_ignore_ascii_case("false") => column.push_bool(false),
            _ => Err(other(column)),
        },
        ColumnBuilder::I32(_) | ColumnBuilder::I64(_) | ColumnBuilder::U32(_) | ColumnBuilder::U64(_) => {
            match text.parse() {
                Ok(value) => column.push_integer(value),
                Err(_) => Err(other(column)),
            }
        }
        ColumnBuilder::F32(_) | ColumnBuilder::F64(_) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => column.push_float(value),
            _ => Err(other(column)),
        },
        ColumnBuilder::Date(_) | ColumnBuilder::DateTime(_) => match (column.push_text(text), text.parse()) {
            (Err(_), Ok(value)) => column.push_integer(value),
            (outcome, _) => outcome,
        },
    }
}

fn push_json(column: &mut ColumnBuilder, nullable: bool, text: &str) -> Result<(), Box<RowError>> {
    let expected = column.expected_type();
    let mut found = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = ValueSeed { column, nullable, error: &mut found }.deserialize(&mut json).and_then(|()| json.end());
    outcome.map_err(|error| {
        let invalid = || RowError::new(WRONG_TYPE, format!("expects {expected} as JSON, got \"{text}\": {error}"));
        found.unwrap_or_else(invalid)
    })
}

/// A field of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CsvField<'a> {
    pub(super) text: Cow<'a, str>,
    /// True if the field is quoted. An empty field without quotes has no value.
    pub(super) quoted: bool,
    /// The offset in the record.
    pub(super) start: usize,
}

/// A syntax error in a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CsvSyntaxError {
    pub(super) message: &'static str,
    pub(super) offset: usize,
}

/// An iterator over the fields of a record.
pub(super) struct CsvFields<'a> {
    record: &'a str,
    delimiter: char,
    /// The offset of the next field; none after the last.
    next: Option<usize>,
}

impl<'a> CsvFields<'a> {
    pub(super) fn new(record: &'a str, delimiter: u8) -> Self {
        Self { record, delimiter: char::from(delimiter), next: Some(0) }
    }

    fn quoted(&mut self, start: usize) -> Result<CsvField<'a>, CsvSyntaxError> {
        let mut text = Cow::Borrowed("");
        let mut at = start + 1;
        loop {
            let rest = self.record.get(at..).unwrap_or_default();
            let Some(close) = rest.find('"') else {
                return Err(CsvSyntaxError { message: "missing closing quote", offset: start });
            };
            let part = rest.get(..close).unwrap_or_default();
            if text.is_empty() {
                text = Cow::Borrowed(part)
            } else {
                text.to_mut().push_str(part)
            }
            at += close + 1;
            let rest = self.record.get(at..).unwrap_or_default();
            if rest.starts_with('"') {
                text.to_mut().push('"');
                at += 1;
            } else if rest.is_empty() {
                self.next = None;
                return Ok(CsvField { text, quoted: true, start });
            } else if rest.starts_with(self.delimiter) {
                self.next = Some(at + 1);
                return Ok(CsvField { text, quoted: true, start });
            } else {
                return Err(CsvSyntaxError {
                    message: "text after a closing quote; double a quote inside of quotes",
                    offset: at,
                });
            }
        }
    }
}

impl<'a> Iterator for CsvFields<'a> {
    type Item = Result<CsvField<'a>, CsvSyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next?;
        let rest = self.record.get(start..).unwrap_or_default();
        if rest.starts_with('"') {
            let field = self.quoted(start);
            if field.is_err() {
                self.next = None;
            }
            return Some(field);
        }
        let text = rest.split(self.delimiter).next().unwrap_or_default();
        self.next = (text.len() < rest.len()).then_some(start + text.len() + 1);
        if let Some(quote) = text.find('"') {
            self.next = None;
            let message = "a quote within a field without quotes; quote the field and double this quote";
            return Some(Err(CsvSyntaxError { message, offset: start + quote }));
        }
        Some(Ok(CsvField { text: Cow::Borrowed(text), quoted: false, start }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str) -> Vec<Result<(String, bool), usize>> {
        let fields = CsvFields::new(record, b',');
        fields
            .map(|field| field.map(|field| (field.text.into_owned(), field.quoted)).map_err(|syntax| syntax.offset))
            .collect()
    }

    #[test]
    fn fields_are_split_as_rfc_4180_has_it() {
        let plain = |text: &str| Ok((text.to_owned(), false));
        let quoted = |text: &str| Ok((text.to_owned(), true));
        for (record, wanted) in [
            ("", vec![plain("")]),
            ("a,b", vec![plain("a"), plain("b")]),
            (",", vec![plain(""), plain("")]),
            ("\"\",", vec![quoted(""), plain("")]),
            ("\"a,b\",c", vec![quoted("a,b"), plain("c")]),
            ("\"say \"\"hi\"\"\"", vec![quoted("say \"hi\"")]),
            ("\"\"\"\"", vec![quoted("\"")]),
            ("\"two\nlines\"", vec![quoted("two\nlines")]),
            (" a , b", vec![plain(" a "), plain(" b")]),
            ("ü,\"ü\"\"\"", vec![plain("ü"), quoted("ü\"")]),
            ("a,5\" nail,b", vec![plain("a"), Err(3)]),
            ("a,\"b\"c", vec![plain("a"), Err(5)]),
            ("a,\"b", vec![plain("a"), Err(2)]),
        ] {
            assert_eq!(split(record), wanted, "{record:?}");
        }
    }
}
