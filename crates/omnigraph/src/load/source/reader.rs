//! All inputs, piece by piece, in their order.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::input::{Input, LoadSource};
use super::open::{Content, Opener};
use super::{BatchPiece, LinePiece, RecordPiece};
use crate::error::{Error, Result};
use crate::load::place::InputFile;
use crate::load::sort::TemporaryFolder;
use crate::validate::RowPlans;

/// Some rows of a file.
#[derive(Debug)]
pub(in crate::load) struct Piece {
    pub(in crate::load) file: Arc<InputFile>,
    pub(in crate::load) body: Body,
}

/// Rows as their format has them.
#[derive(Debug)]
pub(in crate::load) enum Body {
    Lines(LinePiece),
    Records(RecordPiece),
    Batch(BatchPiece),
}

/// Reads all inputs. One file is open at a time.
pub(in crate::load) struct Reader {
    opener: Opener,
    inputs: std::vec::IntoIter<Input>,
    opened: u32,
    current: Option<(Arc<InputFile>, Content)>,
}

impl Reader {
    /// A reader of `source`, and the number of bytes that it has read so far.
    pub(in crate::load) fn new(
        source: LoadSource,
        plan: Arc<RowPlans>,
        folder: Option<Arc<TemporaryFolder>>,
    ) -> (Self, Arc<AtomicU64>) {
        let read = Arc::new(AtomicU64::new(0));
        let opener = Opener { plan, read: Arc::clone(&read), folder };
        (Self { opener, inputs: source.inputs.into_iter(), opened: 0, current: None }, read)
    }

    /// The next rows; blocks on the source.
    pub(in crate::load) fn next_piece(&mut self) -> Result<Option<Piece>> {
        loop {
            if let Some((file, content)) = &mut self.current
                && let Some(body) = next_body(content)?
            {
                return Ok(Some(Piece { file: Arc::clone(file), body }));
            }
            let Some(input) = self.inputs.next() else { return Ok(None) };
            self.current = Some(self.opener.open(self.opened, input)?);
            self.opened = self.opened.checked_add(1).ok_or_else(|| Error::request("too many files"))?;
        }
    }
}

fn next_body(content: &mut Content) -> Result<Option<Body>> {
    Ok(match content {
        Content::Lines(lines) => lines.next_piece()?.map(Body::Lines),
        Content::Records(records, file) => records.next_chunk()?.map(|chunk| {
            let file = Arc::clone(file);
            Body::Records(RecordPiece { file, first_line: chunk.first_line, text: chunk.text, records: chunk.records })
        }),
        Content::Batches(batches, file) => batches
            .next_rows()?
            .map(|(first_row, batch)| Body::Batch(BatchPiece { file: Arc::clone(file), first_row, batch })),
    })
}
