//! `@default(literal | now() | uuid())`: the value must fit the property.

use std::collections::HashMap;

use super::CatalogBuilder;
use super::draft::{PropertyDraft, TypeDraft};
use crate::catalog::{DefaultValue, NumberLiteral};
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{AnnotationSyntax, ArgValue};
use crate::span::{Span, Spanned};
use crate::types::{PropType, ScalarType};

impl CatalogBuilder {
    pub(super) fn default_value(
        &mut self,
        property: &PropertyDraft,
        annotation: &AnnotationSyntax,
    ) -> Option<Spanned<DefaultValue>> {
        self.check_argument_names(Code::S056, annotation, &[]);
        let values: Vec<&Spanned<ArgValue>> = annotation.positional().collect();
        let [value] = values.as_slice() else {
            self.error(Code::S056, annotation.span, "`@default` takes one value: a literal, `now()` or `uuid()`");
            return None;
        };
        let ty = property.ty.as_ref()?;
        match convert(&value.node, ty) {
            Ok(default) => Some(Spanned::new(default, value.span)),
            Err(reason) => {
                let message = format!("`@default` of `{}` does not fit {ty}: {reason}", property.name.node);
                self.report(Diagnostic::error(Code::S067, value.span, message));
                None
            }
        }
    }

    /// Reports defaults that violate a rule of their own property: every insert that uses them would fail.
    pub(super) fn check_defaults(&mut self, draft: &TypeDraft) {
        let literals: HashMap<&str, (&serde_json::Value, Span)> = draft
            .properties
            .iter()
            .filter_map(|property| {
                let Spanned { node: DefaultValue::Literal(value), span } = property.default.as_deref()? else {
                    return None;
                };
                let span = if property.injected { draft.name.span } else { *span };
                Some((property.name.node.as_str(), (value, span)))
            })
            .collect();
        for range in &draft.ranges {
            let Some((value, span)) = literals.get(range.property.as_str()) else { continue };
            let Some(number) = value.as_number().and_then(|number| NumberLiteral::parse(&number.to_string())) else {
                continue;
            };
            let below = range.min.is_some_and(|min| number.compare(min).is_lt());
            if below || range.max.is_some_and(|max| number.compare(max).is_gt()) {
                self.error(Code::S067, *span, format!("`@default` of `{}` is outside its own @range", range.property));
            }
        }
        for check in &draft.checks {
            let Some((value, span)) = literals.get(check.property.as_str()) else { continue };
            let Some(text) = value.as_str() else { continue };
            if regex::Regex::new(&check.pattern).is_ok_and(|pattern| !pattern.is_match(text)) {
                self.error(Code::S067, *span, format!("`@default` of `{}` fails its own @check", check.property));
            }
        }
    }
}

fn convert(value: &ArgValue, ty: &PropType) -> Result<DefaultValue, String> {
    match value {
        ArgValue::Call(name, None) if name == "now" => match ty.scalar {
            ScalarType::DateTime if !ty.list => Ok(DefaultValue::Now),
            _ => Err("`now()` is a DateTime".to_owned()),
        },
        ArgValue::Call(name, None) if name == "uuid" => match ty.scalar {
            ScalarType::String if !ty.list && ty.enum_values.is_none() => Ok(DefaultValue::Uuid),
            _ => Err("`uuid()` is a String".to_owned()),
        },
        ArgValue::Call(name, _) if !matches!(name.as_str(), "date" | "datetime") => {
            Err(format!("`{name}()` is not one of `now()`, `uuid()`, `date(\"…\")`, `datetime(\"…\")`"))
        }
        ArgValue::List(items) if ty.list => {
            let items = items.iter().map(|item| scalar(&item.node, ty)).collect::<Result<Vec<_>, _>>()?;
            Ok(DefaultValue::Literal(items.into()))
        }
        ArgValue::List(items) if matches!(ty.scalar, ScalarType::Vector(_)) => vector(items, ty),
        ArgValue::List(items) if ty.scalar == ScalarType::Json => {
            let items = items.iter().map(|item| scalar(&item.node, ty)).collect::<Result<Vec<_>, _>>()?;
            Ok(DefaultValue::Literal(items.into()))
        }
        ArgValue::List(_) => Err("it is a list".to_owned()),
        _ if ty.list => Err("it is not a list; write `[…]`".to_owned()),
        other => scalar(other, ty).map(DefaultValue::Literal),
    }
}

fn vector(items: &[Spanned<ArgValue>], ty: &PropType) -> Result<DefaultValue, String> {
    let ScalarType::Vector(dimension) = ty.scalar else { return Err("it is a list".to_owned()) };
    if items.len() != dimension as usize {
        return Err(format!("it has {} dimensions", items.len()));
    }
    let single = PropType::new(ScalarType::F32);
    let items = items.iter().map(|item| scalar(&item.node, &single)).collect::<Result<Vec<_>, _>>()?;
    Ok(DefaultValue::Literal(items.into()))
}

/// Converts a value to the encoding of bulk loads.
fn scalar(value: &ArgValue, ty: &PropType) -> Result<serde_json::Value, String> {
    match (value, ty.scalar) {
        (ArgValue::Name(word) | ArgValue::String(word), ScalarType::String) if ty.enum_values.is_some() => {
            let words = ty.enum_values.as_deref().unwrap_or_default();
            if words.contains(word) {
                return Ok(word.clone().into());
            }
            Err(format!("invalid enum value '{word}' (expected: {})", words.join(", ")))
        }
        (ArgValue::String(text), ScalarType::String | ScalarType::Json) => Ok(text.clone().into()),
        (ArgValue::Bool(truth), ScalarType::Bool | ScalarType::Json) => Ok((*truth).into()),
        (ArgValue::Number(text), ScalarType::Json) => {
            text.parse::<i64>().map(Into::into).or_else(|_| float(text).map(Into::into))
        }
        (ArgValue::Number(text), ScalarType::F64) => float(text).map(Into::into),
        (ArgValue::Number(text), ScalarType::F32) => single(text),
        (ArgValue::Number(text), ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64) => {
            integer(text, ty.scalar)
        }
        (ArgValue::Call(name, Some(text)), ScalarType::Date) if name == "date" => date(text),
        (ArgValue::Call(name, Some(text)), ScalarType::DateTime) if name == "datetime" => datetime(text),
        (ArgValue::String(_), ScalarType::Date) => Err("expected `date(\"2024-05-06\")`, found a text".to_owned()),
        (ArgValue::String(_), ScalarType::DateTime) => {
            Err("expected `datetime(\"2024-05-06T07:08:09Z\")`, found a text".to_owned())
        }
        (ArgValue::Name(word), _) => {
            Err(format!("expected a literal, found `{word}`; texts are written in double quotes"))
        }
        _ => Err(described(value)),
    }
}

/// Describes a value that does not fit, for messages.
fn described(value: &ArgValue) -> String {
    match value {
        ArgValue::String(_) => "it is a text".to_owned(),
        ArgValue::Number(text) => format!("{text} is a number"),
        ArgValue::Bool(truth) => format!("{truth} is a Bool"),
        ArgValue::Call(name, Some(_)) => {
            format!("`{name}(…)` is a {}", if name == "date" { "Date" } else { "DateTime" })
        }
        ArgValue::Call(name, None) => format!("`{name}()` takes a text"),
        ArgValue::Name(_) | ArgValue::System(_) | ArgValue::Bounds(..) | ArgValue::List(_) => {
            "expected a literal".to_owned()
        }
    }
}

fn float(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "it is not a number".to_owned())
}

fn single(text: &str) -> Result<serde_json::Value, String> {
    let narrow: f32 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if narrow.is_finite() { float(text).map(Into::into) } else { Err("it exceeds Float32 range".to_owned()) }
}

fn integer(text: &str, scalar: ScalarType) -> Result<serde_json::Value, String> {
    let value: i64 = text.parse().map_err(|_| format!("{text} is not an integer"))?;
    let (low, high) = match scalar {
        ScalarType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        ScalarType::U32 => (0, i64::from(u32::MAX)),
        ScalarType::U64 => (0, i64::MAX),
        _ => (i64::MIN, i64::MAX),
    };
    if (low..=high).contains(&value) { Ok(value.into()) } else { Err(format!("{value} exceeds its range")) }
}

fn date(text: &str) -> Result<serde_json::Value, String> {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|date| date.format("%Y-%m-%d").to_string().into())
        .map_err(|_| format!("invalid Date literal '{text}'"))
}

fn datetime(text: &str) -> Result<serde_json::Value, String> {
    let instant = chrono::DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.with_timezone(&chrono::Utc))
        .map_err(|_| format!("invalid DateTime literal '{text}'"))?;
    let form = if instant.timestamp_subsec_millis() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.3fZ" };
    Ok(instant.format(form).to_string().into())
}
