//! Texts of CSV into a column.

use serde::de::DeserializeSeed;

use super::column::Column;
use super::problem::{self, Problem};
use super::value::ValueSeed;

/// Appends what the text of a cell says.
pub(super) fn push(column: &mut Column, nullable: bool, text: &str) -> Result<(), Problem> {
    let other = |column: &Column| column.expected(&format!("the text \"{text}\""));
    match column {
        Column::Text(_) | Column::Blob(_) => column.push_text(text),
        Column::Json(_) | Column::Vector { .. } | Column::List { .. } => push_json(column, nullable, text),
        Column::Bool(_) => match text {
            _ if text.eq_ignore_ascii_case("true") => column.push_bool(true),
            _ if text.eq_ignore_ascii_case("false") => column.push_bool(false),
            _ => Err(other(column)),
        },
        Column::I32(_) | Column::I64(_) | Column::U32(_) | Column::U64(_) => match text.parse() {
            Ok(value) => column.push_integer(value),
            Err(_) => Err(other(column)),
        },
        Column::F32(_) | Column::F64(_) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => column.push_float(value),
            _ => Err(other(column)),
        },
        Column::Date(_) | Column::DateTime(_) => match (column.push_text(text), text.parse()) {
            (Err(_), Ok(value)) => column.push_integer(value),
            (outcome, _) => outcome,
        },
    }
}

fn push_json(column: &mut Column, nullable: bool, text: &str) -> Result<(), Problem> {
    let wanted = column.expected("");
    let mut found = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = ValueSeed { column, nullable, problem: &mut found }.deserialize(&mut json).and_then(|()| json.end());
    outcome.map_err(|error| {
        found.unwrap_or_else(|| {
            let wanted = wanted.message.trim_end_matches(", got ").to_owned();
            Problem::new(problem::WRONG_TYPE, format!("{wanted} as JSON, got \"{text}\": {error}"))
        })
    })
}
