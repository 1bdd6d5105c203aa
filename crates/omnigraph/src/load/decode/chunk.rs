//! Lines to batches.

use omnigraph_objects::Ambient;
use serde::de::DeserializeSeed;

use super::envelope::Envelope;
use super::group::{Draft, Group};
use super::problem::{self, Problem, data_error};
use super::row::Rows;
use crate::error::{DataError, Error, Result};
use crate::load::source::Chunk;
use crate::validate::{RowPlans, TypeIndex, Violation};

/// The rows of one chunk.
#[derive(Debug)]
pub(in crate::load) struct Decoded {
    pub(in crate::load) groups: Vec<Group>,
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

/// A line that could not be read.
struct BadLine {
    /// Counted within the chunk.
    index: usize,
    error: Error,
}

/// Decodes and judges the lines of `chunk`; the first bad line is reported. `now_micros` is the time of the request.
pub(in crate::load) fn decode(
    plan: &RowPlans,
    ambient: &Ambient,
    now_micros: i64,
    file: &str,
    chunk: &Chunk,
) -> Result<Decoded> {
    let groups = match read(plan, file, chunk) {
        Ok(groups) => groups,
        Err(BadLine { index, error }) => {
            // Rows are judged when all are read, so one before it may be as bad.
            let before: Vec<&[u8]> = chunk.text.split(|byte| *byte == b'\n').take(index).collect();
            let before = Chunk { first_line: chunk.first_line, text: before.join(&b'\n') };
            decode(plan, ambient, now_micros, file, &before)?;
            return Err(error);
        }
    };
    let now_millis = now_micros.div_euclid(1000);
    let mut sound = Vec::new();
    let mut first: Option<(u64, Violation)> = None;
    for (ty, rows) in groups.by_type.into_iter().enumerate() {
        let Some(rows) = rows else { continue };
        let draft = rows.finish(ambient, now_millis, chunk.first_line)?;
        match draft.judge(&plan.types[ty]) {
            Ok(ids) => sound.push((ty, draft, ids)),
            Err(violation) => {
                let line = draft.lines.get(violation.row).copied().unwrap_or(chunk.first_line);
                if first.as_ref().is_none_or(|(known, _)| line < *known) {
                    first = Some((line, violation));
                }
            }
        }
    }
    if let Some((line, violation)) = first {
        return Err(violated(violation, file, line, chunk));
    }
    let seal = |(ty, draft, ids): (TypeIndex, Draft, _)| draft.seal((ty, &plan.types[ty]), ids, ambient, now_millis);
    Ok(Decoded { groups: sound.into_iter().map(seal).collect::<Result<_>>()? })
}

fn read<'p>(plan: &'p RowPlans, file: &str, chunk: &Chunk) -> Result<Groups<'p>, BadLine> {
    let mut groups = Groups { plan, by_type: plan.types.iter().map(|_| None).collect() };
    match std::str::from_utf8(&chunk.text) {
        Ok(text) => {
            for (index, line) in text.split('\n').enumerate() {
                take_line(&mut groups, file, chunk, index, line)?;
            }
        }
        // Only now is it worth looking at each line by itself: to name the first bad one.
        Err(_) => {
            for (index, line) in chunk.text.split(|byte| *byte == b'\n').enumerate() {
                match std::str::from_utf8(line) {
                    Ok(line) => take_line(&mut groups, file, chunk, index, line)?,
                    Err(flaw) => {
                        let problem = Problem::new(problem::NOT_JSON, "not valid UTF-8");
                        let text = String::from_utf8_lossy(line);
                        let number = chunk.first_line + index as u64;
                        let error = error(problem, file, number, flaw.valid_up_to() + 1, &text);
                        return Err(BadLine { index, error: Error::Data(Box::new(error)) });
                    }
                }
            }
        }
    }
    Ok(groups)
}

fn violated(violation: Violation, file: &str, line: u64, chunk: &Chunk) -> Error {
    let index = usize::try_from(line - chunk.first_line).unwrap_or(usize::MAX);
    let source = chunk.text.split(|byte| *byte == b'\n').nth(index).unwrap_or_default();
    let problem = Problem::new(violation.code, violation.message);
    Error::Data(Box::new(error(problem, file, line, 0, &String::from_utf8_lossy(source))))
}

fn take_line(groups: &mut Groups<'_>, file: &str, chunk: &Chunk, index: usize, line: &str) -> Result<(), BadLine> {
    if line.trim_ascii_start().is_empty() {
        return Ok(());
    }
    let number = chunk.first_line + index as u64;
    // A chunk has fewer lines than bytes, and those of the longest line fit.
    let counted = u32::try_from(index).unwrap_or(u32::MAX);
    decode_line(groups, counted, line).map_err(|(problem, column)| {
        let error = Error::Data(Box::new(error(problem, file, number, column, line)));
        BadLine { index, error }
    })
}

/// What is wrong with a line, and at which column (0: the line as a whole).
type Flaw = (Problem, usize);

fn decode_line(groups: &mut Groups<'_>, index: u32, text: &str) -> Result<(), Flaw> {
    let mut found = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome =
        Envelope { groups, line: index, problem: &mut found }.deserialize(&mut json).and_then(|()| json.end());
    outcome.map_err(|error| match found {
        Some(problem) => (problem, error.column()),
        None if error.classify() == serde_json::error::Category::Data => {
            (Problem::new(problem::ENVELOPE, format!("must be one JSON object: {}", bare(&error))), error.column())
        }
        None => (Problem::new(problem::NOT_JSON, format!("invalid strict JSON: {}", bare(&error))), error.column()),
    })
}

/// The message without its own line and column: those of the file are shown.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

fn error(problem: Problem, file: &str, line_number: u64, column: usize, line: &str) -> DataError {
    let message = format!("line {line_number}: {}", problem.message);
    data_error(problem.code, message, file, line_number, column, line)
}
