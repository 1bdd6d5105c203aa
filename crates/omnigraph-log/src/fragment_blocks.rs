//! Blocks of fragment ids, so that no two fragments of a graph ever share one.
//!
//! Fragments then move between the branches of a table without copying. Blocks are numbered records; whoever creates
//! number `n` owns its range. Ids that nobody uses are lost, which costs nothing: there are 2^32.

use std::ops::Range;

use omnigraph_objects::{self as objects, Key, Put, Sequence};

use crate::ids::OperationId;
use crate::{Error, Log, Result, codec, layout};

/// A range of fragment ids that nobody else will ever use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentBlock {
    /// Its number; later blocks have greater ones.
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
    /// Makes the bytes unique to the writer, so that a lost answer can be settled.
    holder: OperationId,
}

/// The version of a block's JSON form that this build reads and writes.
pub(crate) const BLOCK_FORMAT: u32 = 1;

impl Log {
    /// Takes the next `length` fragment ids, at least one, starting to look after block number `known`.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] when all ids of the graph are taken.
    pub async fn take_fragment_block(&self, known: u64, length: u32) -> Result<FragmentBlock> {
        let length = length.max(1);
        // Block 0 is never written: a graph whose records say 0 has none yet.
        let blocks = Sequence::new(self.store.clone(), Key::parse(layout::FRAGMENTS)?).starting_at(1);
        let mut known = (known > 0).then_some(known);
        loop {
            let (number, start) = match blocks.probe(known).await? {
                Some(newest) => (newest.number + 1, self.block_end(&blocks, newest).await?),
                None => (1, 0),
            };
            // The last id is kept free: Lance gives the greatest fragment id a meaning of its own.
            let end = start.checked_add(length).filter(|end| *end < u32::MAX);
            let Some(end) = end else { return Err(Error::Exhausted { what: "the supply of fragment ids" }) };
            let holder = OperationId::new(self.store.ambient().ulid());
            let record = BlockRecord { format: BLOCK_FORMAT, start, length, holder };
            let bytes = codec::encode(blocks.key(number)?.as_str(), &record)?;
            match blocks.append(number, bytes).await? {
                Put::Written => return Ok(FragmentBlock { number, ids: start..end }),
                Put::Exists(_) => known = Some(number),
            }
        }
    }

    async fn block_end(&self, blocks: &Sequence, newest: objects::Head) -> Result<u32> {
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
        end.ok_or_else(|| damaged("its range is empty or ends beyond 2^32"))
    }
}
