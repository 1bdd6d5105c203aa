//! Casts: `to_string`, `to_int`, `to_float`, `to_bool`, `to_date`, `to_datetime`.

use arrow::array::{ArrayRef, Date32Array, TimestampMillisecondArray};
use arrow::datatypes::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::temporal::{parse_date, parse_datetime};
use omnigraph_compiler::types::ScalarType;

use crate::calendar::DAY_MILLISECONDS;
use crate::eval_error::{EvalError, EvalErrorKind};
use crate::json::{JsonKind, json_kind, text_writer};
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::OperandBatch;
use crate::primitive_view::NumberView;
use crate::temporal::instants;
use crate::types::{as_scalar, is_number};

/// Returns the cast of a value of this type, if it exists.
pub(crate) fn program(function: FunctionId, arg: &ExprType) -> Option<KernelProgram> {
    let scalar = as_scalar(arg)?;
    let text = matches!(scalar, ScalarType::String | ScalarType::Json);
    let known = match function {
        FunctionId::ToString => !matches!(scalar, ScalarType::Blob | ScalarType::Vector(_)),
        FunctionId::ToInt | FunctionId::ToFloat => text || is_number(scalar),
        FunctionId::ToBool => text || scalar == ScalarType::Bool,
        FunctionId::ToDate | FunctionId::ToDateTime => {
            text || matches!(scalar, ScalarType::Date | ScalarType::DateTime)
        }
        _ => false,
    };
    known.then(|| {
        KernelProgram::strict(move |batch| match function {
            FunctionId::ToString => to_string(batch, scalar),
            FunctionId::ToInt => to_int(batch, scalar),
            FunctionId::ToFloat => to_float(batch, scalar),
            FunctionId::ToBool => to_bool(batch, scalar),
            FunctionId::ToDate => to_date(batch, scalar),
            _ => to_datetime(batch, scalar),
        })
    })
}

/// Returns the operand unchanged, with one value per row.
fn unchanged(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    batch.column(0)?.materialize(batch.rows())
}

fn to_string(batch: &OperandBatch, scalar: ScalarType) -> Result<ArrayRef, EvalError> {
    if scalar == ScalarType::String {
        return unchanged(batch);
    }
    if scalar == ScalarType::Json {
        let values = batch.texts(0)?;
        return batch.map_text(|row| {
            let json = values.value(row);
            Ok(Some(match json_kind(json)? {
                JsonKind::Text(text) => text,
                _ => json.to_owned(),
            }))
        });
    }
    let column = batch.column(0)?;
    let none = || EvalError::internal(format!("{} has no text form", column.data_type()));
    let write = text_writer(column.array()).ok_or_else(none)?;
    let mut out = String::new();
    batch.map_text(|row| {
        out.clear();
        write(if column.is_constant() { 0 } else { row }, &mut out)?;
        Ok(Some(out.clone()))
    })
}

fn to_int(batch: &OperandBatch, scalar: ScalarType) -> Result<ArrayRef, EvalError> {
    let cell: Box<dyn Fn(usize) -> Result<Option<i64>, EvalErrorKind>> = match scalar {
        ScalarType::String => {
            let texts = batch.texts(0)?;
            Box::new(move |row| parse_int(texts.value(row)).map(Some))
        }
        ScalarType::Json => {
            let texts = batch.texts(0)?;
            Box::new(move |row| match json_kind(texts.value(row))? {
                JsonKind::Number(number) => json_int(number).map(Some),
                _ => Ok(None),
            })
        }
        _ => match batch.numbers(0)? {
            NumberView::I64(view) => Box::new(move |row| Ok(Some(view.value(row)))),
            NumberView::U64(view) => Box::new(move |row| {
                let value = view.value(row);
                i64::try_from(value).map(Some).map_err(|_| integer_range_error(value.to_string()))
            }),
            NumberView::F64(view) => Box::new(move |row| exact_integer(view.value(row)).map(Some)),
        },
    };
    shared(batch.map_primitive::<Int64Type>(cell)?)
}

fn integer_range_error(value: String) -> EvalErrorKind {
    EvalErrorKind::out_of_range(value, "I64", "use a value within -9223372036854775808 and 9223372036854775807")
}

/// Converts a float without fraction to an integer.
fn exact_integer(value: f64) -> Result<i64, EvalErrorKind> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() != 0.0 {
        let help = "an integer has no fraction; use `round`, `floor` or `ceil` first";
        return Err(EvalErrorKind::out_of_range(value, "I64", help));
    }
    if (-END..END).contains(&value) { Ok(value as i64) } else { Err(integer_range_error(value.to_string())) }
}

fn parse_int(text: &str) -> Result<i64, EvalErrorKind> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = text.to_owned();
        return Err(EvalErrorKind::InvalidText { text, wanted: "a decimal integer", example: "\"42\"" });
    }
    text.parse().map_err(|_| integer_range_error(text.to_owned()))
}

fn json_int(number: &str) -> Result<i64, EvalErrorKind> {
    // Integers are read exactly, even beyond the precision of a float.
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return parse_int(number);
    }
    exact_integer(parse_float(number)?)
}

fn to_float(batch: &OperandBatch, scalar: ScalarType) -> Result<ArrayRef, EvalError> {
    let cell: Box<dyn Fn(usize) -> Result<Option<f64>, EvalErrorKind>> = match scalar {
        ScalarType::String => {
            let texts = batch.texts(0)?;
            Box::new(move |row| parse_float(texts.value(row)).map(Some))
        }
        ScalarType::Json => {
            let texts = batch.texts(0)?;
            Box::new(move |row| match json_kind(texts.value(row))? {
                JsonKind::Number(number) => parse_float(number).map(Some),
                _ => Ok(None),
            })
        }
        _ => {
            let numbers = batch.numbers(0)?;
            Box::new(move |row| Ok(Some(numbers.float_value(row))))
        }
    };
    shared(batch.map_primitive::<Float64Type>(cell)?)
}

fn parse_float(text: &str) -> Result<f64, EvalErrorKind> {
    let value = if is_decimal(text) { text.parse::<f64>().ok() } else { None };
    match value {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(EvalErrorKind::out_of_range(text, "F64", "use a smaller number")),
        None => Err(EvalErrorKind::InvalidText {
            text: text.to_owned(),
            wanted: "a decimal number",
            example: "\"-12.5\" or \"1e6\"",
        }),
    }
}

/// Returns true for an optional minus, digits, an optional fraction and an optional exponent.
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

fn to_bool(batch: &OperandBatch, scalar: ScalarType) -> Result<ArrayRef, EvalError> {
    if scalar == ScalarType::Bool {
        return unchanged(batch);
    }
    let texts = batch.texts(0)?;
    batch.map_bool(|row| match (scalar, texts.value(row)) {
        (ScalarType::Json, json) => Ok(match json_kind(json)? {
            JsonKind::Bool(value) => Some(value),
            _ => None,
        }),
        (_, "true") => Ok(Some(true)),
        (_, "false") => Ok(Some(false)),
        (_, text) => {
            let text = text.to_owned();
            Err(EvalErrorKind::InvalidText { text, wanted: "a Bool", example: "\"true\" or \"false\"" })
        }
    })
}

/// Returns the text of a row; `None` for JSON that is not a string.
fn text_value(scalar: ScalarType, text: &str) -> Result<Option<String>, EvalErrorKind> {
    match scalar {
        ScalarType::Json => Ok(match json_kind(text)? {
            JsonKind::Text(text) => Some(text),
            _ => None,
        }),
        _ => Ok(Some(text.to_owned())),
    }
}

fn to_date(batch: &OperandBatch, scalar: ScalarType) -> Result<ArrayRef, EvalError> {
    match scalar {
        ScalarType::Date => unchanged(batch),
        ScalarType::DateTime => {
            let values = batch.cells::<TimestampMillisecondArray>(0)?;
            shared(batch.map_primitive::<Date32Type>(|row| {
                let days = values.value(row).div_euclid(DAY_MILLISECONDS);
                let help = "use an instant nearer to the present";
                i32::try_from(days).map(Some).map_err(|_| EvalErrorKind::out_of_range(values.value(row), "Date", help))
            })?)
        }
        _ => {
            let texts = batch.texts(0)?;
            shared(batch.map_primitive::<Date32Type>(|row| {
                let Some(text) = text_value(scalar, texts.value(row))? else { return Ok(None) };
                let parsed = parse_date(&text);
                parsed.map(Some).ok_or(EvalErrorKind::InvalidText { text, wanted: "a Date", example: "\"2024-05-06\"" })
            })?)
        }
    }
}

fn to_datetime(batch: &OperandBatch, scalar: ScalarType) -> Result<ArrayRef, EvalError> {
    match scalar {
        ScalarType::DateTime => unchanged(batch),
        ScalarType::Date => {
            let values = batch.cells::<Date32Array>(0)?;
            instants(batch.map_primitive::<TimestampMillisecondType>(|row| {
                Ok(Some(i64::from(values.value(row)) * DAY_MILLISECONDS))
            })?)
        }
        _ => {
            let texts = batch.texts(0)?;
            instants(batch.map_primitive::<TimestampMillisecondType>(|row| {
                let Some(text) = text_value(scalar, texts.value(row))? else { return Ok(None) };
                let parsed = parse_datetime(&text);
                let example = "\"2024-05-06T07:08:09Z\"";
                parsed.map(Some).ok_or(EvalErrorKind::InvalidText { text, wanted: "a DateTime", example })
            })?)
        }
    }
}
