//! NDJSON: lines as draft rows. Each line is an object that names its type, the endpoints of an edge, and its data.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::row_builder::{DataSeed, RowBuilder, duplicate_member, is_reserved_name};
use super::strict_json::{JsonText, without_position};
use super::typed_rows::DraftRows;
use super::{DecodeContext, INVALID_ROW, MISSING_VALUE, NOT_JSON, RowDecodeError, UNKNOWN_TYPE};
use crate::error::RowError;
use crate::write::constraints::{RowPlans, TypeIndex};
use crate::write::load::source::LinePiece;

/// Some lines of a piece of NDJSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineView<'a> {
    first_line: u64,
    text: &'a [u8],
}

/// Row builders by type, created with the first row of a type.
struct RowBuilders<'p> {
    plans: &'p RowPlans,
    by_type: Vec<Option<RowBuilder<'p>>>,
}

impl<'p> RowBuilders<'p> {
    fn builder(&mut self, ty: TypeIndex) -> &mut RowBuilder<'p> {
        let plans = self.plans;
        self.by_type[ty].get_or_insert_with(|| RowBuilder::new(&plans.types[ty]))
    }
}

impl<'a> LineView<'a> {
    pub(super) fn new(piece: &'a LinePiece) -> Self {
        Self { first_line: piece.first_line, text: &piece.text }
    }

    /// Returns the rows by type.
    pub(super) fn drafts(&self, context: &DecodeContext) -> Result<Vec<(TypeIndex, DraftRows)>, RowDecodeError> {
        let text = std::str::from_utf8(self.text).map_err(|flaw| {
            let column = flaw.valid_up_to() + 1;
            RowError::new(NOT_JSON, "invalid UTF-8").with_column(column)
        })?;
        let plans = &context.plans;
        let mut builders = RowBuilders { plans, by_type: plans.types.iter().map(|_| None).collect() };
        // A piece has far fewer than 2^32 lines.
        for (index, line) in (0u32..).zip(text.split('\n')) {
            if !line.trim_ascii_start().is_empty() {
                decode_line(&mut builders, index, line)?;
            }
        }
        let read = builders.by_type.into_iter().enumerate().filter_map(|(ty, rows)| Some((ty, rows?)));
        let finished = read.map(|(ty, rows)| {
            let draft = rows.finish(context, self.first_line)?;
            Ok((ty, draft))
        });
        finished.collect()
    }

    /// Splits the lines; none if there is one line.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (before, behind) = self.text.split_at(self.text.len() / 2);
        let end = |byte: &u8| *byte == b'\n';
        let later = behind.iter().position(end).map(|at| before.len() + at + 1).filter(|cut| *cut < self.text.len());
        let cut = later.or_else(|| before.iter().rposition(end).map(|at| at + 1))?;
        let (first, second) = self.text.split_at(cut);
        let lines = first.iter().filter(|byte| end(byte)).count() as u64;
        Some((Self { text: first, ..*self }, Self { text: second, first_line: self.first_line + lines }))
    }

    /// Returns the number and text of the only line.
    pub(super) fn only_line(&self) -> (u64, String) {
        (self.first_line, String::from_utf8_lossy(self.text.trim_ascii_end()).into_owned())
    }
}

fn decode_line(builders: &mut RowBuilders<'_>, index: u32, text: &str) -> Result<(), Box<RowError>> {
    let mut found = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let visitor = LineVisitor { builders, line: index, error: &mut found };
    let outcome = visitor.deserialize(&mut json).and_then(|()| json.end());
    outcome.map_err(|error| {
        let row_error = match error.classify() {
            serde_json::error::Category::Data => found.unwrap_or_else(|| {
                RowError::new(INVALID_ROW, format!("must be one JSON object: {}", without_position(&error)))
            }),
            _ => RowError::new(NOT_JSON, format!("invalid strict JSON: {}", without_position(&error))),
        };
        row_error.with_column(error.column())
    })
}

/// A deserializer of one line into the rows of its type. The error of an invalid line goes to `error`.
struct LineVisitor<'a, 'p> {
    builders: &'a mut RowBuilders<'p>,
    line: u32,
    error: &'a mut Option<Box<RowError>>,
}

/// The members of a line that were read so far.
#[derive(Default)]
struct LineMembers<'de> {
    ty: Option<TypeIndex>,
    edge: bool,
    from: Option<Cow<'de, str>>,
    to: Option<Cow<'de, str>>,
    /// Data before the type, which is decoded when the type is known.
    early_data: Option<&'de RawValue>,
    has_data: bool,
}

impl<'de> DeserializeSeed<'de> for LineVisitor<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LineVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line that is one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        let mut members = LineMembers::default();
        while let Some(JsonText(name)) = access.next_key::<JsonText<'de>>()? {
            self.member(&name, &mut access, &mut members)?;
        }
        self.finish(members)
    }
}

impl LineVisitor<'_, '_> {
    fn fail<T, E: serde::de::Error>(&mut self, found: Box<RowError>) -> Result<T, E> {
        *self.error = Some(found);
        Err(E::custom("line"))
    }

    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        access: &mut A,
        members: &mut LineMembers<'de>,
    ) -> Result<(), A::Error> {
        match name {
            "type" | "edge" => {
                let word = self.text(name, access)?;
                self.name_type(name == "edge", &word, members)
            }
            "from" => {
                let text = self.text(name, access)?;
                if members.from.replace(text).is_some() { self.fail(duplicate_member(name)) } else { Ok(()) }
            }
            "to" => {
                let text = self.text(name, access)?;
                if members.to.replace(text).is_some() { self.fail(duplicate_member(name)) } else { Ok(()) }
            }
            "data" if members.has_data || members.early_data.is_some() => self.fail(duplicate_member(name)),
            "data" => match members.ty {
                Some(ty) => {
                    members.has_data = true;
                    let rows = self.builders.builder(ty);
                    rows.begin_row();
                    access.next_value_seed(DataSeed { rows, error: self.error })
                }
                None => {
                    members.early_data = Some(access.next_value()?);
                    Ok(())
                }
            },
            _ if matches!(name, "id" | "src" | "dst") || is_reserved_name(name) => {
                let message =
                    format!("top-level field '{name}' is reserved physical state; properties go into \"data\"");
                self.fail(RowError::new(INVALID_ROW, message))
            }
            _ => {
                let message = format!("unknown top-level graph batch field '{name}'; properties go into \"data\"");
                self.fail(RowError::new(INVALID_ROW, message))
            }
        }
    }

    fn text<'de, A: MapAccess<'de>>(&mut self, name: &str, access: &mut A) -> Result<Cow<'de, str>, A::Error> {
        let text = access.next_value::<JsonText<'de>>().inspect_err(|error| {
            let message = format!("field '{name}' must be a string: {}", without_position(error));
            *self.error = Some(RowError::new(INVALID_ROW, message));
        })?;
        Ok(text.0)
    }

    fn name_type<E: serde::de::Error>(
        &mut self,
        edge: bool,
        word: &str,
        members: &mut LineMembers<'_>,
    ) -> Result<(), E> {
        if members.ty.is_some() {
            if members.edge == edge {
                return self.fail(duplicate_member(if edge { "edge" } else { "type" }));
            }
            return self.fail(ambiguous_type());
        }
        let plans = self.builders.plans;
        let found = if edge { plans.edge(word) } else { plans.node(word) };
        let Some(ty) = found else {
            let kind = if edge { "edge" } else { "node" };
            let hint = plans.suggestion(word, edge).map(|name| format!("; did you mean '{name}'?"));
            let message = format!("unknown {kind} type '{word}'{}", hint.unwrap_or_default());
            return self.fail(RowError::new(UNKNOWN_TYPE, message));
        };
        members.ty = Some(ty);
        members.edge = edge;
        Ok(())
    }

    fn finish<E: serde::de::Error>(mut self, members: LineMembers<'_>) -> Result<(), E> {
        let Some(ty) = members.ty else { return self.fail(ambiguous_type()) };
        let rows = self.builders.builder(ty);
        if !members.has_data {
            rows.begin_row();
        }
        if let Some(early) = members.early_data {
            let mut data = serde_json::Deserializer::from_str(early.get());
            let seed = DataSeed { rows, error: self.error };
            seed.deserialize(&mut data).map_err(E::custom)?;
        }
        let endpoints = match (members.edge, &members.from, &members.to) {
            (true, Some(from), Some(to)) => Some((from.as_ref(), to.as_ref())),
            (true, from, _) => {
                let field = if from.is_none() { "from" } else { "to" };
                return self.fail(RowError::new(MISSING_VALUE, format!("an edge requires field '{field}'")));
            }
            (false, None, None) => None,
            (false, ..) => {
                let message = "a node cannot have \"from\" or \"to\". Name the type as \"edge\"";
                return self.fail(RowError::new(INVALID_ROW, message));
            }
        };
        match self.builders.builder(ty).finish_row(self.line, endpoints) {
            Ok(()) => Ok(()),
            Err(found) => self.fail(found),
        }
    }
}

fn ambiguous_type() -> Box<RowError> {
    RowError::new(INVALID_ROW, "a line names exactly one of 'type' or 'edge'")
}
