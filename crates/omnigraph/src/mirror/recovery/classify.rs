//! The state of mirror datasets against the latest commit of `main`.

use std::collections::BTreeMap;
use std::fmt;

use omnigraph_history::CommitRecord;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::mirror::Mirror;
use crate::mirror::intent::IntentTable;
use crate::mirror::target::{MirrorTarget, mirror_targets};
use crate::table::HeadFolder;

/// The state of a mirror dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TableClassification {
    /// It shows the latest commit.
    NoMovement,
    /// It shows an older commit or does not exist: publication is pending.
    Behind,
    /// It moved exactly as the intent planned.
    RolledPastExpected,
    /// An external tool moved it by one version, not as planned.
    UnexpectedAtP1,
    /// An external tool moved it by several versions.
    UnexpectedMultistep,
}

/// The decision about all datasets of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RecoveryDecision {
    /// The operation is committed: its datasets are published.
    RollForward,
    /// The operation can never commit: datasets that moved are restored to the latest commit.
    RollBack,
    /// Neither can be proved: nothing is changed, and the operator has to confirm a repair.
    Abort,
}

/// The versions of a mirror dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DatasetState {
    /// The latest version; 0 without one.
    pub(super) latest: u64,
    /// The latest version that Omnigraph wrote; 0 without one.
    pub(super) ours: u64,
    /// Reports that the latest version shows the latest commit.
    pub(super) is_current: bool,
}

/// Returns the classification of a dataset, given the publication that an intent planned for it.
pub(super) fn classify(state: DatasetState, plan: Option<&IntentTable>) -> TableClassification {
    let DatasetState { latest, ours, is_current } = state;
    let plan = plan.filter(|plan| plan.post_commit_pin == latest && plan.expected_version < latest);
    if latest == ours {
        return match (is_current, plan) {
            (true, Some(_)) => TableClassification::RolledPastExpected,
            (true, None) => TableClassification::NoMovement,
            (false, _) => TableClassification::Behind,
        };
    }
    match plan {
        Some(plan) if plan.expected_version == ours => TableClassification::RolledPastExpected,
        _ if latest - ours == 1 => TableClassification::UnexpectedAtP1,
        _ => TableClassification::UnexpectedMultistep,
    }
}

impl fmt::Display for TableClassification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for RecoveryDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The latest commit of `main`, and the mirror datasets at one time.
#[derive(Debug)]
pub(super) struct MirrorInspection<'a> {
    mirror: &'a Mirror,
    pub(super) latest: &'a CommitRecord,
    pub(super) targets: Vec<MirrorTarget>,
    folders: BTreeMap<String, HeadFolder>,
}

impl<'a> MirrorInspection<'a> {
    /// Reads the schema of `latest` and lists the datasets.
    pub(super) async fn read(mirror: &'a Mirror, latest: &'a CommitRecord) -> Result<Self> {
        let targets = mirror_targets(mirror.engine(), latest).await?;
        let folders = mirror.engine().tables.list_heads().await?;
        Ok(Self { mirror, latest, targets, folders })
    }

    /// Returns the target at `path`, which is absolute or relative to the root of the graph.
    pub(super) fn target(&self, path: &str) -> Option<&MirrorTarget> {
        let root = format!("{}/", self.mirror.engine().log.store().root_display());
        let relative = path.strip_prefix(&root).unwrap_or(path).trim_end_matches('/');
        self.targets.iter().find(|target| target.path() == relative)
    }

    /// Reads the state of a dataset.
    pub(super) async fn state(&self, target: &MirrorTarget) -> Result<DatasetState> {
        let Some(folder) = self.folders.get(&target.dataset) else { return Ok(DatasetState::default()) };
        let latest = folder.newest();
        let is_current = latest > 0 && self.mirror.is_current(self.latest, target, latest).await?;
        let tables = &self.mirror.engine().tables;
        for version in folder.versions.iter().rev() {
            if tables.read_head(&target.dataset, version.number, self.latest.branch).await?.ours {
                return Ok(DatasetState { latest, ours: version.number, is_current });
            }
        }
        Ok(DatasetState { latest, ours: 0, is_current })
    }

    /// Returns the operations of external tools since the last version of Omnigraph, oldest first, by Lance's names.
    pub(super) async fn foreign_operations(&self, target: &MirrorTarget, state: DatasetState) -> Vec<String> {
        let versions = self.folders.get(&target.dataset).map_or(&[][..], |folder| &folder.versions);
        let mut operations = Vec::new();
        for version in versions.iter().filter(|version| version.number > state.ours) {
            operations.push(self.mirror.engine().tables.head_operation(&target.dataset, version.number).await);
        }
        operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_classification() {
        let plan = |expected_version, post_commit_pin| {
            let (table_key, table_path) = (String::new(), String::new());
            Some(IntentTable { table_key, table_path, expected_version, post_commit_pin })
        };
        let state = |latest, ours, is_current| DatasetState { latest, ours, is_current };
        for (state, plan, expected) in [
            (state(3, 3, true), None, TableClassification::NoMovement),
            (state(3, 3, true), plan(3, 4), TableClassification::NoMovement),
            (state(4, 4, true), plan(3, 4), TableClassification::RolledPastExpected),
            (state(7, 7, true), plan(3, 4), TableClassification::NoMovement),
            (state(3, 3, false), plan(3, 4), TableClassification::Behind),
            (state(0, 0, false), plan(0, 1), TableClassification::Behind),
            (state(4, 3, false), plan(3, 4), TableClassification::RolledPastExpected),
            (state(4, 3, false), plan(2, 9), TableClassification::UnexpectedAtP1),
            (state(4, 3, true), None, TableClassification::UnexpectedAtP1),
            (state(6, 3, false), plan(3, 4), TableClassification::UnexpectedMultistep),
            (state(2, 0, false), None, TableClassification::UnexpectedMultistep),
        ] {
            assert_eq!(classify(state, plan.as_ref()), expected, "{state:?} {plan:?}");
        }
    }
}
