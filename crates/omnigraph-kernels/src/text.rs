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

use crate::batch::{Batch, Texts};
use crate::compare::datum;
use crate::failure::{Failure, Problem};
use crate::kernel::{Program, shared};
use crate::lane::Numbers;

/// Patterns of one batch that are kept compiled at a time; each may take megabytes.
const PATTERNS: usize = 32;

/// Text beside text.
pub(crate) fn concat(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (left, right) = (batch.texts(0)?, batch.texts(1)?);
    let mut joined = String::new();
    let mut out = Texts::new(batch.rows());
    for row in 0..batch.rows() {
        if !batch.is_valid(row) {
            out.push_null();
            continue;
        }
        joined.clear();
        joined.push_str(left.at(row));
        joined.push_str(right.at(row));
        out.push(&joined).map_err(|problem| Failure { row, problem })?;
    }
    Ok(out.finish())
}

/// `contains`, `starts_with` and `ends_with`.
pub(crate) fn part(op: BinaryOp, batch: &Batch) -> Result<ArrayRef, Failure> {
    let (left, right) = (datum(batch.column(0)?), datum(batch.column(1)?));
    let test: fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError> = match op {
        BinaryOp::StartsWith => comparison::starts_with,
        BinaryOp::EndsWith => comparison::ends_with,
        _ => comparison::contains,
    };
    shared(test(left.as_ref(), right.as_ref())?)
}

/// A function from text to text.
pub(crate) fn map(convert: fn(&str) -> String) -> Program {
    Program::strict(move |batch| {
        let text = batch.texts(0)?;
        batch.each_text(|row| Ok(Some(convert(text.at(row)))))
    })
}

pub(crate) fn trim(batch: &Batch) -> Result<ArrayRef, Failure> {
    let text = batch.texts(0)?;
    batch.each_text(|row| Ok(Some(text.at(row).trim())))
}

pub(crate) fn length(batch: &Batch) -> Result<ArrayRef, Failure> {
    let text = batch.texts(0)?;
    let count = |row| i64::try_from(text.at(row).chars().count()).unwrap_or(i64::MAX);
    shared(batch.each::<Int64Type>(|row| Ok(Some(count(row))))?)
}

pub(crate) fn substring(batch: &Batch) -> Result<ArrayRef, Failure> {
    let text = batch.texts(0)?;
    let start = batch.numbers(1)?;
    let count = if batch.has(2) { Some(batch.numbers(2)?) } else { None };
    batch.each_text(|row| {
        let start = position("start", &start, row)?;
        let count = count.as_ref().map(|count| position("count", count, row)).transpose()?;
        let rest = skip(text.at(row), start);
        Ok(Some(match count {
            Some(count) => &rest[..rest.len() - skip(rest, count).len()],
            None => rest,
        }))
    })
}

/// A position or count; one beyond what memory holds is as good as any other beyond the end.
fn position(argument: &'static str, numbers: &Numbers, row: usize) -> Result<usize, Problem> {
    match numbers {
        Numbers::I64(lane) => {
            let value = lane.at(row);
            usize::try_from(value).map_err(|_| Problem::Negative { function: "substring", argument, value })
        }
        Numbers::U64(lane) => Ok(usize::try_from(lane.at(row)).unwrap_or(usize::MAX)),
        Numbers::F64(_) => Err(Problem::Internal(format!("`{argument}` of `substring` is no integer"))),
    }
}

/// The text after its first `count` characters.
fn skip(text: &str, count: usize) -> &str {
    if text.is_ascii() {
        return text.get(count..).unwrap_or("");
    }
    text.char_indices().nth(count).map_or("", |(at, _)| &text[at..])
}

pub(crate) fn replace(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (text, from, to) = (batch.texts(0)?, batch.texts(1)?, batch.texts(2)?);
    batch.each_text(|row| {
        let (text, from, to) = (text.at(row), from.at(row), to.at(row));
        if from.is_empty() {
            return Ok(Some(text.to_owned()));
        }
        // Asked before the text is built: nobody can hold what it would become.
        let grown = text.len().saturating_add(text.matches(from).count().saturating_mul(to.len()));
        if grown > i32::MAX as usize && to.len() > from.len() {
            return Err(Problem::TooLarge);
        }
        Ok(Some(text.replace(from, to)))
    })
}

pub(crate) fn split(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (text, separator) = (batch.texts(0)?, batch.texts(1)?);
    let mut pieces = Texts::new(batch.rows());
    let mut count: i32 = 0;
    let mut offsets = vec![0];
    for row in 0..batch.rows() {
        if batch.is_valid(row) {
            let mut push = |piece: &str| {
                count = count.checked_add(1).ok_or(Problem::TooLarge)?;
                pieces.push(piece)
            };
            let (text, separator) = (text.at(row), separator.at(row));
            let done = if separator.is_empty() {
                text.chars().try_for_each(|character| push(character.encode_utf8(&mut [0; 4])))
            } else {
                text.split(separator).try_for_each(push)
            };
            done.map_err(|problem| Failure { row, problem })?;
        }
        offsets.push(count);
    }
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let offsets = OffsetBuffer::new(offsets.into());
    shared(ListArray::try_new(item, offsets, pieces.finish(), batch.nulls())?)
}

/// `matches`: a constant pattern is compiled once for all batches, any other once per batch and pattern.
pub(crate) fn matches() -> Program {
    let known: OnceLock<(String, Result<Regex, Problem>)> = OnceLock::new();
    Program::strict(move |batch| {
        let (text, pattern) = (batch.texts(0)?, batch.texts(1)?);
        if !batch.column(1)?.is_constant() {
            return each_pattern(batch);
        }
        let Some(first) = (0..batch.rows()).find(|row| batch.is_valid(*row)) else {
            return shared(BooleanArray::new_null(batch.rows()));
        };
        let source = pattern.at(first);
        let (prepared, regex) = known.get_or_init(|| (source.to_owned(), compiled(source)));
        let other = if prepared == source { None } else { Some(compiled(source)) };
        let regex = other.as_ref().unwrap_or(regex).as_ref();
        let regex = regex.map_err(|problem| Failure { row: first, problem: problem.clone() })?;
        batch.each_bool(|row| Ok(Some(regex.is_match(text.at(row)))))
    })
}

fn each_pattern(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (text, pattern) = (batch.texts(0)?, batch.texts(1)?);
    let mut known: HashMap<&str, Regex> = HashMap::new();
    batch.each_bool(|row| {
        let source = pattern.at(row);
        if let Some(regex) = known.get(source) {
            return Ok(Some(regex.is_match(text.at(row))));
        }
        let regex = compiled(source)?;
        let found = regex.is_match(text.at(row));
        if known.len() == PATTERNS {
            known.clear();
        }
        known.insert(source, regex);
        Ok(Some(found))
    })
}

fn compiled(pattern: &str) -> Result<Regex, Problem> {
    Regex::new(pattern).map_err(|error| {
        let shown = error.to_string();
        let reason = shown.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Problem::BadPattern { pattern: pattern.to_owned(), reason }
    })
}
