//! `to_string`, `to_int`, `to_float`, `to_bool`, `to_date`, `to_datetime`.

use arrow::array::{ArrayRef, Date32Array, TimestampMillisecondArray};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::temporal::{parse_date, parse_datetime};
use omnigraph_compiler::types::Scalar;

use crate::batch::Batch;
use crate::calendar::DAY_MILLISECONDS;
use crate::failure::{Failure, Problem};
use crate::json::{Kind, kind, text_writer};
use crate::kernel::{Program, shared};
use crate::lane::Numbers;
use crate::temporal::instants;
use crate::types::{is_number, scalar_of};

/// The conversion of a value of this type.
pub(crate) fn program(function: FunctionId, arg: &Type) -> Option<Program> {
    let scalar = scalar_of(arg)?;
    let text = matches!(scalar, Scalar::String | Scalar::Json);
    let known = match function {
        FunctionId::ToString => !matches!(scalar, Scalar::Blob | Scalar::Vector(_)),
        FunctionId::ToInt | FunctionId::ToFloat => text || is_number(scalar),
        FunctionId::ToBool => text || scalar == Scalar::Bool,
        FunctionId::ToDate | FunctionId::ToDateTime => text || matches!(scalar, Scalar::Date | Scalar::DateTime),
        _ => false,
    };
    known.then(|| {
        Program::strict(move |batch| match function {
            FunctionId::ToString => to_string(batch, scalar),
            FunctionId::ToInt => to_int(batch, scalar),
            FunctionId::ToFloat => to_float(batch, scalar),
            FunctionId::ToBool => to_bool(batch, scalar),
            FunctionId::ToDate => to_date(batch, scalar),
            _ => to_datetime(batch, scalar),
        })
    })
}

/// The operand as it is, at one value per row of the batch.
fn unchanged(batch: &Batch) -> Result<ArrayRef, Failure> {
    batch.column(0)?.materialize(batch.rows())
}

fn to_string(batch: &Batch, scalar: Scalar) -> Result<ArrayRef, Failure> {
    if scalar == Scalar::String {
        return unchanged(batch);
    }
    if scalar == Scalar::Json {
        let values = batch.texts(0)?;
        return batch.each_text(|row| {
            let json = values.at(row);
            Ok(Some(match kind(json)? {
                Kind::Text(text) => text,
                _ => json.to_owned(),
            }))
        });
    }
    let column = batch.column(0)?;
    let none = || Failure::internal(format!("{} has no text", column.data_type()));
    let write = text_writer(column.array()).ok_or_else(none)?;
    let mut out = String::new();
    batch.each_text(|row| {
        out.clear();
        write(if column.is_constant() { 0 } else { row }, &mut out)?;
        Ok(Some(out.clone()))
    })
}

fn to_int(batch: &Batch, scalar: Scalar) -> Result<ArrayRef, Failure> {
    let cell: Box<dyn Fn(usize) -> Result<Option<i64>, Problem>> = match scalar {
        Scalar::String => {
            let texts = batch.texts(0)?;
            Box::new(move |row| parse_int(texts.at(row)).map(Some))
        }
        Scalar::Json => {
            let texts = batch.texts(0)?;
            Box::new(move |row| match kind(texts.at(row))? {
                Kind::Number(number) => json_int(number).map(Some),
                _ => Ok(None),
            })
        }
        _ => match batch.numbers(0)? {
            Numbers::I64(lane) => Box::new(move |row| Ok(Some(lane.at(row)))),
            Numbers::U64(lane) => Box::new(move |row| {
                let value = lane.at(row);
                i64::try_from(value).map(Some).map_err(|_| no_int(value.to_string()))
            }),
            Numbers::F64(lane) => Box::new(move |row| whole(lane.at(row)).map(Some)),
        },
    };
    shared(batch.each::<Int64Type>(cell)?)
}

fn no_int(value: String) -> Problem {
    Problem::out_of_range(value, "I64", "use a value within -9223372036854775808 and 9223372036854775807")
}

/// The integer that a float is.
fn whole(value: f64) -> Result<i64, Problem> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() != 0.0 {
        let help = "an integer has no fraction; use `round`, `floor` or `ceil` first";
        return Err(Problem::out_of_range(value, "I64", help));
    }
    if (-END..END).contains(&value) { Ok(value as i64) } else { Err(no_int(value.to_string())) }
}

fn parse_int(text: &str) -> Result<i64, Problem> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = text.to_owned();
        return Err(Problem::BadText { text, wanted: "a decimal integer", example: "\"42\"" });
    }
    text.parse().map_err(|_| no_int(text.to_owned()))
}

fn json_int(number: &str) -> Result<i64, Problem> {
    // An integer beyond what a float holds exactly is still read exactly.
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return parse_int(number);
    }
    whole(parse_float(number)?)
}

fn to_float(batch: &Batch, scalar: Scalar) -> Result<ArrayRef, Failure> {
    let cell: Box<dyn Fn(usize) -> Result<Option<f64>, Problem>> = match scalar {
        Scalar::String => {
            let texts = batch.texts(0)?;
            Box::new(move |row| parse_float(texts.at(row)).map(Some))
        }
        Scalar::Json => {
            let texts = batch.texts(0)?;
            Box::new(move |row| match kind(texts.at(row))? {
                Kind::Number(number) => parse_float(number).map(Some),
                _ => Ok(None),
            })
        }
        _ => {
            let numbers = batch.numbers(0)?;
            Box::new(move |row| Ok(Some(numbers.float_at(row))))
        }
    };
    shared(batch.each::<Float64Type>(cell)?)
}

fn parse_float(text: &str) -> Result<f64, Problem> {
    let value = if is_decimal(text) { text.parse::<f64>().ok() } else { None };
    match value {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(Problem::out_of_range(text, "F64", "use a smaller number")),
        None => {
            Err(Problem::BadText { text: text.to_owned(), wanted: "a decimal number", example: "\"-12.5\" or \"1e6\"" })
        }
    }
}

/// Digits, perhaps a minus before them, a point and digits after them, an exponent.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        None => (text, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction) && digits(exponent)
}

fn to_bool(batch: &Batch, scalar: Scalar) -> Result<ArrayRef, Failure> {
    if scalar == Scalar::Bool {
        return unchanged(batch);
    }
    let texts = batch.texts(0)?;
    batch.each_bool(|row| match (scalar, texts.at(row)) {
        (Scalar::Json, json) => Ok(match kind(json)? {
            Kind::Bool(value) => Some(value),
            _ => None,
        }),
        (_, "true") => Ok(Some(true)),
        (_, "false") => Ok(Some(false)),
        (_, text) => {
            let text = text.to_owned();
            Err(Problem::BadText { text, wanted: "a Bool", example: "\"true\" or \"false\"" })
        }
    })
}

/// The text of a row; of JSON that is no text there is none.
fn text_of(scalar: Scalar, text: &str) -> Result<Option<String>, Problem> {
    match scalar {
        Scalar::Json => Ok(match kind(text)? {
            Kind::Text(text) => Some(text),
            _ => None,
        }),
        _ => Ok(Some(text.to_owned())),
    }
}

fn to_date(batch: &Batch, scalar: Scalar) -> Result<ArrayRef, Failure> {
    match scalar {
        Scalar::Date => unchanged(batch),
        Scalar::DateTime => {
            let values = batch.cells::<TimestampMillisecondArray>(0)?;
            shared(batch.each::<Date32Type>(|row| {
                let days = values.at(row).div_euclid(DAY_MILLISECONDS);
                let help = "use an instant nearer to the present";
                i32::try_from(days).map(Some).map_err(|_| Problem::out_of_range(values.at(row), "Date", help))
            })?)
        }
        _ => {
            let texts = batch.texts(0)?;
            shared(batch.each::<Date32Type>(|row| {
                let Some(text) = text_of(scalar, texts.at(row))? else { return Ok(None) };
                let parsed = parse_date(&text);
                parsed.map(Some).ok_or(Problem::BadText { text, wanted: "a Date", example: "\"2024-05-06\"" })
            })?)
        }
    }
}

fn to_datetime(batch: &Batch, scalar: Scalar) -> Result<ArrayRef, Failure> {
    match scalar {
        Scalar::DateTime => unchanged(batch),
        Scalar::Date => {
            let values = batch.cells::<Date32Array>(0)?;
            instants(
                batch.each::<TimestampMillisecondType>(|row| Ok(Some(i64::from(values.at(row)) * DAY_MILLISECONDS)))?,
            )
        }
        _ => {
            let texts = batch.texts(0)?;
            instants(batch.each::<TimestampMillisecondType>(|row| {
                let Some(text) = text_of(scalar, texts.at(row))? else { return Ok(None) };
                let parsed = parse_datetime(&text);
                let example = "\"2024-05-06T07:08:09Z\"";
                parsed.map(Some).ok_or(Problem::BadText { text, wanted: "a DateTime", example })
            })?)
        }
    }
}
