//! A piece of the input to groups of sound rows, and the faults of the others.
//!
//! A piece is decoded as a whole. When something in it is wrong, its halves are decoded by themselves, and so on: what is sound
//! costs one more pass, and a bad row is found among thousands by a dozen steps. So decoders and rules only need to say that
//! something is wrong, never to go on behind it.

use std::sync::Arc;

use omnigraph_objects::Ambient;

use super::batch::BatchView;
use super::chunk::LineView;
use super::group::{Draft, Group};
use super::problem::{self, Problem, data_error};
use super::record::RecordView;
use crate::error::{DataError, Error, Result};
use crate::load::place::InputFile;
use crate::load::source::{Body, Piece};
use crate::validate::{RowPlans, TypeIndex};

/// What decoding needs to know besides the rows.
#[derive(Clone, Debug)]
pub(in crate::load) struct Context {
    pub(in crate::load) plan: Arc<RowPlans>,
    pub(in crate::load) ambient: Ambient,
    /// The time of the request.
    pub(in crate::load) now_millis: i64,
    /// Faults of one piece after which its other rows make no difference.
    pub(in crate::load) most_faults: u64,
}

/// The rows of one piece.
#[derive(Debug)]
pub(in crate::load) struct Decoded {
    pub(in crate::load) file: Arc<InputFile>,
    pub(in crate::load) groups: Vec<Group>,
    pub(in crate::load) faults: Vec<Fault>,
}

/// A row that cannot be taken.
#[derive(Debug)]
pub(in crate::load) struct Fault {
    pub(in crate::load) error: DataError,
    /// The row as it stood there.
    pub(in crate::load) raw: serde_json::Value,
}

/// Why rows cannot be taken.
pub(super) enum Refusal {
    /// One of them is wrong, at that column if it is text; 0 is the row as a whole.
    Flaw(Problem, usize),
    /// It is not their fault.
    Failure(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failure(error)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Flaw(problem, 0)
    }
}

/// Some rows of a piece.
#[derive(Clone, Debug)]
enum View<'a> {
    Lines(LineView<'a>),
    Records(RecordView<'a>),
    Batch(BatchView<'a>),
}

/// Decodes a piece.
pub(in crate::load) fn decode(context: &Context, piece: &Piece) -> Result<Decoded> {
    let mut decoded = Decoded { file: Arc::clone(&piece.file), groups: Vec::new(), faults: Vec::new() };
    let view = match &piece.body {
        Body::Lines(lines) if lines.too_long => {
            let problem = Problem::new(problem::ENVELOPE, "a line is longer than 32 MiB");
            let text = String::from_utf8_lossy(&lines.text);
            decoded.faults.push(fault(&piece.file, lines.first_line, (problem, 0), &text, text.as_ref().into()));
            return Ok(decoded);
        }
        Body::Lines(lines) => View::Lines(LineView::of(lines)),
        Body::Records(records) => View::Records(RecordView::of(records)),
        Body::Batch(batch) => View::Batch(BatchView::of(batch)),
    };
    sift(context, &view, &mut decoded)?;
    Ok(decoded)
}

fn sift(context: &Context, view: &View<'_>, decoded: &mut Decoded) -> Result<()> {
    if decoded.faults.len() as u64 >= context.most_faults {
        return Ok(());
    }
    let (problem, column) = match view.groups(context) {
        Ok(groups) => {
            decoded.groups.extend(groups);
            return Ok(());
        }
        Err(Refusal::Failure(error)) => return Err(error),
        Err(Refusal::Flaw(problem, column)) => (problem, column),
    };
    if let Some((first, second)) = view.halves() {
        sift(context, &first, decoded)?;
        return sift(context, &second, decoded);
    }
    let (number, shown, raw) = view.only();
    decoded.faults.push(fault(&decoded.file, number, (problem, column), &shown, raw));
    Ok(())
}

fn fault(
    file: &InputFile,
    number: u64,
    (problem, column): (Problem, usize),
    shown: &str,
    raw: serde_json::Value,
) -> Fault {
    let message = format!("{}: {}", file.unit.at(number), problem.message);
    Fault { error: data_error(problem.code, message, &file.name, number, column, shown), raw }
}

impl<'a> View<'a> {
    fn groups(&self, context: &Context) -> Result<Vec<Group>, Refusal> {
        let drafts = match self {
            Self::Lines(lines) => lines.drafts(context)?,
            Self::Records(records) => vec![records.draft(context)?],
            Self::Batch(batch) => vec![batch.draft(context)?],
        };
        drafts.into_iter().map(|(ty, draft)| group(context, ty, draft)).collect()
    }

    /// Two parts, unless it is one row.
    fn halves(&self) -> Option<(Self, Self)> {
        let both = |(first, second): (LineView<'a>, LineView<'a>)| (Self::Lines(first), Self::Lines(second));
        match self {
            Self::Lines(lines) => lines.halves().map(both),
            Self::Records(records) => {
                records.halves().map(|(first, second)| (Self::Records(first), Self::Records(second)))
            }
            Self::Batch(batch) => batch.halves().map(|(first, second)| (Self::Batch(first), Self::Batch(second))),
        }
    }

    /// The number of the only row, its text as it is shown, and as it stood there.
    fn only(&self) -> (u64, String, serde_json::Value) {
        let (number, text) = match self {
            Self::Lines(lines) => lines.only(),
            Self::Records(records) => records.only(),
            Self::Batch(batch) => {
                let row = batch.row();
                return (batch.first_row, row.to_string(), row);
            }
        };
        (number, text.clone(), text.into())
    }
}

fn group(context: &Context, ty: TypeIndex, draft: Draft) -> Result<Group, Refusal> {
    let plan = &context.plan.types[ty];
    let ids = draft.judge(plan).map_err(|violation| Problem::new(violation.code, violation.message))?;
    Ok(draft.seal((ty, plan), ids, &context.ambient, context.now_millis)?)
}
