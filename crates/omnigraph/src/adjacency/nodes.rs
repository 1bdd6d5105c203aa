//! Where the row of a node is in one version of its table.

use std::sync::Arc;

use arrow::array::UInt32Array;
use roaring::RoaringBitmap;

use crate::table::{RowAddress, lives};

/// Ordinals of a block. Versions share the blocks in which they do not differ.
const BLOCK: usize = 1 << 14;

/// The nodes of one version.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeRows {
    fragments: Vec<NodeFragment>,
    blocks: Vec<Arc<[RowAddress]>>,
}

/// The nodes of one fragment.
#[derive(Clone, Debug)]
pub(crate) struct NodeFragment {
    /// The fragment.
    pub(crate) id: u32,
    /// The ordinal of each row, deleted ones included.
    pub(crate) ordinals: UInt32Array,
    /// The offsets of deleted rows.
    pub(crate) deleted: Option<Arc<RoaringBitmap>>,
}

impl NodeFragment {
    /// Whether the row at an offset is not deleted.
    pub(crate) fn lives(&self, offset: u32) -> bool {
        lives(self.deleted.as_deref(), offset)
    }

    /// Ordinals and addresses of the rows that live.
    fn live(&self) -> impl Iterator<Item = (u32, RowAddress)> {
        let rows = (0u32..).zip(self.ordinals.values());
        rows.filter(move |(offset, _)| self.lives(*offset))
            .map(|(offset, ordinal)| (*ordinal, RowAddress::new(self.id, offset)))
    }
}

impl NodeRows {
    /// The next version: some fragments go, then some come. A fragment that only lost rows goes and comes again.
    pub(crate) fn next(&self, gone: impl Fn(u32) -> bool, came: Vec<NodeFragment>) -> Self {
        let mut next = self.clone();
        for fragment in self.fragments.iter().filter(|fragment| gone(fragment.id)) {
            for (ordinal, _) in fragment.live() {
                next.place(ordinal, RowAddress::NONE);
            }
        }
        next.fragments.retain(|fragment| !gone(fragment.id));
        for fragment in came {
            for (ordinal, address) in fragment.live() {
                next.place(ordinal, address);
            }
            next.fragments.push(fragment);
        }
        next.fragments.sort_by_key(|fragment| fragment.id);
        next
    }

    fn place(&mut self, ordinal: u32, address: RowAddress) {
        let (block, offset) = (ordinal as usize / BLOCK, ordinal as usize % BLOCK);
        while self.blocks.len() <= block {
            self.blocks.push(vec![RowAddress::NONE; BLOCK].into());
        }
        if let Some(block) = self.blocks.get_mut(block) {
            Arc::make_mut(block)[offset] = address;
        }
    }

    /// Where a node's row is; [`RowAddress::NONE`] if it is not in this version.
    pub(crate) fn address(&self, ordinal: u32) -> RowAddress {
        let block = self.blocks.get(ordinal as usize / BLOCK);
        block.map_or(RowAddress::NONE, |block| block[ordinal as usize % BLOCK])
    }

    /// The fragments, by id.
    pub(crate) fn fragments(&self) -> &[NodeFragment] {
        &self.fragments
    }

    /// One more than the greatest ordinal.
    pub(crate) fn bound(&self) -> u32 {
        u32::try_from(self.blocks.len() * BLOCK).unwrap_or(u32::MAX)
    }
}
