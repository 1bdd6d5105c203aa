//! Functions and operators over dates, instants and durations.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int32Array, Int64Array, StructArray, TimestampMillisecondArray};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMillisecondType};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{BinaryOp, Duration, Type};
use omnigraph_compiler::temporal::parse_duration;
use omnigraph_compiler::types::Scalar;

use crate::arithmetic::symbol;
use crate::batch::{Batch, Cells};
use crate::calendar::{DAY_MILLISECONDS, Day, Unit, negated, plus_days, plus_duration};
use crate::failure::{Failure, Problem};
use crate::kernel::{Program, shared};
use crate::types::{duration_fields, scalar_of};

/// An operand that is a Date or a DateTime.
enum Moments<'a> {
    Days(Cells<'a, Date32Array>),
    Instants(Cells<'a, TimestampMillisecondArray>),
}

impl Moments<'_> {
    fn of(batch: &Batch, index: usize) -> Result<Moments<'_>, Failure> {
        match batch.cells(index) {
            Ok(days) => Ok(Moments::Days(days)),
            Err(_) => Ok(Moments::Instants(batch.cells(index)?)),
        }
    }

    fn day(&self, row: usize) -> Day {
        Day::from_days(match self {
            Self::Days(days) => i64::from(days.at(row)),
            Self::Instants(instants) => instants.at(row).div_euclid(DAY_MILLISECONDS),
        })
    }

    fn milliseconds_of_day(&self, row: usize) -> i64 {
        match self {
            Self::Days(_) => 0,
            Self::Instants(instants) => instants.at(row).rem_euclid(DAY_MILLISECONDS),
        }
    }
}

/// An array of instants in UTC.
pub(crate) fn instants(array: TimestampMillisecondArray) -> Result<ArrayRef, Failure> {
    shared(array.with_timezone("UTC"))
}

/// A function over dates of these types.
pub(crate) fn program(function: FunctionId, args: &[Type]) -> Option<Program> {
    let scalar = scalar_of(args.last()?)?;
    let temporal = matches!(scalar, Scalar::Date | Scalar::DateTime);
    let part: fn(&Moments<'_>, usize) -> i64 = match function {
        FunctionId::Year if temporal => |moments, row| moments.day(row).year,
        FunctionId::Month if temporal => |moments, row| moments.day(row).month,
        FunctionId::Day if temporal => |moments, row| moments.day(row).day,
        FunctionId::Hour if scalar == Scalar::DateTime => |moments, row| moments.milliseconds_of_day(row) / 3_600_000,
        FunctionId::Minute if scalar == Scalar::DateTime => {
            |moments, row| moments.milliseconds_of_day(row) / 60_000 % 60
        }
        FunctionId::DateTrunc if temporal && scalar_of(args.first()?)? == Scalar::String => {
            return Some(Program::strict(truncate));
        }
        FunctionId::Duration if scalar == Scalar::String => return Some(Program::strict(duration)),
        _ => return None,
    };
    Some(Program::strict(move |batch| {
        let moments = Moments::of(batch, 0)?;
        shared(batch.each::<Int64Type>(|row| Ok(Some(part(&moments, row))))?)
    }))
}

fn truncate(batch: &Batch) -> Result<ArrayRef, Failure> {
    let units = batch.texts(0)?;
    let overflow = |target| Problem::Overflow { operation: "date_trunc", target };
    match Moments::of(batch, 1)? {
        Moments::Days(days) => shared(batch.each::<Date32Type>(|row| {
            let unit = Unit::parse(units.at(row)).filter(|unit| !unit.within_day()).ok_or_else(|| {
                let known = "year, quarter, month, week, day";
                Problem::BadUnit { unit: units.at(row).to_owned(), of: "Date", known }
            })?;
            let start = i32::try_from(unit.start_of_days(i64::from(days.at(row))));
            start.map(Some).map_err(|_| overflow("Date"))
        })?),
        Moments::Instants(values) => instants(batch.each::<TimestampMillisecondType>(|row| {
            let unit = Unit::parse(units.at(row)).ok_or_else(|| {
                let known = "year, quarter, month, week, day, hour, minute, second";
                Problem::BadUnit { unit: units.at(row).to_owned(), of: "DateTime", known }
            })?;
            unit.start_of_instant(values.at(row)).map(Some).ok_or_else(|| overflow("DateTime"))
        })?),
    }
}

/// A Date or DateTime plus or minus a duration.
pub(crate) fn add(op: BinaryOp, left: &Type, right: &Type) -> Option<Program> {
    let Type::Duration { .. } = right else { return None };
    let scalar = scalar_of(left)?;
    matches!(scalar, Scalar::Date | Scalar::DateTime).then(|| Program::strict(move |batch| sum(op, scalar, batch)))
}

fn sum(op: BinaryOp, scalar: Scalar, batch: &Batch) -> Result<ArrayRef, Failure> {
    let overflow = |target| Problem::Overflow { operation: symbol(op), target };
    let spans = Durations::of(batch, 1)?;
    let span = |row: usize| match op {
        BinaryOp::SubtractDuration => negated(spans.at(row)),
        _ => Some(spans.at(row)),
    };
    if scalar == Scalar::Date {
        let days = batch.cells::<Date32Array>(0)?;
        return shared(batch.each::<Date32Type>(|row| {
            let span = span(row).ok_or_else(|| overflow("Date"))?;
            if span.milliseconds != 0 {
                return Err(Problem::PartOfDay);
            }
            let moved = plus_days(i64::from(days.at(row)), span).and_then(|days| i32::try_from(days).ok());
            moved.map(Some).ok_or_else(|| overflow("Date"))
        })?);
    }
    let values = batch.cells::<TimestampMillisecondArray>(0)?;
    instants(batch.each::<TimestampMillisecondType>(|row| {
        let moved = span(row).and_then(|span| plus_duration(values.at(row), span));
        moved.map(Some).ok_or_else(|| overflow("DateTime"))
    })?)
}

/// An operand of durations.
struct Durations<'a> {
    months: &'a Int32Array,
    days: &'a Int32Array,
    milliseconds: &'a Int64Array,
    cells: Cells<'a, StructArray>,
}

impl<'a> Durations<'a> {
    fn of(batch: &'a Batch, index: usize) -> Result<Self, Failure> {
        let cells = batch.cells::<StructArray>(index)?;
        let wrong = || Failure::internal("a duration has months, days and milliseconds");
        let [months, days, milliseconds] = cells.array().columns() else { return Err(wrong()) };
        Ok(Self {
            months: months.as_any().downcast_ref().ok_or_else(wrong)?,
            days: days.as_any().downcast_ref().ok_or_else(wrong)?,
            milliseconds: milliseconds.as_any().downcast_ref().ok_or_else(wrong)?,
            cells,
        })
    }

    fn at(&self, row: usize) -> Duration {
        let index = self.cells.index(row);
        Duration {
            months: self.months.value(index),
            days: self.days.value(index),
            milliseconds: self.milliseconds.value(index),
        }
    }
}

/// Durations as a column of structs.
pub(crate) fn durations(values: &[Duration], nulls: Option<arrow::buffer::NullBuffer>) -> ArrayRef {
    let months: Int32Array = values.iter().map(|value| Some(value.months)).collect();
    let days: Int32Array = values.iter().map(|value| Some(value.days)).collect();
    let milliseconds: Int64Array = values.iter().map(|value| Some(value.milliseconds)).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(months), Arc::new(days), Arc::new(milliseconds)];
    Arc::new(StructArray::new(duration_fields(), columns, nulls))
}

fn duration(batch: &Batch) -> Result<ArrayRef, Failure> {
    let texts = batch.texts(0)?;
    let mut values = Vec::with_capacity(batch.rows());
    for row in 0..batch.rows() {
        if !batch.is_valid(row) {
            values.push(Duration::default());
            continue;
        }
        let text = texts.at(row);
        values.push(parse_duration(text).ok_or_else(|| {
            let problem = Problem::BadText {
                text: text.to_owned(),
                wanted: "a duration",
                example: "\"P7D\", \"P1M\" or \"PT1H30M\"",
            };
            Failure { row, problem }
        })?);
    }
    Ok(durations(&values, batch.nulls()))
}
