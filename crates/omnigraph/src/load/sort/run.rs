//! A sorted run, in memory or in a file.

use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::entry::{self, Buffer, Entry, Item};
use super::{TemporaryFile, TemporaryFolder};
use crate::error::{Error, Result};

/// Bytes read of a run at once. A thousand runs, of a million ids each, are merged within 64 MiB.
const READ_BYTES: usize = 64 << 10;
const WRITE_BYTES: usize = 1 << 20;

/// Sorted entries, read one after the other.
#[derive(Debug)]
pub(super) struct Run {
    from: From,
    /// The entry at hand, and its text if it came from a file.
    item: Option<Item>,
    text: Vec<u8>,
}

#[derive(Debug)]
enum From {
    Memory { buffer: Buffer, next: usize },
    File { file: BufReader<TemporaryFile>, left: usize },
}

impl Run {
    /// Sorts `buffer`, and writes it to a file of `folder` if there is one.
    pub(super) fn of(mut buffer: Buffer, folder: Option<&Arc<TemporaryFolder>>) -> Result<Self> {
        buffer.items.sort_unstable();
        let from = match folder {
            None => {
                buffer.items.shrink_to_fit();
                buffer.texts.shrink_to_fit();
                From::Memory { buffer, next: 0 }
            }
            Some(folder) => {
                let mut file = folder.file()?;
                write(&buffer, &mut file).map_err(|error| file.failed("write", &error))?;
                From::File { file: BufReader::with_capacity(READ_BYTES, file), left: buffer.items.len() }
            }
        };
        Ok(Self { from, item: None, text: Vec::new() })
    }

    /// Goes to the next entry; `None` at the end.
    pub(super) fn advance(&mut self) -> Result<Option<Item>> {
        self.item = match &mut self.from {
            From::Memory { buffer, next } => {
                let item = buffer.items.get(*next).copied();
                *next += 1;
                item
            }
            From::File { left: 0, .. } => None,
            From::File { file, left } => {
                *left -= 1;
                let read = entry::read(file, &mut self.text);
                Some(read.map_err(|error| file.get_ref().failed("read", &error))?)
            }
        };
        Ok(self.item)
    }

    /// The entry at hand.
    pub(super) fn entry(&self) -> Result<Entry<'_>> {
        let item = self.item.as_ref().ok_or_else(|| Error::internal("a run at its end was asked for an entry"))?;
        Ok(match &self.from {
            From::Memory { buffer, .. } => item.entry(&buffer.texts),
            From::File { .. } => item.entry(&self.text),
        })
    }
}

fn write(buffer: &Buffer, file: &mut TemporaryFile) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, &mut *file);
    for item in &buffer.items {
        entry::write(&item.entry(&buffer.texts), &mut out)?;
    }
    out.flush()?;
    drop(out);
    file.seek(SeekFrom::Start(0)).map(drop)
}
