//! Look at heads.

use std::collections::BTreeMap;

use omnigraph_log::CommitRecord;

use super::classify::Found;
use crate::error::Result;
use crate::heads::{Heads, Wanted, wanted};
use crate::table::HeadFolder;

/// The newest commit of `main`, and the heads as they are found.
#[derive(Debug)]
pub(super) struct Inspection<'a> {
    heads: &'a Heads,
    pub(super) newest: &'a CommitRecord,
    pub(super) wanted: Vec<Wanted>,
    folders: BTreeMap<String, HeadFolder>,
}

impl<'a> Inspection<'a> {
    /// Reads the schema of `newest`, without which nothing can be told, and lists the heads.
    pub(super) async fn of(heads: &'a Heads, newest: &'a CommitRecord) -> Result<Self> {
        let wanted = wanted(heads.shared(), newest).await?;
        let folders = heads.shared().tables.list_heads().await?;
        Ok(Self { heads, newest, wanted, folders })
    }

    /// The head at that place, relative to the graph's root or absolute.
    pub(super) fn at(&self, path: &str) -> Option<&Wanted> {
        let root = format!("{}/", self.heads.shared().log.store().root_display());
        let relative = path.strip_prefix(&root).unwrap_or(path).trim_end_matches('/');
        self.wanted.iter().find(|wanted| wanted.path() == relative)
    }

    /// What is found of a head.
    pub(super) async fn found(&self, wanted: &Wanted) -> Result<Found> {
        let Some(folder) = self.folders.get(&wanted.head) else {
            return Ok(Found { newest: 0, ours: 0, shows: false });
        };
        let newest = folder.newest();
        let shows = newest > 0 && self.heads.is_shown(self.newest, wanted, newest).await?;
        let mut ours = 0;
        for version in folder.versions.iter().rev() {
            let tables = &self.heads.shared().tables;
            if tables.read_head(&wanted.head, version.number, self.newest.branch).await?.ours {
                ours = version.number;
                break;
            }
        }
        Ok(Found { newest, ours, shows })
    }

    /// The operations by which others moved a head past ours, oldest first, in Lance's words.
    pub(super) async fn operations(&self, wanted: &Wanted, found: Found) -> Vec<String> {
        let Some(folder) = self.folders.get(&wanted.head) else { return Vec::new() };
        let mut operations = Vec::new();
        for version in folder.versions.iter().filter(|version| version.number > found.ours) {
            operations.push(self.heads.shared().tables.head_operation(&wanted.head, version.number).await);
        }
        operations
    }
}
