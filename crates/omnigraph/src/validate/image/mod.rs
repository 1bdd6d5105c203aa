//! The graph as a write would leave it, and whether it may be left so.
//!
//! Only what the write touches is looked at, and what touches it: derived indexes of the base say the rest.
//!
//! - `broken`      the rules that were found to be broken
//! - `change`      what a write does to one table
//! - `unique`      no two rows share what is unique
//! - `ends`        both ends of an edge exist
//! - `cardinality` no node has too few or too many edges
//! - `text`        values and ids for messages

mod broken;
mod cardinality;
mod change;
mod ends;
mod text;
mod unique;

pub(crate) use broken::Broken;
pub(crate) use change::{NewRows, TableWrite, WantedEnd, WantedEnds};

use omnigraph_log::TablePath;

use crate::error::Result;
use crate::keys::{KeyHash, KeyIndex};
use crate::snapshot::Snapshot;

/// A base, and what a write does to its tables.
///
/// Checks are boxed: they end in scans, whose futures are deep already, and whoever waits for a commit waits for them.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    pub(crate) base: &'a Snapshot,
    pub(crate) writes: Vec<TableWrite<'a>>,
}

/// The nodes of one type as the write leaves them.
#[derive(Debug)]
pub(crate) struct Nodes<'a> {
    write: Option<&'a TableWrite<'a>>,
    base: KeyIndex,
    made_up: hashbrown::HashSet<KeyHash>,
}

impl<'a> Image<'a> {
    /// No two rows share what is unique.
    pub(crate) async fn check_uniques(&self, broken: &mut Broken) -> Result<()> {
        for write in &self.writes {
            Box::pin(unique::check(self, write, broken)).await?;
        }
        Ok(())
    }

    /// Both ends of every edge that comes or stays exist. Of rows that streamed past, `wanted` are the ends that their door did
    /// not find among them.
    pub(crate) async fn check_ends(&self, wanted: &[WantedEnds], broken: &mut Broken) -> Result<()> {
        for wanted in wanted {
            Box::pin(ends::check_wanted(self, wanted, broken)).await?;
        }
        for write in &self.writes {
            Box::pin(ends::check_new(self, write, broken)).await?;
        }
        for write in &self.writes {
            Box::pin(ends::check_kept(self, write, broken)).await?;
        }
        Ok(())
    }

    /// Every node that an edge came to or went from, and that is still there, has as many edges as it may and must.
    pub(crate) async fn check_cardinalities(&self, broken: &mut Broken) -> Result<()> {
        for write in &self.writes {
            Box::pin(cardinality::check(self, write, broken)).await?;
        }
        Ok(())
    }

    /// What is written to a table.
    pub(crate) fn write(&self, path: &TablePath) -> Option<&TableWrite<'a>> {
        self.writes.iter().find(|write| write.base.path() == path)
    }

    /// The nodes of a table.
    pub(crate) async fn nodes(&self, path: &TablePath) -> Result<Nodes<'_>> {
        let write = self.write(path);
        let base = match write {
            Some(write) if write.replace => KeyIndex::default(),
            _ => self.base.shared.keys.of(&self.base.table(path).await?).await?,
        };
        Ok(Nodes { write, base, made_up: write.map(TableWrite::made_up_ids).unwrap_or_default() })
    }
}

impl Nodes<'_> {
    /// Whether there is a node of that id.
    pub(crate) fn contains(&self, key: KeyHash) -> bool {
        match self.write {
            None => self.base.contains(key),
            Some(write) => {
                let stays = || !write.removed.contains(key) && self.base.contains(key);
                write.keys.contains(key) || stays() || self.made_up.contains(&key)
            }
        }
    }
}
