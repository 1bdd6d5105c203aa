//! Lines to batches.

use arrow::array::RecordBatch;
use omnigraph_objects::Ambient;
use serde::de::DeserializeSeed;

use super::envelope::Envelope;
use super::problem::{self, Problem, data_error};
use super::row::Rows;
use crate::error::{DataError, Error, Result};
use crate::keys::KeyHash;
use crate::load::plan::{LoadPlan, TypeIndex};
use crate::load::source::Chunk;

/// The rows of one chunk.
#[derive(Debug)]
pub(in crate::load) struct Decoded {
    pub(in crate::load) groups: Vec<Group>,
}

/// The rows of one chunk that are of one type.
#[derive(Debug)]
pub(in crate::load) struct Group {
    pub(in crate::load) ty: TypeIndex,
    pub(in crate::load) batch: RecordBatch,
    /// Ids that can clash, each with its row.
    pub(in crate::load) keys: Vec<(KeyHash, u32)>,
    /// Ends of edges, by row.
    pub(in crate::load) ends: Vec<(KeyHash, KeyHash)>,
    /// Line numbers, by row.
    pub(in crate::load) lines: Vec<u64>,
}

/// Rows by type, begun when the first of a type comes.
pub(super) struct Groups<'p> {
    plan: &'p LoadPlan,
    ambient: &'p Ambient,
    now_micros: i64,
    by_type: Vec<Option<Rows<'p>>>,
}

impl<'p> Groups<'p> {
    pub(super) fn plan(&self) -> &'p LoadPlan {
        self.plan
    }

    pub(super) fn rows(&mut self, ty: TypeIndex) -> &mut Rows<'p> {
        let (plan, ambient, now) = (self.plan, self.ambient, self.now_micros);
        self.by_type[ty].get_or_insert_with(|| Rows::new(&plan.types[ty], ambient, now))
    }
}

/// Decodes the lines of `chunk`. `now_micros` is the time of the request.
pub(in crate::load) fn decode(
    plan: &LoadPlan,
    ambient: &Ambient,
    now_micros: i64,
    file: &str,
    chunk: &Chunk,
) -> Result<Decoded> {
    let by_type = plan.types.iter().map(|_| None).collect();
    let mut groups = Groups { plan, ambient, now_micros, by_type };
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
                        return Err(Error::Data(Box::new(error)));
                    }
                }
            }
        }
    }
    let finished = groups.by_type.into_iter().enumerate().filter_map(|(ty, rows)| Some((ty, rows?)));
    let groups = finished.map(|(ty, rows)| finish(ty, rows, chunk.first_line)).collect::<Result<_>>()?;
    Ok(Decoded { groups })
}

fn take_line(groups: &mut Groups<'_>, file: &str, chunk: &Chunk, index: usize, line: &str) -> Result<()> {
    if line.trim_ascii_start().is_empty() {
        return Ok(());
    }
    let number = chunk.first_line + index as u64;
    let index = u32::try_from(index).map_err(|error| Error::internal(error.to_string()))?;
    decode_line(groups, index, line)
        .map_err(|(problem, column)| Error::Data(Box::new(error(problem, file, number, column, line))))
}

fn finish(ty: TypeIndex, mut rows: Rows<'_>, first_line: u64) -> Result<Group> {
    let keys = std::mem::take(&mut rows.keys);
    let ends = std::mem::take(&mut rows.end_keys);
    let lines = rows.lines.iter().map(|line| first_line + u64::from(*line)).collect();
    Ok(Group { ty, batch: rows.finish()?, keys, ends, lines })
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
