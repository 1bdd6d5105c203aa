//! What is sorted: that a row has an id, or that an edge needs one.

use std::io::{self, Read, Write};

use crate::load::place::Place;

/// What is said of an id. Those who have it come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::load) enum Role {
    /// A row has it: that one of its type, counted from 0.
    Held { row: u64 },
    /// It is the source of an edge of that type.
    Source { edge: u32 },
    /// It is the target of an edge of that type.
    Target { edge: u32 },
}

/// One thing known of one id.
#[derive(Clone, Copy, Debug)]
pub(in crate::load) struct Entry<'a> {
    /// The type that the id belongs to.
    pub(in crate::load) ty: u32,
    /// The id's hash.
    pub(in crate::load) key: u128,
    pub(in crate::load) role: Role,
    pub(in crate::load) place: Place,
    /// The id.
    pub(in crate::load) text: &'a str,
}

/// An entry whose text is elsewhere. Its order is that of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) ty: u32,
    pub(super) key: u128,
    pub(super) role: Role,
    pub(super) place: u64,
    start: u32,
    length: u32,
}

impl Item {
    pub(super) fn entry<'t>(&self, texts: &'t [u8]) -> Entry<'t> {
        let start = self.start as usize;
        let text = texts.get(start..start + self.length as usize).unwrap_or_default();
        // It was a text when it was taken.
        let text = std::str::from_utf8(text).unwrap_or_default();
        Entry { ty: self.ty, key: self.key, role: self.role, place: Place(self.place), text }
    }
}

/// Entries in memory.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub(super) items: Vec<Item>,
    pub(super) texts: Vec<u8>,
}

impl Buffer {
    pub(super) fn push(&mut self, entry: &Entry<'_>) {
        // A buffer is turned into a run long before its texts reach 4 GiB, and an id is part of a line of at most 32 MiB.
        let start = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(entry.text.len()).unwrap_or(0);
        self.texts.extend_from_slice(entry.text.as_bytes());
        let Entry { ty, key, role, place, .. } = *entry;
        self.items.push(Item { ty, key, role, place: place.0, start, length });
    }

    pub(super) fn bytes(&self) -> usize {
        self.items.len() * size_of::<Item>() + self.texts.len()
    }
}

/// Type, key, role and its number, place, length of the text.
const HEAD: usize = 4 + 16 + 1 + 8 + 8 + 4;

/// Writes an entry.
pub(super) fn write(entry: &Entry<'_>, out: &mut impl Write) -> io::Result<()> {
    let (role, number) = match entry.role {
        Role::Held { row } => (0, row),
        Role::Source { edge } => (1, u64::from(edge)),
        Role::Target { edge } => (2, u64::from(edge)),
    };
    out.write_all(&entry.ty.to_le_bytes())?;
    out.write_all(&entry.key.to_le_bytes())?;
    out.write_all(&[role])?;
    out.write_all(&number.to_le_bytes())?;
    out.write_all(&entry.place.0.to_le_bytes())?;
    let length = u32::try_from(entry.text.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(entry.text.as_bytes())
}

/// Reads the entry that comes next; its text goes to `texts`.
pub(super) fn read(from: &mut impl Read, texts: &mut Vec<u8>) -> io::Result<Item> {
    let mut head = [0; HEAD];
    from.read_exact(&mut head)?;
    let mut head = head.as_slice();
    let ty = u32::from_le_bytes(take(&mut head));
    let key = u128::from_le_bytes(take(&mut head));
    let [role] = take(&mut head);
    let number = u64::from_le_bytes(take(&mut head));
    let place = u64::from_le_bytes(take(&mut head));
    let length = u32::from_le_bytes(take(&mut head));
    let edge = u32::try_from(number);
    let role = match (role, edge) {
        (0, _) => Role::Held { row: number },
        (1, Ok(edge)) => Role::Source { edge },
        (2, Ok(edge)) => Role::Target { edge },
        _ => return Err(io::Error::other("a run holds what was not written to it")),
    };
    texts.resize(length as usize, 0);
    from.read_exact(texts)?;
    Ok(Item { ty, key, role, place, start: 0, length })
}

fn take<const N: usize>(from: &mut &[u8]) -> [u8; N] {
    // `HEAD` is the sum of all that is taken.
    let Some((taken, rest)) = from.split_first_chunk() else { return [0; N] };
    *from = rest;
    *taken
}
