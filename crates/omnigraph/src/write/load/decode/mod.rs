//! Decoding: rows of any format become one record batch per type, checked and with ids.
//!
//! ```text
//! NDJSON ──► row builders ─┐
//! CSV ─────► row builder  ─┼─► draft rows ─► constraints, ids ─► row groups
//! Parquet, Arrow ──────────┘        │
//!                                   └─► error ─► bisect the piece ─► errors of single rows
//! ```
//!
//! A piece is decoded as a whole. If it has an error, its halves are decoded separately, and so on: valid rows cost one more
//! pass, and an invalid row is found among thousands in a dozen steps. Decoders and constraints therefore report only the
//! first error and never resume after it.
//!
//! - `ndjson`         lines of NDJSON
//! - `strict_json`    JSON values into a column, without duplicate members
//! - `csv`            CSV records and their fields
//! - `columnar`       Parquet and Arrow columns
//! - `header`         the type of a file and the meaning of its columns
//! - `row_builder`    rows of one type, value by value
//! - `column_builder` values of one property
//! - `typed_rows`      decoded rows of one type, checked and with ids

mod column_builder;
mod columnar;
mod csv;
mod header;
mod ndjson;
mod row_builder;
mod strict_json;
mod typed_rows;

pub(super) use header::{InputHeader, TypedFile, typed_file};
pub(super) use typed_rows::TypedRows;

use std::sync::Arc;

use arrow::error::ArrowError;
use omnigraph_storage::Env;

use super::row_origin::InputFile;
use super::source::{InputPiece, PieceBody};
use crate::error::{Error, Result, RowError};
use crate::write::constraints::{RowPlans, TypeIndex};
use columnar::BatchView;
use csv::RecordView;
use ndjson::LineView;
use typed_rows::DraftRows;

/// The code of a text that is not JSON.
const NOT_JSON: &str = "OG-LOAD-001";
/// The code of a line that is not an object, or an object that is not a row.
const INVALID_ROW: &str = "OG-LOAD-002";
/// The code of a member or column that occurs twice.
const DUPLICATE_MEMBER: &str = "OG-LOAD-003";
/// The code of a type that the schema does not declare.
const UNKNOWN_TYPE: &str = "OG-LOAD-004";
/// The code of a field that the type does not declare.
const UNKNOWN_FIELD: &str = "OG-LOAD-005";
/// The code of a value of another type.
const WRONG_TYPE: &str = "OG-LOAD-006";
/// The code of a value outside of the range of its type.
const OUT_OF_RANGE: &str = "OG-LOAD-007";
/// The code of a required value that is missing or null.
const MISSING_VALUE: &str = "OG-LOAD-008";
/// The code of an invalid id, or of one that differs from the canonical id of the key.
const INVALID_ID: &str = "OG-LOAD-010";
/// The code of invalid CSV, or of a record with other fields than the header.
const INVALID_CSV: &str = "OG-LOAD-013";

/// The context of decoding.
#[derive(Clone, Debug)]
pub(super) struct DecodeContext {
    pub(super) plans: Arc<RowPlans>,
    pub(super) env: Env,
    /// The time of the request.
    pub(super) now_millis: i64,
    /// Errors of one piece after which its other rows are not decoded.
    pub(super) max_errors: u64,
}

/// The decoded rows of a piece.
#[derive(Debug)]
pub(super) struct DecodedPiece {
    pub(super) file: Arc<InputFile>,
    pub(super) groups: Vec<TypedRows>,
    pub(super) errors: Vec<RowError>,
}

/// A failure to decode rows.
#[derive(Debug)]
enum RowDecodeError {
    /// An invalid row.
    Row(Box<RowError>),
    /// A failure that the rows do not cause.
    Engine(Error),
}

impl From<Error> for RowDecodeError {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<ArrowError> for RowDecodeError {
    fn from(error: ArrowError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<Box<RowError>> for RowDecodeError {
    fn from(error: Box<RowError>) -> Self {
        Self::Row(error)
    }
}

/// Some rows of a piece.
#[derive(Clone, Debug)]
enum PieceView<'a> {
    Lines(LineView<'a>),
    Records(RecordView<'a>),
    Batch(BatchView<'a>),
}

/// A row as messages and rejects show it.
struct RawRow {
    /// The line or row number.
    number: u64,
    text: String,
    value: serde_json::Value,
}

/// Decodes a piece.
pub(super) fn decode_piece(context: &DecodeContext, piece: &InputPiece) -> Result<DecodedPiece> {
    let mut decoded = DecodedPiece { file: Arc::clone(&piece.file), groups: Vec::new(), errors: Vec::new() };
    let view = match &piece.body {
        PieceBody::Lines(lines) if lines.too_long => {
            let text = String::from_utf8_lossy(&lines.text).into_owned();
            let row = RawRow { number: lines.first_line, value: text.clone().into(), text };
            let error = RowError::new(INVALID_ROW, "a line is longer than 32 MiB");
            decoded.errors.push(with_row(error, &piece.file, row));
            return Ok(decoded);
        }
        PieceBody::Lines(lines) => PieceView::Lines(LineView::new(lines)),
        PieceBody::Records(records) => PieceView::Records(RecordView::new(records)),
        PieceBody::Batch(batch) => PieceView::Batch(BatchView::new(batch)),
    };
    decode_view(context, &view, &mut decoded)?;
    Ok(decoded)
}

fn decode_view(context: &DecodeContext, view: &PieceView<'_>, decoded: &mut DecodedPiece) -> Result<()> {
    if decoded.errors.len() as u64 >= context.max_errors {
        return Ok(());
    }
    let error = match view.row_groups(context) {
        Ok(groups) => {
            decoded.groups.extend(groups);
            return Ok(());
        }
        Err(RowDecodeError::Engine(error)) => return Err(error),
        Err(RowDecodeError::Row(error)) => error,
    };
    if let Some((first, second)) = view.halves() {
        decode_view(context, &first, decoded)?;
        return decode_view(context, &second, decoded);
    }
    decoded.errors.push(with_row(error, &decoded.file, view.raw_row()));
    Ok(())
}

/// Adds the location and the raw row to an error.
fn with_row(error: Box<RowError>, file: &InputFile, row: RawRow) -> RowError {
    let error = error.with_prefix(&format!("{}: ", file.unit.format(row.number)));
    RowError { raw: Some(row.value), ..*error.with_location(&file.name, row.number, &row.text) }
}

impl PieceView<'_> {
    fn row_groups(&self, context: &DecodeContext) -> Result<Vec<TypedRows>, RowDecodeError> {
        let drafts = match self {
            Self::Lines(lines) => lines.drafts(context)?,
            Self::Records(records) => vec![records.draft(context)?],
            Self::Batch(batch) => vec![batch.draft(context)?],
        };
        drafts.into_iter().map(|(ty, draft)| typed_rows(context, ty, draft)).collect()
    }

    /// Splits the rows; none if there is one row.
    fn halves(&self) -> Option<(Self, Self)> {
        match self {
            Self::Lines(lines) => lines.halves().map(|(first, second)| (Self::Lines(first), Self::Lines(second))),
            Self::Records(records) => {
                records.halves().map(|(first, second)| (Self::Records(first), Self::Records(second)))
            }
            Self::Batch(batch) => batch.halves().map(|(first, second)| (Self::Batch(first), Self::Batch(second))),
        }
    }

    /// Returns the only row.
    fn raw_row(&self) -> RawRow {
        let (number, text) = match self {
            Self::Lines(lines) => lines.only_line(),
            Self::Records(records) => records.only_record(),
            Self::Batch(batch) => {
                let value = batch.only_row();
                return RawRow { number: batch.first_row, text: value.to_string(), value };
            }
        };
        RawRow { number, value: text.clone().into(), text }
    }
}

/// Checks draft rows and gives them ids.
fn typed_rows(context: &DecodeContext, ty: TypeIndex, draft: DraftRows) -> Result<TypedRows, RowDecodeError> {
    let plan = &context.plans.types[ty];
    let ids = draft.check(plan).map_err(|violation| RowError::new(violation.code, violation.message))?;
    Ok(draft.into_typed_rows(ty, plan, ids, context)?)
}
