//! An external merge sort of the ids of a load, in bounded memory: full buffers become sorted runs in temporary files, and
//! the runs are merged at the end. Without a temporary folder the runs stay in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::temporary_folder::{TemporaryFile, TemporaryFolder};
use crate::error::{Error, FileLine, Result};

/// Bytes of entries that become a run.
const RUN_BYTES: usize = 48 << 20;
/// Bytes of a run that are read at once. A thousand runs, of a million ids each, are merged within 64 MiB.
const READ_BYTES: usize = 64 << 10;
/// Bytes of a run that are written at once.
const WRITE_BYTES: usize = 1 << 20;

/// The relation of a row to an id. Rows that have the id sort before rows that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyRole {
    /// The row has the id. `row` is its number among the rows of its type.
    Holder { row: u64 },
    /// The id is the source of an edge of the type `edge`.
    Source { edge: u32 },
    /// The id is the target of an edge of the type `edge`.
    Target { edge: u32 },
}

/// A row and an id that it has or needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyEntry<'a> {
    /// The type of the id.
    pub(super) ty: u32,
    /// The hash of the id.
    pub(super) key: u128,
    pub(super) role: KeyRole,
    /// The position of the row.
    pub(super) line: FileLine,
    /// The id.
    pub(super) id: &'a str,
}

/// An entry whose id is in a separate buffer. Entries sort in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct EntryRef {
    ty: u32,
    key: u128,
    role: KeyRole,
    line: FileLine,
    start: u32,
    length: u32,
}

impl EntryRef {
    fn resolve<'t>(&self, ids: &'t [u8]) -> KeyEntry<'t> {
        let start = self.start as usize;
        let id = ids.get(start..start + self.length as usize).unwrap_or_default();
        // The bytes were a text when they were added.
        let id = std::str::from_utf8(id).unwrap_or_default();
        KeyEntry { ty: self.ty, key: self.key, role: self.role, line: self.line, id }
    }
}

/// Entries in memory.
#[derive(Debug, Default)]
struct EntryBuffer {
    entries: Vec<EntryRef>,
    ids: Vec<u8>,
}

impl EntryBuffer {
    fn push(&mut self, entry: &KeyEntry<'_>) {
        // A buffer becomes a run long before its ids reach 4 GiB, and an id is part of a line of at most 32 MiB.
        let start = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(entry.id.len()).unwrap_or(0);
        self.ids.extend_from_slice(entry.id.as_bytes());
        let KeyEntry { ty, key, role, line, .. } = *entry;
        self.entries.push(EntryRef { ty, key, role, line, start, length });
    }

    fn bytes(&self) -> usize {
        self.entries.len() * size_of::<EntryRef>() + self.ids.len()
    }

    fn write_to(&self, file: &mut TemporaryFile) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(WRITE_BYTES, &mut *file);
        for entry in &self.entries {
            write_entry(&entry.resolve(&self.ids), &mut out)?;
        }
        out.flush()?;
        drop(out);
        file.seek(SeekFrom::Start(0)).map(drop)
    }
}

/// A sorter of entries.
#[derive(Debug)]
pub(super) struct KeySorter {
    folder: Option<Arc<TemporaryFolder>>,
    run_bytes: usize,
    buffer: EntryBuffer,
    runs: Vec<SortedRun>,
}

impl KeySorter {
    /// Returns a sorter that writes its runs to `folder`.
    pub(super) fn new(folder: Option<Arc<TemporaryFolder>>) -> Self {
        Self { folder, run_bytes: RUN_BYTES, buffer: EntryBuffer::default(), runs: Vec::new() }
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entry: &KeyEntry<'_>) -> Result<()> {
        self.buffer.push(entry);
        if self.buffer.bytes() >= self.run_bytes {
            let full = std::mem::take(&mut self.buffer);
            self.runs.push(SortedRun::new(full, self.folder.as_ref())?);
        }
        Ok(())
    }

    /// Returns all entries in order.
    pub(super) fn finish(mut self) -> Result<SortedEntries> {
        // The last run stays in memory: a small load writes no file.
        self.runs.push(SortedRun::new(self.buffer, None)?);
        SortedEntries::new(self.runs)
    }
}

/// A sorted run, read from its beginning.
#[derive(Debug)]
struct SortedRun {
    source: RunSource,
    /// The current entry, and its id if the run is in a file.
    entry: Option<EntryRef>,
    id: Vec<u8>,
}

#[derive(Debug)]
enum RunSource {
    Memory { buffer: EntryBuffer, next: usize },
    File { file: BufReader<TemporaryFile>, remaining: usize },
}

impl SortedRun {
    /// Sorts `buffer`, and writes it to a file of `folder` if there is one.
    fn new(mut buffer: EntryBuffer, folder: Option<&Arc<TemporaryFolder>>) -> Result<Self> {
        buffer.entries.sort_unstable();
        let source = match folder {
            None => {
                buffer.entries.shrink_to_fit();
                buffer.ids.shrink_to_fit();
                RunSource::Memory { buffer, next: 0 }
            }
            Some(folder) => {
                let mut file = folder.create_file()?;
                buffer.write_to(&mut file).map_err(|error| file.error("write", &error))?;
                let file = BufReader::with_capacity(READ_BYTES, file);
                RunSource::File { file, remaining: buffer.entries.len() }
            }
        };
        Ok(Self { source, entry: None, id: Vec::new() })
    }

    /// Moves to the next entry; none at the end.
    fn advance(&mut self) -> Result<Option<EntryRef>> {
        self.entry = match &mut self.source {
            RunSource::Memory { buffer, next } => {
                let entry = buffer.entries.get(*next).copied();
                *next += 1;
                entry
            }
            RunSource::File { remaining: 0, .. } => None,
            RunSource::File { file, remaining } => {
                *remaining -= 1;
                let read = read_entry(file, &mut self.id);
                Some(read.map_err(|error| file.get_ref().error("read", &error))?)
            }
        };
        Ok(self.entry)
    }

    fn current(&self) -> Result<KeyEntry<'_>> {
        let entry = self.entry.as_ref().ok_or_else(|| Error::internal("a sorted run has no current entry"))?;
        Ok(match &self.source {
            RunSource::Memory { buffer, .. } => entry.resolve(&buffer.ids),
            RunSource::File { .. } => entry.resolve(&self.id),
        })
    }
}

/// The entries of all runs in order.
#[derive(Debug)]
pub(super) struct SortedEntries {
    runs: Vec<SortedRun>,
    heads: BinaryHeap<Reverse<(EntryRef, usize)>>,
    /// The run of the entry that was returned last.
    lent: Option<usize>,
}

impl SortedEntries {
    fn new(mut runs: Vec<SortedRun>) -> Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            if let Some(entry) = run.advance()? {
                heads.push(Reverse((entry, index)));
            }
        }
        Ok(Self { runs, heads, lent: None })
    }

    /// Returns the next entry; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<KeyEntry<'_>>> {
        // The run advances only now, because its id was borrowed by the caller.
        if let Some(index) = self.lent.take()
            && let Some(run) = self.runs.get_mut(index)
            && let Some(entry) = run.advance()?
        {
            self.heads.push(Reverse((entry, index)));
        }
        let Some(Reverse((_, index))) = self.heads.pop() else { return Ok(None) };
        self.lent = Some(index);
        self.runs.get(index).map(SortedRun::current).transpose()
    }
}

/// Bytes of the fixed part of an entry: type, key, role and its number, file, line, length of the id.
const ENTRY_HEAD_BYTES: usize = 4 + 16 + 1 + 8 + 4 + 8 + 4;

fn write_entry(entry: &KeyEntry<'_>, out: &mut impl Write) -> io::Result<()> {
    let (role, number) = match entry.role {
        KeyRole::Holder { row } => (0, row),
        KeyRole::Source { edge } => (1, u64::from(edge)),
        KeyRole::Target { edge } => (2, u64::from(edge)),
    };
    out.write_all(&entry.ty.to_le_bytes())?;
    out.write_all(&entry.key.to_le_bytes())?;
    out.write_all(&[role])?;
    out.write_all(&number.to_le_bytes())?;
    out.write_all(&entry.line.file.to_le_bytes())?;
    out.write_all(&entry.line.line.to_le_bytes())?;
    let length = u32::try_from(entry.id.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(entry.id.as_bytes())
}

/// Reads the next entry, and its id into `id`.
fn read_entry(from: &mut impl Read, id: &mut Vec<u8>) -> io::Result<EntryRef> {
    let mut head = [0; ENTRY_HEAD_BYTES];
    from.read_exact(&mut head)?;
    let mut head = head.as_slice();
    let ty = u32::from_le_bytes(take(&mut head));
    let key = u128::from_le_bytes(take(&mut head));
    let [role] = take(&mut head);
    let number = u64::from_le_bytes(take(&mut head));
    let file = u32::from_le_bytes(take(&mut head));
    let line = FileLine { file, line: u64::from_le_bytes(take(&mut head)) };
    let length = u32::from_le_bytes(take(&mut head));
    let edge = u32::try_from(number);
    let role = match (role, edge) {
        (0, _) => KeyRole::Holder { row: number },
        (1, Ok(edge)) => KeyRole::Source { edge },
        (2, Ok(edge)) => KeyRole::Target { edge },
        _ => return Err(io::Error::other("invalid entry of a sorted run")),
    };
    id.resize(length as usize, 0);
    from.read_exact(id)?;
    Ok(EntryRef { ty, key, role, line, start: 0, length })
}

fn take<const N: usize>(from: &mut &[u8]) -> [u8; N] {
    // `ENTRY_HEAD_BYTES` is the sum of all parts.
    let Some((taken, rest)) = from.split_first_chunk() else { return [0; N] };
    *from = rest;
    *taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::temporary_folder::FolderGuard;
    use super::*;

    proptest! {
        #[test]
        fn sorting_agrees_with_a_plain_sort(
            entries in prop::collection::vec((0u32..3, 0u8..20, any::<bool>(), "[a-zü]{0,4}"), 0..200),
            run_bytes in 100usize..2000,
            in_files in any::<bool>(),
        ) {
            let parent = tempfile::tempdir().unwrap();
            let folder = in_files.then(|| Arc::new(TemporaryFolder::new(parent.path(), "load-1")));
            let guard = FolderGuard(folder.clone());
            let mut sorter = KeySorter { run_bytes, ..KeySorter::new(folder) };
            let mut plain = Vec::new();
            for (order, (ty, key, holds, id)) in entries.iter().enumerate() {
                let order = order as u64;
                let role = if *holds { KeyRole::Holder { row: order } } else { KeyRole::Source { edge: 7 } };
                let key = u128::from(*key) << 64;
                let line = FileLine { file: *ty, line: order };
                sorter.push(&KeyEntry { ty: *ty, key, role, line, id }).unwrap();
                plain.push((*ty, key, role, line, id.clone()));
            }
            plain.sort();
            let mut sorted = sorter.finish().unwrap();
            for (ty, key, role, line, id) in plain {
                let entry = sorted.next().unwrap().unwrap();
                prop_assert_eq!((entry.ty, entry.key, entry.role, entry.line, entry.id), (ty, key, role, line, &*id));
            }
            prop_assert!(sorted.next().unwrap().is_none());
            drop(guard);
            prop_assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0, "no temporary file remains");
        }
    }
}
