//! Blocks of fragment ids: every fragment id of a graph is unique.
//!
//! Unique ids let fragments move between branches of a table without a copy. Blocks are numbered records, and the writer that
//! creates a block owns its range. Unused ids are lost, which is acceptable for 2^32 ids.

use std::ops::Range;

use omnigraph_storage::{Key, PutOutcome, RecordSequence, SequenceHead};

use crate::ids::OperationId;
use crate::{Error, GraphLog, Result, codec, layout};

/// The format of the block object.
pub(crate) const BLOCK_FORMAT: u32 = 1;

/// A range of fragment ids that one writer owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentBlock {
    /// The number. Later blocks have greater numbers.
    pub number: u64,
    /// The ids.
    pub ids: Range<u32>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockRecord {
    pub(crate) format: u32,
    start: u32,
    length: u32,
    /// An id that makes the bytes unique to the writer, for the resolution of a lost response.
    holder: OperationId,
}

impl GraphLog {
    /// Allocates the next `length` fragment ids, at least one. The search for the newest block starts at block `known`.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] if all ids of the graph are allocated.
    pub async fn allocate_fragment_block(&self, known: u64, length: u32) -> Result<FragmentBlock> {
        let length = length.max(1);
        // Block 0 is never written: a commit record without known blocks has 0.
        let blocks = RecordSequence::new(self.store.clone(), Key::parse(layout::FRAGMENTS)?).starting_at(1);
        let mut known = (known > 0).then_some(known);
        loop {
            let (number, start) = match blocks.probe(known).await? {
                Some(newest) => (newest.number + 1, self.block_end(&blocks, newest).await?),
                None => (1, 0),
            };
            // The greatest fragment id has a meaning of its own in Lance.
            let end = start.checked_add(length).filter(|end| *end < u32::MAX);
            let Some(end) = end else { return Err(Error::Exhausted { resource: "the range of fragment ids" }) };
            let holder = OperationId::new(self.store.env().ulid());
            let record = BlockRecord { format: BLOCK_FORMAT, start, length, holder };
            let bytes = codec::encode(blocks.key(number)?.as_str(), &record)?;
            match blocks.append(number, bytes).await? {
                PutOutcome::Written => return Ok(FragmentBlock { number, ids: start..end }),
                PutOutcome::Exists(_) => known = Some(number),
            }
        }
    }

    async fn block_end(&self, blocks: &RecordSequence, newest: SequenceHead) -> Result<u32> {
        let object = blocks.key(newest.number)?;
        let damaged =
            |problem: &str| Error::Damaged { object: object.as_str().to_owned(), problem: problem.to_owned() };
        let bytes = match newest.record {
            Some(ref bytes) => bytes.clone(),
            None => {
                let bytes = blocks.read(newest.number).await?;
                bytes.ok_or_else(|| damaged("the block is missing"))?
            }
        };
        let record: BlockRecord = codec::decode(object.as_str(), &bytes)?;
        let end = record.start.checked_add(record.length).filter(|end| *end > record.start);
        end.ok_or_else(|| damaged("its range is empty or exceeds 2^32"))
    }
}
