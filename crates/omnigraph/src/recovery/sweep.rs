//! On opening, and now and then for handles that live long.

use std::time::Duration;

use omnigraph_log::CommitRecord;
use omnigraph_log::branch::MAIN;
use omnigraph_objects::Store;

use super::audit::{self, AuditEntry, AuditTable};
use super::inspect::Inspection;
use super::judge::{Judged, judge};
use crate::error::Result;
use crate::heads::{Brought, Heads, WeakHeads, delete, list};

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// What was found and done, one entry for each intent that was dealt with.
    pub swept: Vec<AuditEntry>,
    /// Intents that were left alone, because their operation may be about to be published.
    pub left: usize,
}

/// Deals with every intent whose operation is published or can never be. Costs one listing if there is none.
pub(crate) async fn sweep(heads: &Heads) -> Result<SweepReport> {
    let mut report = SweepReport::default();
    if !heads.are_published() {
        return Ok(report);
    }
    let shared = heads.shared();
    let mut standing = list(shared.log.store()).await?;
    // This handle's own are its own affair.
    standing.retain(|standing| !heads.announced(&standing.key));
    if standing.is_empty() {
        return Ok(report);
    }
    let newest = shared.log.head(&shared.log.branch(MAIN).await?).await?.record;
    let (alive, over): (Vec<_>, Vec<_>) =
        standing.into_iter().partition(|standing| standing.intent.may_be_alive(newest.sequence));
    report.left = alive.len();
    if over.is_empty() {
        // Some operations of a handle may be published, and the handle gone. If it lives, it does the same.
        if alive.iter().any(|standing| standing.intent.may_be_published(newest.sequence)) {
            heads.bring(&newest).await?;
        }
        return Ok(report);
    }
    let inspection = Inspection::of(heads, &newest).await?;
    let mut judged = Vec::with_capacity(over.len());
    for standing in over {
        let mut verdict = judge(shared, &inspection, standing).await?;
        if let Some(problem) = verdict.problem.take() {
            return Err(problem.into());
        }
        judged.push(verdict);
    }
    report.swept = finish(heads, &newest, judged).await?;
    Ok(report)
}

/// Heads first, then the entry, the intent last: stopped anywhere, it is done again from the beginning.
pub(super) async fn finish(heads: &Heads, newest: &CommitRecord, judged: Vec<Judged>) -> Result<Vec<AuditEntry>> {
    let brought = heads.bring(newest).await?;
    let store = heads.shared().log.store();
    let mut entries = Vec::with_capacity(judged.len());
    for judged in judged {
        let entry = entry(store, newest, &judged, &brought);
        audit::record(store, &entry).await?;
        delete(store, &judged.standing.key).await?;
        tracing::info!(intent = %judged.standing.key, decision = %entry.decision, "an intent was dealt with");
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(store: &Store, newest: &CommitRecord, judged: &Judged, brought: &[Brought]) -> AuditEntry {
    let intent = &judged.standing.intent;
    let name = judged.standing.key.name().trim_end_matches(".json").to_owned();
    let tables = judged.tables.iter().map(|judged| {
        let after = brought.iter().find(|brought| brought.wanted.key == judged.table.table_key);
        AuditTable {
            table_key: judged.table.table_key.clone(),
            table_path: judged.table.table_path.clone(),
            classification: judged.classification,
            found_version: judged.found,
            final_version: after.map_or(judged.found, |brought| brought.version),
        }
    });
    AuditEntry {
        schema_version: audit::SCHEMA_VERSION,
        audit_id: name,
        actor_id: audit::RECOVERY.to_owned(),
        recorded_at: store.ambient().now_micros(),
        operation_id: Some(intent.operation_id.to_string()),
        operation_actor_id: intent.actor_id.clone(),
        decision: judged.decision,
        commit: judged.commit.clone(),
        head_commit: newest.commit.to_string(),
        tables: tables.collect(),
    }
}

/// Sweeps every `period`, until the last handle on the heads is gone.
pub(crate) fn sweep_every(heads: &Heads, period: Duration) {
    let (weak, ambient): (WeakHeads, _) = (heads.downgrade(), heads.shared().ambient().clone());
    tokio::spawn(async move {
        loop {
            ambient.sleep(period).await;
            let Some(heads) = weak.upgrade() else { return };
            if let Err(error) = sweep(&heads).await {
                tracing::warn!(%error, "a sweep in the background failed");
            }
        }
    });
}
