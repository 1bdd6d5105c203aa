//! Heads brought in order on demand. No file that a commit pins is touched by it: a head that is wrong gets a new version that
//! is right.

use omnigraph_log::CommitRecord;
use omnigraph_log::branch::MAIN;

use super::audit::{self, AuditEntry, AuditTable};
use super::classify::{Classification, Decision, Found, classify};
use super::inspect::Inspection;
use super::judge::judge;
use super::sweep::finish;
use crate::error::{RecoveryError, Result};
use crate::heads::{Brought, Heads, list};

/// Whether a repair may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It shows what it would do.
    Preview,
    /// It does it.
    Confirmed,
}

/// What is done about a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepairAction {
    /// Nothing: it shows what it must.
    NoOp,
    /// It would be published again, on confirmation.
    Preview,
    /// It was published again.
    Healed,
}

/// One head.
#[derive(Clone, Debug)]
pub struct HeadReport {
    /// `node:Type` or `edge:Type`.
    pub table_key: String,
    /// The head's folder, relative to the graph's root.
    pub head_path: String,
    /// The version of the table that the newest commit of `main` pins.
    pub pinned_version: u64,
    /// The version that readers of the head see; none if there is no head.
    pub head_version: Option<u64>,
    /// How it differs.
    pub classification: Classification,
    /// By which operations others moved it, oldest first, in Lance's words.
    pub operations: Vec<String>,
    /// What is done.
    pub action: RepairAction,
}

/// What a repair found and did.
#[derive(Clone, Debug)]
pub struct RepairReport {
    /// The commit that heads are to show.
    pub commit: String,
    /// Its place in the history of the graph.
    pub generation: u64,
    /// The heads, by key.
    pub heads: Vec<HeadReport>,
    /// Intents that stand and are over, and what is decided about each.
    pub intents: Vec<(String, Decision)>,
}

/// Compares every head with what the newest commit of `main` calls for, and on consent makes it so.
pub(crate) async fn repair(heads: &Heads, consent: Consent) -> Result<RepairReport> {
    let shared = heads.shared();
    if !heads.are_published() {
        return Err(RecoveryError::NoHeads { location: shared.log.store().root_display() }.into());
    }
    let standing = list(shared.log.store()).await?;
    let newest = shared.log.head(&shared.log.branch(MAIN).await?).await?.record;
    let inspection = Inspection::of(heads, &newest).await?;
    let mut reports = Vec::with_capacity(inspection.wanted.len());
    for wanted in &inspection.wanted {
        let found = inspection.found(wanted).await?;
        reports.push(HeadReport {
            table_key: wanted.key.clone(),
            head_path: wanted.path(),
            pinned_version: wanted.pin.version,
            head_version: (found.newest > 0).then_some(found.newest),
            classification: classify(found, None),
            operations: inspection.operations(wanted, found).await,
            action: action(found),
        });
    }
    let mut judged = Vec::new();
    for standing in standing.into_iter().filter(|standing| !standing.intent.may_be_alive(newest.sequence)) {
        judged.push(judge(shared, &inspection, standing).await?);
    }
    let intents = judged.iter().map(|judged| (judged.standing.key.to_string(), judged.decision)).collect();
    if consent == Consent::Confirmed {
        // Confirmation is what an intent asks for of which nothing could be proved.
        finish(heads, &newest, judged).await?;
        let brought = heads.bring(&newest).await?;
        note(heads, &newest, &mut reports, &brought).await?;
    }
    Ok(RepairReport { commit: newest.commit.to_string(), generation: newest.generation, heads: reports, intents })
}

fn action(found: Found) -> RepairAction {
    if found.shows { RepairAction::NoOp } else { RepairAction::Preview }
}

/// Writes down what was healed.
async fn note(heads: &Heads, newest: &CommitRecord, reports: &mut [HeadReport], brought: &[Brought]) -> Result<()> {
    let mut tables = Vec::new();
    for report in reports.iter_mut().filter(|report| report.action == RepairAction::Preview) {
        report.action = RepairAction::Healed;
        let after = brought.iter().find(|brought| brought.wanted.key == report.table_key);
        let found_version = report.head_version.unwrap_or(0);
        tables.push(AuditTable {
            table_key: report.table_key.clone(),
            table_path: report.head_path.clone(),
            classification: report.classification,
            found_version,
            final_version: after.map_or(found_version, |brought| brought.version),
        });
    }
    if tables.is_empty() {
        return Ok(());
    }
    let store = heads.shared().log.store();
    let entry = AuditEntry {
        schema_version: audit::SCHEMA_VERSION,
        audit_id: store.ambient().ulid().to_string(),
        actor_id: audit::REPAIR.to_owned(),
        recorded_at: store.ambient().now_micros(),
        operation_id: None,
        operation_actor_id: None,
        decision: Decision::RollForward,
        commit: None,
        head_commit: newest.commit.to_string(),
        tables,
    };
    audit::record(store, &entry).await
}
