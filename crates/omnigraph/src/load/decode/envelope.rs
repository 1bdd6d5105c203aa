//! One line: which type, which ends, where its data is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::chunk::Groups;
use super::problem::{self, Problem};
use super::row::{DataSeed, duplicate, is_storage_name};
use crate::validate::TypeIndex;

/// Reads one line into the rows of its type. What is wrong with it goes to `problem`.
pub(super) struct Envelope<'a, 'p> {
    pub(super) groups: &'a mut Groups<'p>,
    pub(super) line: u32,
    pub(super) problem: &'a mut Option<Problem>,
}

/// What was read of a line so far.
#[derive(Default)]
struct Heading<'de> {
    ty: Option<TypeIndex>,
    edge: bool,
    from: Option<Cow<'de, str>>,
    to: Option<Cow<'de, str>>,
    /// Data that stood before the type; read once that is known.
    early: Option<&'de RawValue>,
    data: bool,
}

impl<'de> DeserializeSeed<'de> for Envelope<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line that is one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut heading = Heading::default();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            self.member(&name, &mut members, &mut heading)?;
        }
        self.close(heading)
    }
}

impl Envelope<'_, '_> {
    fn fail<T, E: serde::de::Error>(&mut self, found: Problem) -> Result<T, E> {
        *self.problem = Some(found);
        Err(E::custom("line"))
    }

    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        members: &mut A,
        heading: &mut Heading<'de>,
    ) -> Result<(), A::Error> {
        match name {
            "type" | "edge" => {
                let word = self.text(name, members)?;
                self.name_type(name == "edge", &word, heading)
            }
            "from" => {
                let text = self.text(name, members)?;
                if heading.from.replace(text).is_some() { self.fail(duplicate(name)) } else { Ok(()) }
            }
            "to" => {
                let text = self.text(name, members)?;
                if heading.to.replace(text).is_some() { self.fail(duplicate(name)) } else { Ok(()) }
            }
            "data" if heading.data || heading.early.is_some() => self.fail(duplicate(name)),
            "data" => match heading.ty {
                Some(ty) => {
                    heading.data = true;
                    let rows = self.groups.rows(ty);
                    rows.begin();
                    members.next_value_seed(DataSeed { rows, problem: self.problem })
                }
                None => {
                    heading.early = Some(members.next_value()?);
                    Ok(())
                }
            },
            _ if matches!(name, "id" | "src" | "dst") || is_storage_name(name) => {
                let message =
                    format!("top-level field '{name}' is reserved physical state; properties go into \"data\"");
                self.fail(Problem::new(problem::ENVELOPE, message))
            }
            _ => {
                let message = format!("unknown top-level graph batch field '{name}'; properties go into \"data\"");
                self.fail(Problem::new(problem::ENVELOPE, message))
            }
        }
    }

    fn text<'de, A: MapAccess<'de>>(&mut self, name: &str, members: &mut A) -> Result<Cow<'de, str>, A::Error> {
        match members.next_value::<Text<'de>>()? {
            Text(Ok(text)) => Ok(text),
            Text(Err(got)) => {
                self.fail(Problem::new(problem::ENVELOPE, format!("field '{name}' must be a text, got {got}")))
            }
        }
    }

    fn name_type<E: serde::de::Error>(&mut self, edge: bool, word: &str, heading: &mut Heading<'_>) -> Result<(), E> {
        if heading.ty.is_some() {
            if heading.edge == edge {
                return self.fail(duplicate(if edge { "edge" } else { "type" }));
            }
            return self.fail(exactly_one());
        }
        let plan = self.groups.plan();
        let found = if edge { plan.edge(word) } else { plan.node(word) };
        let Some(ty) = found else {
            let kind = if edge { "edge" } else { "node" };
            let near = plan.near(word, edge).map(|near| format!("; did you mean '{near}'?"));
            let message = format!("unknown {kind} type '{word}'{}", near.unwrap_or_default());
            return self.fail(Problem::new(problem::UNKNOWN_TYPE, message));
        };
        heading.ty = Some(ty);
        heading.edge = edge;
        Ok(())
    }

    fn close<E: serde::de::Error>(mut self, heading: Heading<'_>) -> Result<(), E> {
        let Some(ty) = heading.ty else { return self.fail(exactly_one()) };
        let rows = self.groups.rows(ty);
        if !heading.data {
            rows.begin();
        }
        if let Some(early) = heading.early {
            let mut data = serde_json::Deserializer::from_str(early.get());
            let seed = DataSeed { rows, problem: self.problem };
            seed.deserialize(&mut data).map_err(E::custom)?;
        }
        let ends = match (heading.edge, &heading.from, &heading.to) {
            (true, Some(from), Some(to)) => Some((from.as_ref(), to.as_ref())),
            (true, from, _) => {
                let field = if from.is_none() { "from" } else { "to" };
                return self.fail(Problem::new(problem::MISSING, format!("an edge requires field '{field}'")));
            }
            (false, None, None) => None,
            (false, ..) => {
                let message = "a node has no \"from\" and no \"to\"; name the type as \"edge\"";
                return self.fail(Problem::new(problem::ENVELOPE, message));
            }
        };
        match self.groups.rows(ty).complete(self.line, ends) {
            Ok(()) => Ok(()),
            Err(found) => self.fail(found),
        }
    }
}

fn exactly_one() -> Problem {
    Problem::new(problem::ENVELOPE, "a line names exactly one of 'type' or 'edge'")
}

/// A text, or what stands in its place.
struct Text<'de>(Result<Cow<'de, str>, String>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Ok(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Ok(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(Err("null".to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text<'de>, E> {
        Ok(Text(Err(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text<'de>, E> {
        Ok(Text(Err(format!("the number {value}"))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text<'de>, E> {
        Ok(Text(Err(format!("the number {value}"))))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text<'de>, E> {
        Ok(Text(Err(format!("the number {value:?}"))))
    }
}
