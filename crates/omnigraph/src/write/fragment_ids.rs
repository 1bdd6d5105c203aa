//! Ids for new fragments: taken in blocks, so that a commit asks nobody.

use std::ops::Range;
use std::sync::Arc;

use omnigraph_log::Log;
use tokio::sync::Mutex;

use crate::error::{Error, Result};

/// The first block of a handle: what a short-lived process wastes at the most.
const FIRST_BLOCK: u32 = 16;
/// Later blocks are four times the one before, up to this.
const LARGEST_BLOCK: u32 = 4096;

/// A supply of fragment ids. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct FragmentIds {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    free: Range<u32>,
    next_length: u32,
    newest_block: u64,
}

impl Default for FragmentIds {
    fn default() -> Self {
        let state = State { free: 0..0, next_length: FIRST_BLOCK, newest_block: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }
}

impl FragmentIds {
    /// An id that no other fragment of the graph has or will have, and the newest block known. `known_block` is what the
    /// base's record says of blocks.
    pub(crate) async fn take(&self, log: &Log, known_block: u64) -> Result<(u32, u64)> {
        let mut state = self.state.lock().await;
        if state.free.is_empty() {
            let known = state.newest_block.max(known_block);
            let block = log.take_fragment_block(known, state.next_length).await?;
            state.free = block.ids;
            state.newest_block = block.number;
            state.next_length = (state.next_length * 4).min(LARGEST_BLOCK);
        }
        let id = state.free.next().ok_or_else(|| Error::internal("an empty block of fragment ids"))?;
        Ok((id, state.newest_block))
    }
}
