//! Sources of rows: files, folders, streams and record batches, read in pieces.
//!
//! - `input`       inputs as the caller names them
//! - `mapping`     types and columns of input files
//! - `open`        detection of compression and format
//! - `text_chunks` chunks of lines and of CSV records
//! - `batches`     Parquet and Arrow

mod batches;
mod input;
mod mapping;
mod open;
mod text_chunks;

pub(super) use batches::BatchPiece;
pub use input::LoadSource;
pub(super) use mapping::FileMapping;
pub use mapping::LoadMapping;
pub(super) use text_chunks::{LinePiece, RecordPiece, RecordSpan};

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::row_origin::InputFile;
use super::temporary_folder::TemporaryFolder;
use crate::error::{Error, Result};
use crate::write::constraints::RowPlans;
use input::LoadInput;
use open::{InputOpener, OpenInput};

/// A piece of an input: some rows of a file.
#[derive(Debug)]
pub(super) struct InputPiece {
    pub(super) file: Arc<InputFile>,
    pub(super) body: PieceBody,
}

/// The rows of a piece, not decoded.
#[derive(Debug)]
pub(super) enum PieceBody {
    Lines(LinePiece),
    Records(RecordPiece),
    Batch(BatchPiece),
}

/// A reader of all inputs in order. One file is open at a time.
pub(super) struct InputReader {
    opener: InputOpener,
    inputs: std::vec::IntoIter<LoadInput>,
    opened: u32,
    current: Option<(Arc<InputFile>, OpenInput)>,
}

impl InputReader {
    /// Returns a reader of `source`, and the counter of its bytes.
    pub(super) fn new(
        source: LoadSource,
        plans: Arc<RowPlans>,
        folder: Option<Arc<TemporaryFolder>>,
    ) -> (Self, Arc<AtomicU64>) {
        let read = Arc::new(AtomicU64::new(0));
        let opener = InputOpener { plans, read: Arc::clone(&read), folder };
        (Self { opener, inputs: source.inputs.into_iter(), opened: 0, current: None }, read)
    }

    /// Returns the next piece. Blocks on the source.
    pub(super) fn next_piece(&mut self) -> Result<Option<InputPiece>> {
        loop {
            if let Some((file, content)) = &mut self.current
                && let Some(body) = next_body(content)?
            {
                return Ok(Some(InputPiece { file: Arc::clone(file), body }));
            }
            let Some(input) = self.inputs.next() else { return Ok(None) };
            self.current = Some(self.opener.open(self.opened, input)?);
            self.opened = self.opened.checked_add(1).ok_or_else(|| Error::request("too many files"))?;
        }
    }
}

fn next_body(content: &mut OpenInput) -> Result<Option<PieceBody>> {
    Ok(match content {
        OpenInput::Lines(lines) => lines.next_piece()?.map(PieceBody::Lines),
        OpenInput::Records(records, file) => records.next_chunk()?.map(|chunk| {
            let file = Arc::clone(file);
            PieceBody::Records(RecordPiece {
                file,
                first_line: chunk.first_line,
                text: chunk.text,
                records: chunk.records,
            })
        }),
        OpenInput::Batches(batches, file) => batches
            .next_rows()?
            .map(|(first_row, batch)| PieceBody::Batch(BatchPiece { file: Arc::clone(file), first_row, batch })),
    })
}
