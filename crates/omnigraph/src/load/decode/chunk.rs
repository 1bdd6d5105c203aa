//! Lines to drafts.

use serde::de::DeserializeSeed;

use super::envelope::Envelope;
use super::group::Draft;
use super::piece::{Context, Refusal};
use super::problem::{self, Problem};
use super::row::Rows;
use crate::load::source::LinePiece;
use crate::validate::{RowPlans, TypeIndex};

/// Some lines of a piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineView<'a> {
    first_line: u64,
    text: &'a [u8],
}

/// Rows by type, begun when the first of a type comes.
pub(super) struct Groups<'p> {
    plan: &'p RowPlans,
    by_type: Vec<Option<Rows<'p>>>,
}

impl<'p> Groups<'p> {
    pub(super) fn plan(&self) -> &'p RowPlans {
        self.plan
    }

    pub(super) fn rows(&mut self, ty: TypeIndex) -> &mut Rows<'p> {
        let plan = self.plan;
        self.by_type[ty].get_or_insert_with(|| Rows::new(&plan.types[ty]))
    }
}

impl<'a> LineView<'a> {
    pub(super) fn of(piece: &'a LinePiece) -> Self {
        Self { first_line: piece.first_line, text: &piece.text }
    }

    /// The rows by type.
    pub(super) fn drafts(&self, context: &Context) -> Result<Vec<(TypeIndex, Draft)>, Refusal> {
        let text = std::str::from_utf8(self.text).map_err(|flaw| {
            let column = flaw.valid_up_to() + 1;
            Refusal::Flaw(Problem::new(problem::NOT_JSON, "not valid UTF-8"), column)
        })?;
        let plan = &context.plan;
        let mut groups = Groups { plan, by_type: plan.types.iter().map(|_| None).collect() };
        // A piece has fewer lines than bytes, and those of the longest line fit.
        for (index, line) in (0u32..).zip(text.split('\n')) {
            if !line.trim_ascii_start().is_empty() {
                decode_line(&mut groups, index, line)?;
            }
        }
        let read = groups.by_type.into_iter().enumerate().filter_map(|(ty, rows)| Some((ty, rows?)));
        let finished = read.map(|(ty, rows)| {
            let draft = rows.finish(&context.ambient, context.now_millis, self.first_line)?;
            Ok((ty, draft))
        });
        finished.collect()
    }

    /// Two parts of whole lines, unless there is one line.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (before, behind) = self.text.split_at(self.text.len() / 2);
        let end = |byte: &u8| *byte == b'\n';
        let later = behind.iter().position(end).map(|at| before.len() + at + 1).filter(|cut| *cut < self.text.len());
        let cut = later.or_else(|| before.iter().rposition(end).map(|at| at + 1))?;
        let (first, second) = self.text.split_at(cut);
        let lines = first.iter().filter(|byte| end(byte)).count() as u64;
        Some((Self { text: first, ..*self }, Self { text: second, first_line: self.first_line + lines }))
    }

    /// The number and text of the only line.
    pub(super) fn only(&self) -> (u64, String) {
        (self.first_line, String::from_utf8_lossy(self.text.trim_ascii_end()).into_owned())
    }
}

fn decode_line(groups: &mut Groups<'_>, index: u32, text: &str) -> Result<(), Refusal> {
    let mut found = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome =
        Envelope { groups, line: index, problem: &mut found }.deserialize(&mut json).and_then(|()| json.end());
    outcome.map_err(|error| {
        let problem = found.unwrap_or_else(|| match error.classify() {
            serde_json::error::Category::Data => {
                Problem::new(problem::ENVELOPE, format!("must be one JSON object: {}", bare(&error)))
            }
            _ => Problem::new(problem::NOT_JSON, format!("invalid strict JSON: {}", bare(&error))),
        });
        Refusal::Flaw(problem, error.column())
    })
}

/// The message without its own line and column: those of the file are shown.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}
