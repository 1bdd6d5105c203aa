//! Strict JSON: values into a column, and values of any shape without duplicate members.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::column_builder::{ColumnBuilder, to_single};
use super::row_builder::duplicate_member;
use super::{MISSING_VALUE, WRONG_TYPE};
use crate::error::RowError;

/// A string that borrows from the input if it has no escapes.
#[derive(Deserialize)]
pub(super) struct JsonText<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Returns the message of an error of serde without its position, which is relative to the line.
pub(super) fn without_position(error: &impl fmt::Display) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned())
}

/// A deserializer of one JSON value into `column`. The error of an invalid value goes to `error`; the error of serde only
/// signals that there is one, and its position.
pub(super) struct ValueSeed<'a> {
    pub(super) column: &'a mut ColumnBuilder,
    pub(super) nullable: bool,
    pub(super) error: &'a mut Option<Box<RowError>>,
}

impl ValueSeed<'_> {
    fn finish<E: serde::de::Error>(self, outcome: Result<(), Box<RowError>>) -> Result<(), E> {
        outcome.map_err(|found| {
            *self.error = Some(found);
            E::custom("value")
        })
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.nullable {
            self.column.push_null();
            return Ok(());
        }
        self.finish(Err(RowError::new(MISSING_VALUE, "is non-nullable and cannot be null")))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        let outcome = self.column.push_bool(value);
        self.finish(outcome)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        let outcome = self.column.push_integer(i128::from(value));
        self.finish(outcome)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        let outcome = self.column.push_integer(i128::from(value));
        self.finish(outcome)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        let outcome = self.column.push_float(value);
        self.finish(outcome)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let outcome = self.column.push_text(value);
        self.finish(outcome)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        match &mut *self.column {
            ColumnBuilder::Vector { length, values, valid } => {
                let before = values.len();
                loop {
                    let next = items.next_element::<f64>().inspect_err(|error| {
                        let message = format!("vector elements must be numeric: {}", without_position(error));
                        *self.error = Some(RowError::new(WRONG_TYPE, message));
                    })?;
                    let Some(number) = next else { break };
                    values.push(to_single(number).map_err(|found| {
                        *self.error = Some(found);
                        A::Error::custom("value")
                    })?);
                }
                let got = values.len() - before;
                if got != *length {
                    let message = format!("vector property expects {length} dimensions, got {got}");
                    *self.error = Some(RowError::new(WRONG_TYPE, message));
                    return Err(A::Error::custom("value"));
                }
                valid.push(true);
                return Ok(());
            }
            ColumnBuilder::List { items: column, offsets, valid } => {
                let mut count = offsets.last().copied().unwrap_or(0);
                loop {
                    let seed = ValueSeed { column, nullable: false, error: self.error };
                    if items.next_element_seed(seed)?.is_none() {
                        break;
                    }
                    count += 1;
                }
                offsets.push(count);
                valid.push(true);
                return Ok(());
            }
            ColumnBuilder::Json(column) => {
                let list = StrictValue { error: self.error }.visit_seq(items)?;
                column.append_value(list.to_string());
                return Ok(());
            }
            _ => {}
        }
        let found = self.column.type_error("an array");
        self.finish(Err(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let ColumnBuilder::Json(column) = &mut *self.column else {
            let found = self.column.type_error("an object");
            return self.finish(Err(found));
        };
        let object = StrictValue { error: self.error }.visit_map(members)?;
        column.append_value(object.to_string());
        Ok(())
    }
}

/// A deserializer of a value of any shape. The error of a duplicate member goes to `error`.
struct StrictValue<'a> {
    error: &'a mut Option<Box<RowError>>,
}

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(StrictValue { error: &mut *self.error })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                *self.error = Some(duplicate_member(&name));
                return Err(A::Error::custom("value"));
            }
            let value = members.next_value_seed(StrictValue { error: &mut *self.error })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
