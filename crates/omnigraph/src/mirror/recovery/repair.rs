//! Check and repair of the mirror on demand. A wrong dataset gets a new, correct version; no file that a commit pins changes.

use super::audit::{AuditEntry, AuditTable, REPAIR_ACTOR};
use super::classify::{MirrorInspection, RecoveryDecision, TableClassification, classify};
use super::sweep::{complete_intents, resolve_intent};
use crate::error::{RecoveryError, Result};
use crate::mirror::Mirror;
use crate::mirror::intent::list_intents;
use crate::mirror::publisher::latest_commit;

/// The mode of a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RepairMode {
    /// Reports the differences. Nothing is written.
    Preview,
    /// Publishes the datasets that differ.
    Apply,
}

/// The action of a repair on one dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepairAction {
    /// Nothing: the dataset is current.
    NoOp,
    /// A confirmed repair would publish it.
    Preview,
    /// It was published.
    Healed,
}

/// The state of one mirror dataset.
#[derive(Clone, Debug)]
pub struct MirrorDatasetReport {
    /// `node:Type` or `edge:Type`.
    pub table_key: String,
    /// The folder of the dataset, relative to the root of the graph.
    pub dataset_path: String,
    /// The version of the table that the latest commit of `main` pins.
    pub pinned_version: u64,
    /// The version that readers of the dataset see; none without a dataset.
    pub head_version: Option<u64>,
    /// The state before the repair.
    pub classification: TableClassification,
    /// The operations of external tools since the last publication, oldest first, by Lance's names.
    pub operations: Vec<String>,
    /// The action.
    pub action: RepairAction,
}

/// The result of a check or repair.
#[derive(Clone, Debug)]
pub struct RepairReport {
    /// The latest commit of `main`.
    pub commit: String,
    /// The generation of the commit.
    pub generation: u64,
    /// The datasets, by table key.
    pub datasets: Vec<MirrorDatasetReport>,
    /// Intents whose operations have committed or never will, and the decision about each.
    pub intents: Vec<(String, RecoveryDecision)>,
}

/// Compares every dataset with the latest commit of `main`. In [`RepairMode::Apply`] publishes those that differ, and completes
/// intents, also those about which nothing can be proved.
pub(crate) async fn repair(mirror: &Mirror, mode: RepairMode) -> Result<RepairReport> {
    let engine = mirror.engine();
    let store = engine.log.store();
    if !mirror.is_enabled() {
        return Err(RecoveryError::NoMirror { location: store.root_display() }.into());
    }
    let stored = list_intents(store).await?;
    let latest = latest_commit(&engine.log).await?;
    let inspection = MirrorInspection::read(mirror, &latest).await?;
    let mut datasets = Vec::with_capacity(inspection.targets.len());
    for target in &inspection.targets {
        let state = inspection.state(target).await?;
        datasets.push(MirrorDatasetReport {
            table_key: target.table_key.clone(),
            dataset_path: target.path(),
            pinned_version: target.pin.version,
            head_version: (state.latest > 0).then_some(state.latest),
            classification: classify(state, None),
            operations: inspection.foreign_operations(target, state).await,
            action: if state.is_current { RepairAction::NoOp } else { RepairAction::Preview },
        });
    }
    let mut resolved = Vec::new();
    for stored in stored.into_iter().filter(|stored| !stored.intent.may_commit(latest.sequence)) {
        resolved.push(resolve_intent(engine, &inspection, stored).await?);
    }
    let intents = resolved.iter().map(|resolved| (resolved.stored.key.to_string(), resolved.decision)).collect();
    if mode == RepairMode::Apply {
        let (_, published) = complete_intents(mirror, &latest, resolved).await?;
        let healed: Vec<AuditTable> = datasets.iter_mut().filter_map(heal).collect();
        if !healed.is_empty() {
            AuditEntry::new(store, REPAIR_ACTOR, &latest, healed, &published).put(store).await?;
        }
    }
    Ok(RepairReport { commit: latest.commit.to_string(), generation: latest.generation, datasets, intents })
}

/// Marks a dataset that was published as healed, and returns it for the audit entry.
fn heal(dataset: &mut MirrorDatasetReport) -> Option<AuditTable> {
    if dataset.action == RepairAction::NoOp {
        return None;
    }
    dataset.action = RepairAction::Healed;
    let found_version = dataset.head_version.unwrap_or(0);
    Some(AuditTable {
        table_key: dataset.table_key.clone(),
        table_path: dataset.dataset_path.clone(),
        classification: dataset.classification,
        found_version,
        final_version: found_version,
    })
}
