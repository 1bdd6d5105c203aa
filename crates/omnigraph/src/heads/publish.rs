//! Make heads show a commit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use omnigraph_log::CommitRecord;
use omnigraph_objects::Put;

use super::turns::Turns;
use super::wanted::{Wanted, wanted};
use super::{Heads, trim};
use crate::error::{RecoveryError, Result};
use crate::table::{HeadFolder, HeadStamp};

/// Heads moved at the same time.
const HEADS_AT_ONCE: usize = 16;
/// Races for the next version of a head that are lost before giving up: each was won by somebody who published as new a
/// commit, or by a foreign tool.
const MOST_RACES: u32 = 64;

/// What became of a head.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    /// The head.
    pub(crate) wanted: Wanted,
    /// The version that readers see now.
    pub(crate) version: u64,
}

/// What this handle has seen of heads. Versions never change, so what one showed it shows still.
#[derive(Debug, Default)]
pub(super) struct Seen {
    turns: Turns,
    /// The newest version of each head that was met, and the version of the table that it shows.
    shown: Mutex<HashMap<String, (u64, u64)>>,
}

impl Seen {
    /// The newest version of `head` that was met; 0 if none was.
    pub(super) fn newest(&self, head: &str) -> Option<u64> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get(head).map(|(number, _)| *number)
    }

    fn shows(&self, wanted: &Wanted, number: u64) -> bool {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get(&wanted.head) == Some(&(number, wanted.pin.version))
    }

    fn note(&self, wanted: &Wanted, number: u64) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(wanted.head.clone(), (number, wanted.pin.version));
    }
}

impl Heads {
    /// Makes every head show `record`, or something newer: one listing, a read of each head that this handle has not met, a
    /// put of each that moves.
    pub(crate) async fn bring(&self, record: &CommitRecord) -> Result<Vec<Brought>> {
        let tables = &self.shared().tables;
        let wanted = wanted(self.shared(), record).await?;
        let heads = tables.list_heads().await?;
        let empty = HeadFolder::default();
        let each =
            wanted.iter().map(|wanted| self.bring_one(record, wanted, heads.get(&wanted.head).unwrap_or(&empty)));
        // Boxed, because the compiler cannot see through the borrows of so many futures that they can be sent.
        let each: Vec<BoxFuture<'_, Result<Brought>>> = each.map(FutureExt::boxed).collect();
        let brought = futures::stream::iter(each).buffered(HEADS_AT_ONCE).try_collect().await?;
        trim::retire(tables, record.branch, record.sequence, &heads, &wanted).await?;
        Ok(brought)
    }

    async fn bring_one(&self, record: &CommitRecord, wanted: &Wanted, found: &HeadFolder) -> Result<Brought> {
        let brought = self.restore_table_to_version(record, wanted, found.newest()).await?;
        trim::trim(&self.shared().tables, &wanted.head, found).await?;
        Ok(brought)
    }

    /// Makes a head, whose newest version was `newest`, show the pinned version of its table, as a new version of the head. If
    /// it shows just that, nothing is written; if it shows a later commit, neither.
    async fn restore_table_to_version(
        &self,
        record: &CommitRecord,
        wanted: &Wanted,
        mut newest: u64,
    ) -> Result<Brought> {
        let brought = |version| Brought { wanted: wanted.clone(), version };
        let tables = &self.shared().tables;
        let _turn = self.seen().turns.of(&wanted.head).await;
        for _ in 0..MOST_RACES {
            if newest > 0 && self.is_shown(record, wanted, newest).await? {
                return Ok(brought(newest));
            }
            let table = tables.open(&wanted.table, wanted.pin).await?;
            let stamp =
                HeadStamp { branch: record.branch, sequence: record.sequence, commit: record.commit.to_string() };
            match tables.put_head(&wanted.head, newest + 1, &table, &stamp).await? {
                Put::Written => {
                    self.seen().note(wanted, newest + 1);
                    return Ok(brought(newest + 1));
                }
                Put::Exists(_) => newest = tables.list_head(&wanted.head).await?.newest().max(newest + 1),
            }
        }
        Err(RecoveryError::Contended { head: wanted.path(), attempts: MOST_RACES }.into())
    }

    /// Whether version `newest` of a head shows what is wanted, or a later commit than `record`.
    pub(crate) async fn is_shown(&self, record: &CommitRecord, wanted: &Wanted, newest: u64) -> Result<bool> {
        if self.seen().shows(wanted, newest) {
            return Ok(true);
        }
        let tables = &self.shared().tables;
        let shown = tables.read_head(&wanted.head, newest, record.branch).await?;
        let equal = if tables.is_stamped_for(&shown, &wanted.table, wanted.pin.version) {
            true
        } else if shown.sequence.is_some_and(|sequence| sequence > record.sequence) {
            return Ok(true);
        } else {
            let table = tables.open(&wanted.table, wanted.pin).await?;
            tables.is_equal(&shown, &table)?
        };
        if equal {
            self.seen().note(wanted, newest);
        }
        Ok(equal)
    }
}
