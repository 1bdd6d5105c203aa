//! Reading rows as a stream.

use std::collections::BTreeSet;

use arrow::array::{AsArray, UInt64Array};
use arrow::record_batch::RecordBatch;
use futures::{Stream, TryStreamExt};
use lance::dataset::scanner::Scanner;

use super::{Table, edit::id_of, failure::failed};
use crate::error::{Error, Result};

/// The name of the column of row addresses.
const ROW_ADDRESS: &str = "_rowaddr";

/// What to read of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scan {
    /// Columns, in this order; empty for a mere count of rows.
    pub(crate) columns: Vec<String>,
    /// Only these fragments.
    pub(crate) fragments: Option<BTreeSet<u32>>,
    /// Whether to append the column [`ROW_ADDRESS`].
    pub(crate) addresses: bool,
    /// How far it reads ahead.
    pub(crate) pace: Pace,
}

/// How far a scan reads ahead of whoever takes its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As far as keeps the store busy: all rows will be taken.
    #[default]
    Ahead,
    /// Hardly: the first rows may be enough.
    AsTaken,
}

/// Rows of a batch of a scan that hardly reads ahead: a page or two of results.
const FEW_ROWS: usize = 1024;
/// Bytes under way in such a scan.
const FEW_BYTES: u64 = 1 << 20;

/// The row addresses of a batch of a scan that appends them.
pub(crate) fn addresses(batch: &RecordBatch) -> Result<&UInt64Array> {
    let column = batch.column_by_name(ROW_ADDRESS).and_then(|column| column.as_primitive_opt());
    column.ok_or_else(|| Error::internal("a scan came without addresses"))
}

impl Table {
    /// Live rows, from the pin.
    pub(crate) fn rows(&self) -> u64 {
        self.pin.rows
    }

    /// The rows, in the order they are stored.
    pub(crate) async fn scan(&self, scan: Scan) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + use<>> {
        let scanner = self.scanner(scan)?;
        let stream = scanner.try_into_stream().await.map_err(failed("scan", self.path.as_str()))?;
        let table = self.path.clone();
        Ok(stream.map_err(move |error| failed("scan", table.as_str())(error)))
    }

    fn scanner(&self, scan: Scan) -> Result<Scanner> {
        let mut scanner = self.dataset.scan();
        scanner.scan_in_order(true);
        scanner.project(&scan.columns).map_err(failed("scan", self.path.as_str()))?;
        if let Some(only) = scan.fragments {
            let fragments = self.dataset.manifest.fragments.iter();
            scanner.with_fragments(fragments.filter(|fragment| only.contains(&id_of(fragment))).cloned().collect());
        }
        if scan.pace == Pace::AsTaken {
            scanner.batch_size(FEW_ROWS).batch_readahead(1).fragment_readahead(1).io_buffer_size(FEW_BYTES);
        }
        if scan.addresses {
            scanner.with_row_address();
        }
        Ok(scanner)
    }
}
