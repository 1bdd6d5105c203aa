//! Functions and operators over dates, instants and durations.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array, Int64Array, StructArray, TimestampMillisecondArray};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMillisecondType};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{BinaryOp, CalendarDuration, ExprType};
use omnigraph_compiler::temporal::parse_duration;
use omnigraph_compiler::types::ScalarType;

use crate::arithmetic::symbol;
use crate::calendar::{CalendarDay, CalendarUnit, DAY_MILLISECONDS, negated, plus_days, plus_duration};
use crate::eval_error::{EvalError, EvalErrorKind};
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::{OperandBatch, OperandCells};
use crate::types::{as_scalar, duration_fields};

/// Access to an operand of Dates or DateTimes.
enum TemporalCells<'a> {
    Days(OperandCells<'a, Date32Array>),
    Instants(OperandCells<'a, TimestampMillisecondArray>),
}

impl TemporalCells<'_> {
    fn new(batch: &OperandBatch, index: usize) -> Result<TemporalCells<'_>, EvalError> {
        match batch.cells(index) {
            Ok(days) => Ok(TemporalCells::Days(days)),
            Err(_) => Ok(TemporalCells::Instants(batch.cells(index)?)),
        }
    }

    fn day(&self, row: usize) -> CalendarDay {
        CalendarDay::from_days(match self {
            Self::Days(days) => i64::from(days.value(row)),
            Self::Instants(instants) => instants.value(row).div_euclid(DAY_MILLISECONDS),
        })
    }

    fn milliseconds_of_day(&self, row: usize) -> i64 {
        match self {
            Self::Days(_) => 0,
            Self::Instants(instants) => instants.value(row).rem_euclid(DAY_MILLISECONDS),
        }
    }
}

/// Returns an array of instants in UTC.
pub(crate) fn instants(array: TimestampMillisecondArray) -> Result<ArrayRef, EvalError> {
    shared(array.with_timezone("UTC"))
}

/// Returns a function over dates of these types, if it exists.
pub(crate) fn program(function: FunctionId, args: &[ExprType]) -> Option<KernelProgram> {
    let scalar = as_scalar(args.last()?)?;
    let temporal = matches!(scalar, ScalarType::Date | ScalarType::DateTime);
    let part: fn(&TemporalCells<'_>, usize) -> i64 = match function {
        FunctionId::Year if temporal => |cells, row| cells.day(row).year,
        FunctionId::Month if temporal => |cells, row| cells.day(row).month,
        FunctionId::Day if temporal => |cells, row| cells.day(row).day,
        FunctionId::Hour if scalar == ScalarType::DateTime => |cells, row| cells.milliseconds_of_day(row) / 3_600_000,
        FunctionId::Minute if scalar == ScalarType::DateTime => {
            |cells, row| cells.milliseconds_of_day(row) / 60_000 % 60
        }
        FunctionId::DateTrunc if temporal && as_scalar(args.first()?)? == ScalarType::String => {
            return Some(KernelProgram::strict(truncate));
        }
        FunctionId::Duration if scalar == ScalarType::String => return Some(KernelProgram::strict(duration)),
        _ => return None,
    };
    Some(KernelProgram::strict(move |batch| {
        let cells = TemporalCells::new(batch, 0)?;
        shared(batch.map_primitive::<Int64Type>(|row| Ok(Some(part(&cells, row))))?)
    }))
}

fn truncate(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let units = batch.texts(0)?;
    let overflow = |target| EvalErrorKind::Overflow { operation: "date_trunc", target };
    match TemporalCells::new(batch, 1)? {
        TemporalCells::Days(days) => shared(batch.map_primitive::<Date32Type>(|row| {
            let unit = CalendarUnit::parse(units.value(row)).filter(|unit| !unit.is_within_day()).ok_or_else(|| {
                let expected = "year, quarter, month, week, day";
                EvalErrorKind::InvalidUnit { unit: units.value(row).to_owned(), value_type: "Date", expected }
            })?;
            let start = i32::try_from(unit.start_of_days(i64::from(days.value(row))));
            start.map(Some).map_err(|_| overflow("Date"))
        })?),
        TemporalCells::Instants(values) => instants(batch.map_primitive::<TimestampMillisecondType>(|row| {
            let unit = CalendarUnit::parse(units.value(row)).ok_or_else(|| {
                let expected = "year, quarter, month, week, day, hour, minute, second";
                EvalErrorKind::InvalidUnit { unit: units.value(row).to_owned(), value_type: "DateTime", expected }
            })?;
            unit.start_of_instant(values.value(row)).map(Some).ok_or_else(|| overflow("DateTime"))
        })?),
    }
}

/// Returns the sum or difference of a Date or DateTime and a duration.
pub(crate) fn add(op: BinaryOp, left: &ExprType, right: &ExprType) -> Option<KernelProgram> {
    let ExprType::Duration { .. } = right else { return None };
    let scalar = as_scalar(left)?;
    matches!(scalar, ScalarType::Date | ScalarType::DateTime)
        .then(|| KernelProgram::strict(move |batch| sum(op, scalar, batch)))
}

fn sum(op: BinaryOp, scalar: ScalarType, batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let overflow = |target| EvalErrorKind::Overflow { operation: symbol(op), target };
    let spans = DurationCells::new(batch, 1)?;
    let span = |row: usize| match op {
        BinaryOp::SubtractDuration => negated(spans.value(row)),
        _ => Some(spans.value(row)),
    };
    if scalar == ScalarType::Date {
        let days = batch.cells::<Date32Array>(0)?;
        return shared(batch.map_primitive::<Date32Type>(|row| {
            let span = span(row).ok_or_else(|| overflow("Date"))?;
            if span.milliseconds != 0 {
                return Err(EvalErrorKind::PartOfDay);
            }
            let moved = plus_days(i64::from(days.value(row)), span).and_then(|days| i32::try_from(days).ok());
            moved.map(Some).ok_or_else(|| overflow("Date"))
        })?);
    }
    let values = batch.cells::<TimestampMillisecondArray>(0)?;
    instants(batch.map_primitive::<TimestampMillisecondType>(|row| {
        let moved = span(row).and_then(|span| plus_duration(values.value(row), span));
        moved.map(Some).ok_or_else(|| overflow("DateTime"))
    })?)
}

/// Access to an operand of durations.
struct DurationCells<'a> {
    months: &'a Int32Array,
    days: &'a Int32Array,
    milliseconds: &'a Int64Array,
    cells: OperandCells<'a, StructArray>,
}

impl<'a> DurationCells<'a> {
    fn new(batch: &'a OperandBatch, index: usize) -> Result<Self, EvalError> {
        let cells = batch.cells::<StructArray>(index)?;
        let wrong = || EvalError::internal("a duration has months, days and milliseconds");
        let [months, days, milliseconds] = cells.array().columns() else { return Err(wrong()) };
        Ok(Self {
            months: months.as_any().downcast_ref().ok_or_else(wrong)?,
            days: days.as_any().downcast_ref().ok_or_else(wrong)?,
            milliseconds: milliseconds.as_any().downcast_ref().ok_or_else(wrong)?,
            cells,
        })
    }

    fn value(&self, row: usize) -> CalendarDuration {
        let index = self.cells.index(row);
        CalendarDuration {
            months: self.months.value(index),
            days: self.days.value(index),
            milliseconds: self.milliseconds.value(index),
        }
    }
}

/// Returns durations as a struct array.
pub(crate) fn durations(values: &[CalendarDuration], nulls: Option<arrow::buffer::NullBuffer>) -> ArrayRef {
    let months: Int32Array = values.iter().map(|value| Some(value.months)).collect();
    let days: Int32Array = values.iter().map(|value| Some(value.days)).collect();
    let milliseconds: Int64Array = values.iter().map(|value| Some(value.milliseconds)).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(months), Arc::new(days), Arc::new(milliseconds)];
    Arc::new(StructArray::new(duration_fields(), columns, nulls))
}

fn duration(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let texts = batch.texts(0)?;
    let mut values = Vec::with_capacity(batch.rows());
    for row in 0..batch.rows() {
        if !batch.is_valid(row) {
            values.push(CalendarDuration::default());
            continue;
        }
        let text = texts.value(row);
        values.push(parse_duration(text).ok_or_else(|| {
            let kind = EvalErrorKind::InvalidText {
                text: text.to_owned(),
                wanted: "a duration",
                example: "\"P7D\", \"P1M\" or \"PT1H30M\"",
            };
            EvalError { row, kind }
        })?);
    }
    Ok(durations(&values, batch.nulls()))
}
