//! Rows of several versions of a table as batches of its newest schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;

use super::decide::Take;
use super::sides::TypeSides;
use crate::error::{Error, Result};
use crate::table::{RowAddress, Table};

/// Rows that are put together at once.
const ROWS_AT_ONCE: usize = 1024;

/// The rows that `takes` come to, in the columns of the branch's table. What goes has none.
pub(super) async fn rows(sides: &TypeSides<'_>, takes: &[&Take]) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for chunk in takes.chunks(ROWS_AT_ONCE) {
        batches.extend(batch(sides, chunk).await?);
    }
    Ok(batches)
}

async fn batch(sides: &TypeSides<'_>, takes: &[&Take]) -> Result<Option<RecordBatch>> {
    let table = sides.ours.as_ref().ok_or_else(|| Error::internal("rows for a table that is not there"))?;
    let mut sources = Sources::default();
    let mut rows: Vec<Row<'_>> = Vec::with_capacity(takes.len());
    for take in takes {
        rows.push(match take {
            Take::Remove => continue,
            Take::Theirs(address) => Row { place: sources.theirs(*address), other: None },
            Take::Restore(address) => Row { place: sources.base(*address), other: None },
            Take::Blend(blend) => {
                let place = sources.ours(blend.ours);
                Row { place, other: Some((sources.theirs(blend.theirs), &blend.from_theirs)) }
            }
        });
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let schema = table.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let fetched = sources.fetch(sides, &names).await?;
    let columns = names.iter().enumerate().map(|(at, name)| {
        let arrays: Vec<&dyn Array> = fetched.iter().filter_map(|columns| Some(columns.get(at)?.as_ref())).collect();
        let places: Vec<(usize, usize)> = rows.iter().map(|row| row.of(name)).collect();
        Ok(interleave(&arrays, &places)?)
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    Ok(Some(RecordBatch::try_new(Arc::clone(schema), columns)?))
}

/// Where a row's values are: in general, and for some columns elsewhere.
struct Row<'a> {
    place: (usize, usize),
    other: Option<((usize, usize), &'a std::collections::BTreeSet<String>)>,
}

impl Row<'_> {
    fn of(&self, column: &str) -> (usize, usize) {
        match &self.other {
            Some((place, columns)) if columns.contains(column) => *place,
            _ => self.place,
        }
    }
}

/// Addresses in the three versions, in the order in which they were asked for.
#[derive(Default)]
struct Sources {
    addresses: BTreeMap<usize, Vec<RowAddress>>,
}

impl Sources {
    const OURS: usize = 0;
    const THEIRS: usize = 1;
    const BASE: usize = 2;

    fn ours(&mut self, address: RowAddress) -> (usize, usize) {
        self.add(Self::OURS, address)
    }

    fn theirs(&mut self, address: RowAddress) -> (usize, usize) {
        self.add(Self::THEIRS, address)
    }

    fn base(&mut self, address: RowAddress) -> (usize, usize) {
        self.add(Self::BASE, address)
    }

    fn add(&mut self, version: usize, address: RowAddress) -> (usize, usize) {
        let addresses = self.addresses.entry(version).or_default();
        addresses.push(address);
        (version, addresses.len() - 1)
    }

    /// The columns of each version, empty where none of its rows was asked for.
    async fn fetch(&self, sides: &TypeSides<'_>, names: &[&str]) -> Result<Vec<Vec<ArrayRef>>> {
        let ours = sides.ours.as_ref();
        let mut fetched = Vec::with_capacity(3);
        for (version, table) in
            [(Self::OURS, ours), (Self::THEIRS, sides.theirs.as_ref()), (Self::BASE, sides.base.as_ref())]
        {
            let addresses = self.addresses.get(&version).map(Vec::as_slice).unwrap_or_default();
            // A version of which nothing is asked may not be there; its columns are those of the branch, and empty.
            let table: Option<&Arc<Table>> = if addresses.is_empty() { ours } else { table };
            let table = table.ok_or_else(|| Error::internal("rows of a version that is not there"))?;
            fetched.push(table.fetch(addresses, names).await?);
        }
        Ok(fetched)
    }
}
