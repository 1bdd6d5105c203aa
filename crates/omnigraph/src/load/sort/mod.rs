//! Sorts what a load has to know of every id, in bounded memory: full buffers become sorted runs in temporary files, which are
//! merged when all is in. Without a folder for them, runs stay in memory.
//!
//! - `entry`  what is sorted
//! - `run`    a sorted run, in memory or in a file
//! - `folder` temporary files
//! - `merge`  runs to one sorted sequence

mod entry;
mod folder;
mod merge;
mod run;

pub(super) use entry::{Entry, Role};
pub(super) use folder::{DeleteAtEnd, TemporaryFile, TemporaryFolder};
pub(super) use merge::Sorted;

use std::sync::Arc;

use crate::error::Result;
use entry::Buffer;
use run::Run;

/// Bytes of entries held before they become a run.
const RUN_BYTES: usize = 48 << 20;

/// Takes entries in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    folder: Option<Arc<TemporaryFolder>>,
    run_bytes: usize,
    buffer: Buffer,
    runs: Vec<Run>,
}

impl Sorter {
    /// A sorter whose runs go to `folder`.
    pub(super) fn new(folder: Option<Arc<TemporaryFolder>>) -> Self {
        Self { folder, run_bytes: RUN_BYTES, buffer: Buffer::default(), runs: Vec::new() }
    }

    /// Takes an entry.
    pub(super) fn push(&mut self, entry: &Entry<'_>) -> Result<()> {
        self.buffer.push(entry);
        if self.buffer.bytes() >= self.run_bytes {
            let full = std::mem::take(&mut self.buffer);
            self.runs.push(Run::of(full, self.folder.as_ref())?);
        }
        Ok(())
    }

    /// All entries, sorted.
    pub(super) fn finish(mut self) -> Result<Sorted> {
        // The last one is the smallest: a load of few rows never sees a file.
        self.runs.push(Run::of(self.buffer, None)?);
        Sorted::of(self.runs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::place::Place;

    proptest! {
        #[test]
        fn sorting_agrees_with_a_plain_sort(
            entries in prop::collection::vec((0u32..3, 0u8..20, any::<bool>(), "[a-zü]{0,4}"), 0..200),
            run_bytes in 100usize..2000,
            in_files in any::<bool>(),
        ) {
            let place = tempfile::tempdir().unwrap();
            let folder = in_files.then(|| Arc::new(TemporaryFolder::new(place.path(), "load-1")));
            let guard = DeleteAtEnd(folder.clone());
            let mut sorter = Sorter { run_bytes, ..Sorter::new(folder) };
            let mut plain = Vec::new();
            for (order, (ty, key, held, text)) in entries.iter().enumerate() {
                let order = order as u64;
                let role = if *held { Role::Held { row: order } } else { Role::Source { edge: 7 } };
                let key = u128::from(*key) << 64;
                sorter.push(&Entry { ty: *ty, key, role, place: Place(order), text }).unwrap();
                plain.push((*ty, key, role, order, text.clone()));
            }
            plain.sort();
            let mut sorted = sorter.finish().unwrap();
            for (ty, key, role, order, text) in plain {
                let entry = sorted.next().unwrap().unwrap();
                prop_assert_eq!((entry.ty, entry.key, entry.role, entry.place.0, entry.text), (ty, key, role, order, &*text));
            }
            prop_assert!(sorted.next().unwrap().is_none());
            drop(guard);
            prop_assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing is left behind");
        }
    }
}
