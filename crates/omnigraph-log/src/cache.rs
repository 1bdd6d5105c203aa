//! Commit records that were read or written before. A record never changes, so nothing here is ever stale.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::BranchId;
use crate::record::CommitRecord;

/// How many records are kept. A record is a few kilobytes.
const MOST: usize = 512;

/// How many branches' heads are kept, a few dozen bytes each. Fleets make and drop branches all day.
const MOST_HEADS: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct RecordCache {
    records: Mutex<HashMap<(BranchId, u64), Arc<CommitRecord>>>,
    heads: Mutex<HashMap<BranchId, u64>>,
}

impl RecordCache {
    pub(crate) fn get(&self, branch: BranchId, sequence: u64) -> Option<Arc<CommitRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).get(&(branch, sequence)).cloned()
    }

    pub(crate) fn insert(&self, record: &Arc<CommitRecord>) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= MOST {
            // Histories are walked from the head, so what is far from it is what is needed least. Half goes at once, which
            // keeps the cost of this constant per insert.
            let mut ages: Vec<_> = records.iter().map(|(key, record)| (record.generation, *key)).collect();
            ages.sort_unstable();
            for (_, key) in ages.into_iter().take(MOST / 2) {
                records.remove(&key);
            }
        }
        records.insert((record.branch, record.sequence), Arc::clone(record));
        drop(records);
        self.advance(record.branch, record.sequence);
    }

    /// The newest sequence of `branch` known to exist.
    pub(crate) fn known_head(&self, branch: BranchId) -> Option<u64> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&branch).copied()
    }

    /// The branches of which a commit is known, in no order.
    pub(crate) fn branches(&self) -> Vec<BranchId> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Any record that was seen exists for ever, and records have no gaps: so the greatest sequence seen is always a
    /// sound place to probe from, whoever wrote it and in whatever order they were seen.
    fn advance(&self, branch: BranchId, sequence: u64) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.len() >= MOST_HEADS && !heads.contains_key(&branch) {
            // What is forgotten costs its branch a few probes more the next time.
            heads.clear();
        }
        let head = heads.entry(branch).or_insert(sequence);
        *head = (*head).max(sequence);
    }
}
