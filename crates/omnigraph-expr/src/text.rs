//! Functions and operators over text. Positions and lengths count Unicode code points.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, BooleanArray, Datum, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::kernels::comparison;
use arrow::datatypes::{DataType, Field, Int64Type};
use arrow::error::ArrowError;
use omnigraph_compiler::ir::BinaryOp;
use regex::Regex;

use crate::compare::datum;
use crate::eval_error::{EvalError, EvalErrorKind};
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::{OperandBatch, TextBuilder};
use crate::primitive_view::NumberView;

/// Maximum compiled patterns that are cached per batch; each may take megabytes.
const MAX_CACHED_PATTERNS: usize = 32;

/// Concatenates texts.
pub(crate) fn concat(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (left, right) = (batch.texts(0)?, batch.texts(1)?);
    let mut joined = String::new();
    let mut out = TextBuilder::new(batch.rows());
    for row in 0..batch.rows() {
        if !batch.is_valid(row) {
            out.push_null();
            continue;
        }
        joined.clear();
        joined.push_str(left.value(row));
        joined.push_str(right.value(row));
        out.push(&joined).map_err(|kind| EvalError { row, kind })?;
    }
    Ok(out.finish())
}

/// Computes `contains`, `starts_with` and `ends_with`.
pub(crate) fn contains_part(op: BinaryOp, batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (left, right) = (datum(batch.column(0)?), datum(batch.column(1)?));
    let test: fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError> = match op {
        BinaryOp::StartsWith => comparison::starts_with,
        BinaryOp::EndsWith => comparison::ends_with,
        _ => comparison::contains,
    };
    shared(test(left.as_ref(), right.as_ref())?)
}

/// Returns a function from text to text.
pub(crate) fn map(convert: fn(&str) -> String) -> KernelProgram {
    KernelProgram::strict(move |batch| {
        let text = batch.texts(0)?;
        batch.map_text(|row| Ok(Some(convert(text.value(row)))))
    })
}

pub(crate) fn trim(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let text = batch.texts(0)?;
    batch.map_text(|row| Ok(Some(text.value(row).trim())))
}

pub(crate) fn length(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let text = batch.texts(0)?;
    let count = |row| i64::try_from(text.value(row).chars().count()).unwrap_or(i64::MAX);
    shared(batch.map_primitive::<Int64Type>(|row| Ok(Some(count(row))))?)
}

pub(crate) fn substring(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let text = batch.texts(0)?;
    let start = batch.numbers(1)?;
    let count = if batch.has(2) { Some(batch.numbers(2)?) } else { None };
    batch.map_text(|row| {
        let start = position("start", &start, row)?;
        let count = count.as_ref().map(|count| position("count", count, row)).transpose()?;
        let rest = skip(text.value(row), start);
        Ok(Some(match count {
            Some(count) => &rest[..rest.len() - skip(rest, count).len()],
            None => rest,
        }))
    })
}

/// Returns a position or count, saturated to `usize::MAX`.
fn position(argument: &'static str, numbers: &NumberView, row: usize) -> Result<usize, EvalErrorKind> {
    match numbers {
        NumberView::I64(view) => {
            let value = view.value(row);
            usize::try_from(value).map_err(|_| EvalErrorKind::Negative { function: "substring", argument, value })
        }
        NumberView::U64(view) => Ok(usize::try_from(view.value(row)).unwrap_or(usize::MAX)),
        NumberView::F64(_) => Err(EvalErrorKind::Internal(format!("`{argument}` of `substring` is not an integer"))),
    }
}

/// Returns the text after its first `count` characters.
fn skip(text: &str, count: usize) -> &str {
    if text.is_ascii() {
        return text.get(count..).unwrap_or("");
    }
    text.char_indices().nth(count).map_or("", |(at, _)| &text[at..])
}

pub(crate) fn replace(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (text, from, to) = (batch.texts(0)?, batch.texts(1)?, batch.texts(2)?);
    batch.map_text(|row| {
        let (text, from, to) = (text.value(row), from.value(row), to.value(row));
        if from.is_empty() {
            return Ok(Some(text.to_owned()));
        }
        // The result size is checked before the text is built: it may exceed the memory.
        let grown = text.len().saturating_add(text.matches(from).count().saturating_mul(to.len()));
        if grown > i32::MAX as usize && to.len() > from.len() {
            return Err(EvalErrorKind::TooLarge);
        }
        Ok(Some(text.replace(from, to)))
    })
}

pub(crate) fn split(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (text, separator) = (batch.texts(0)?, batch.texts(1)?);
    let mut pieces = TextBuilder::new(batch.rows());
    let mut count: i32 = 0;
    let mut offsets = vec![0];
    for row in 0..batch.rows() {
        if batch.is_valid(row) {
            let mut push = |piece: &str| {
                count = count.checked_add(1).ok_or(EvalErrorKind::TooLarge)?;
                pieces.push(piece)
            };
            let (text, separator) = (text.value(row), separator.value(row));
            let done = if separator.is_empty() {
                text.chars().try_for_each(|character| push(character.encode_utf8(&mut [0; 4])))
            } else {
                text.split(separator).try_for_each(push)
            };
            done.map_err(|kind| EvalError { row, kind })?;
        }
        offsets.push(count);
    }
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let offsets = OffsetBuffer::new(offsets.into());
    shared(ListArray::try_new(item, offsets, pieces.finish(), batch.nulls())?)
}

/// Returns `matches`. A constant pattern is compiled once for all batches, any other once per batch and pattern.
pub(crate) fn matches() -> KernelProgram {
    let known: OnceLock<(String, Result<Regex, EvalErrorKind>)> = OnceLock::new();
    KernelProgram::strict(move |batch| {
        let (text, pattern) = (batch.texts(0)?, batch.texts(1)?);
        if !batch.column(1)?.is_constant() {
            return match_row_patterns(batch);
        }
        let Some(first) = (0..batch.rows()).find(|row| batch.is_valid(*row)) else {
            return shared(BooleanArray::new_null(batch.rows()));
        };
        let source = pattern.value(first);
        let (prepared, regex) = known.get_or_init(|| (source.to_owned(), compile_pattern(source)));
        let other = if prepared == source { None } else { Some(compile_pattern(source)) };
        let regex = other.as_ref().unwrap_or(regex).as_ref();
        let regex = regex.map_err(|kind| EvalError { row: first, kind: kind.clone() })?;
        batch.map_bool(|row| Ok(Some(regex.is_match(text.value(row)))))
    })
}

fn match_row_patterns(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (text, pattern) = (batch.texts(0)?, batch.texts(1)?);
    let mut known: HashMap<&str, Regex> = HashMap::new();
    batch.map_bool(|row| {
        let source = pattern.value(row);
        if let Some(regex) = known.get(source) {
            return Ok(Some(regex.is_match(text.value(row))));
        }
        let regex = compile_pattern(source)?;
        let found = regex.is_match(text.value(row));
        if known.len() == MAX_CACHED_PATTERNS {
            known.clear();
        }
        known.insert(source, regex);
        Ok(Some(found))
    })
}

fn compile_pattern(pattern: &str) -> Result<Regex, EvalErrorKind> {
    Regex::new(pattern).map_err(|error| {
        let shown = error.to_string();
        let reason = shown.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        EvalErrorKind::InvalidPattern { pattern: pattern.to_owned(), reason }
    })
}
