//! Allocation of fragment ids. Ids are reserved in blocks, so that most commits need no request for them.

use std::ops::Range;
use std::sync::Arc;

use omnigraph_history::GraphLog;
use tokio::sync::Mutex;

use crate::error::{Error, Result};

/// Ids in the first block of a handle: the most that a short-lived process wastes.
const MIN_BLOCK_IDS: u32 = 16;
/// Ids in the largest block. Each block is four times as large as the previous one.
const MAX_BLOCK_IDS: u32 = 4096;

/// An allocator of fragment ids. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct FragmentIdAllocator {
    state: Arc<Mutex<AllocatorState>>,
}

#[derive(Debug)]
struct AllocatorState {
    free: Range<u32>,
    next_length: u32,
    newest_block: u64,
}

impl Default for FragmentIdAllocator {
    fn default() -> Self {
        let state = AllocatorState { free: 0..0, next_length: MIN_BLOCK_IDS, newest_block: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

impl FragmentIdAllocator {
    /// Returns an id that no other fragment of the graph has or will have, and the newest block known. `known_block` is the
    /// newest block in the record of the base.
    pub(crate) async fn allocate(&self, log: &GraphLog, known_block: u64) -> Result<(u32, u64)> {
        let mut state = self.state.lock().await;
        if state.free.is_empty() {
            let known = state.newest_block.max(known_block);
            let block = log.allocate_fragment_block(known, state.next_length).await?;
            state.free = block.ids;
            state.newest_block = block.number;
            state.next_length = (state.next_length * 4).min(MAX_BLOCK_IDS);
        }
        let id = state.free.next().ok_or_else(|| Error::internal("an empty block of fragment ids"))?;
        Ok((id, state.newest_block))
    }
}
