//! JSON values into a column.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::column::{Column, single};
use super::problem::{self, Problem};

/// Appends the JSON value that comes next to `column`. What is wrong with it goes to `problem`; the error that serde gets
/// only says that there is something, and where.
pub(super) struct ValueSeed<'a> {
    pub(super) column: &'a mut Column,
    pub(super) nullable: bool,
    pub(super) problem: &'a mut Option<Problem>,
}

impl ValueSeed<'_> {
    fn settle<E: serde::de::Error>(self, outcome: Result<(), Problem>) -> Result<(), E> {
        outcome.map_err(|found| {
            *self.problem = Some(found);
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
        self.settle(Err(Problem::new(problem::MISSING, "is non-nullable and cannot be null")))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        let outcome = self.column.push_bool(value);
        self.settle(outcome)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        let outcome = self.column.push_integer(i128::from(value));
        self.settle(outcome)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        let outcome = self.column.push_integer(i128::from(value));
        self.settle(outcome)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        let outcome = self.column.push_float(value);
        self.settle(outcome)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let outcome = self.column.push_text(value);
        self.settle(outcome)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        match &mut *self.column {
            Column::Vector { length, values, valid } => {
                let before = values.len();
                while let Some(number) = items.next_element::<f64>()? {
                    match single(number) {
                        Ok(number) => values.push(number),
                        Err(found) => {
                            *self.problem = Some(found);
                            return Err(A::Error::custom("value"));
                        }
                    }
                }
                let got = values.len() - before;
                if got != *length {
                    let message = format!("vector property expects {length} dimensions, got {got}");
                    *self.problem = Some(Problem::new(problem::WRONG_TYPE, message));
                    return Err(A::Error::custom("value"));
                }
                valid.push(true);
                return Ok(());
            }
            Column::List { items: column, ends, valid } => {
                let mut count = ends.last().copied().unwrap_or(0);
                loop {
                    let seed = ValueSeed { column, nullable: false, problem: self.problem };
                    if items.next_element_seed(seed)?.is_none() {
                        break;
                    }
                    count += 1;
                }
                ends.push(count);
                valid.push(true);
                return Ok(());
            }
            Column::Json(column) => {
                let mut list = Vec::new();
                while let Some(item) = items.next_element::<serde_json::Value>()? {
                    list.push(item);
                }
                column.append_value(serde_json::Value::Array(list).to_string());
                return Ok(());
            }
            _ => {}
        }
        let found = self.column.expected("an array");
        self.settle(Err(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Column::Json(column) = &mut *self.column else {
            let found = self.column.expected("an object");
            return self.settle(Err(found));
        };
        let mut object = serde_json::Map::new();
        while let Some((name, value)) = members.next_entry::<String, serde_json::Value>()? {
            if object.contains_key(&name) {
                let message = format!("duplicate JSON member '{name}'");
                *self.problem = Some(Problem::new(problem::DUPLICATE_MEMBER, message));
                return Err(A::Error::custom("value"));
            }
            object.insert(name, value);
        }
        column.append_value(serde_json::Value::Object(object).to_string());
        Ok(())
    }
}
