//! JSON values into a column.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::column::{Column, single};
use super::problem::{self, Problem};
use super::strict::Strict;

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
                while let Some(number) = items.next_element_seed(Element { problem: self.problem })? {
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
                let list = Strict { problem: self.problem }.visit_seq(items)?;
                column.append_value(list.to_string());
                return Ok(());
            }
            _ => {}
        }
        let found = self.column.expected("an array");
        self.settle(Err(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        let Column::Json(column) = &mut *self.column else {
            let found = self.column.expected("an object");
            return self.settle(Err(found));
        };
        let object = Strict { problem: self.problem }.visit_map(members)?;
        column.append_value(object.to_string());
        Ok(())
    }
}

/// A number of a vector.
struct Element<'a> {
    problem: &'a mut Option<Problem>,
}

impl Element<'_> {
    fn refuse<E: serde::de::Error>(self, got: &str) -> Result<f64, E> {
        let message = format!("vector elements must be numeric, got {got}");
        *self.problem = Some(Problem::new(problem::WRONG_TYPE, message));
        Err(E::custom("value"))
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<f64, E> {
        self.refuse("null")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<f64, E> {
        self.refuse(if value { "true" } else { "false" })
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<f64, E> {
        self.refuse(&format!("the text \"{value}\""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<f64, A::Error> {
        self.refuse("an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<f64, A::Error> {
        self.refuse("an object")
    }
}
