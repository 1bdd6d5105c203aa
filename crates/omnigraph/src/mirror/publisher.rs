//! The publisher of a handle: background publications of the mirror after commits.
//!
//! ```text
//! announce ─► intent ─┐                            ┌► delay ─► publish ─► intents without pending operations are deleted
//! staging ────────────┴─► commit ─► guard dropped ─┘
//! ```
//!
//! At most one publication runs per handle and one is scheduled. Commits that finish during a publication share the next one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::branch::MAIN;
use omnigraph_history::{CommitRecord, GraphLog, MirrorMode};
use omnigraph_storage::{Key, Location, Store};
use tokio::sync::Notify;

use super::intent::{INTENT_SCHEMA_VERSION, Intent, IntentTable, delete_intent, intent_key};
use super::publish::KnownVersions;
use super::target::{MirrorTarget, catalog_targets, mirror_targets};
use crate::error::{Error, Result};
use crate::snapshot::Engine;
use crate::write::commit::{CommitGuard, CommitListener, PlannedCommit};

/// The time for which commits gather before one publication shows them all.
const PUBLISH_DELAY: Duration = Duration::from_millis(250);
/// Sequences that one intent announces. A handle that dies leaves an intent that stays until so many commits follow.
const MAX_INTENT_SEQUENCES: u64 = 64;
/// Intents that are deleted concurrently.
const DELETE_CONCURRENCY: usize = 16;

/// The mirror of a graph. Cheap to clone; clones share the publisher.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    inner: Arc<MirrorInner>,
}

#[derive(Debug)]
struct MirrorInner {
    engine: Engine,
    mode: MirrorMode,
    known_versions: KnownVersions,
    state: Mutex<PublisherState>,
    /// Serializes the publications of this handle.
    publishing: tokio::sync::Mutex<()>,
    /// Signals that the outcome of an operation is known.
    finished: Notify,
}

#[derive(Debug, Default)]
struct PublisherState {
    /// Intents of this handle that exist or are being put.
    intents: Vec<OpenIntent>,
    /// Finished operations and adopted intents.
    events: u64,
    /// The events that the last publication shows.
    published_events: u64,
    /// Reports a task that has yet to start its publication.
    is_scheduled: bool,
    /// Sequences of the latest intent.
    sequence_count: u64,
}

#[derive(Debug)]
struct OpenIntent {
    key: Key,
    /// Operations that use it and whose outcome is unknown.
    users: usize,
    /// Sequences that it announces; empty until its put is acknowledged.
    sequences: Range<u64>,
}

/// An announced commit. Dropping it reports that its outcome is known, which schedules a publication.
struct IntentGuard {
    mirror: Mirror,
    key: Key,
}

impl Drop for IntentGuard {
    fn drop(&mut self) {
        self.mirror.finish(&self.key);
    }
}

/// Returns the mode of a handle. A graph in memory has no external readers, so it has no mirror.
pub(crate) fn effective_mode(mode: MirrorMode, store: &Store) -> MirrorMode {
    if matches!(store.location(), Location::Memory(_)) { MirrorMode::Off } else { mode }
}

/// Puts the intent of the first commit of a graph.
pub(crate) async fn announce_first(store: &Store, first: &CommitRecord, catalog: &Catalog) -> Result<Key> {
    let operation = first.operations.first().map(|operation| operation.id);
    let targets = catalog_targets(catalog, first)?;
    let intent = Intent {
        schema_version: INTENT_SCHEMA_VERSION,
        operation_id: operation.ok_or_else(|| Error::internal("a first commit without an operation"))?,
        started_at: first.authored_at,
        branch: MAIN.to_owned(),
        actor_id: first.actor.clone(),
        writer_kind: first.kind.into(),
        tables: targets.iter().map(|target| planned_move(target, 0)).collect(),
        sequence: Some(first.sequence),
        sequence_count: None,
    };
    let key = intent_key(store.env().ulid())?;
    intent.put(store, &key).await?;
    Ok(key)
}

fn planned_move(target: &MirrorTarget, latest: u64) -> IntentTable {
    IntentTable {
        table_key: target.table_key.clone(),
        table_path: target.path(),
        expected_version: latest,
        post_commit_pin: latest + 1,
    }
}

#[async_trait::async_trait]
impl CommitListener for Mirror {
    /// Announces a commit of `main`; ignores other branches.
    ///
    /// The first commit after an idle period announces one sequence. Commits that follow before the publication announce twice
    /// as many each time, and later commits within that range share the intent.
    async fn before_publish(&self, commit: PlannedCommit<'_>) -> Result<CommitGuard> {
        if !self.is_enabled() || commit.head.branch.name != MAIN {
            return Ok(Box::new(()));
        }
        let sequence = commit.head.next_sequence();
        let (key, new_sequences) = self.reserve_intent(sequence)?;
        let guard = IntentGuard { mirror: self.clone(), key: key.clone() };
        if let Some(count) = new_sequences {
            self.new_intent(commit, count).await?.put(self.engine().log.store(), &key).await?;
            for open in self.state().intents.iter_mut().filter(|open| open.key == key) {
                open.sequences = sequence..sequence.saturating_add(count);
            }
        }
        Ok(Box::new(guard))
    }
}

impl Mirror {
    /// Returns the mirror of the graph of `engine`.
    pub(crate) fn new(engine: Engine, mode: MirrorMode) -> Self {
        let mode = match engine.log.metadata().mirror_mode() {
            MirrorMode::On => effective_mode(mode, engine.log.store()),
            MirrorMode::Off => MirrorMode::Off,
        };
        let (known_versions, state) = (KnownVersions::default(), Mutex::default());
        let (publishing, finished) = (tokio::sync::Mutex::default(), Notify::new());
        Self { inner: Arc::new(MirrorInner { engine, mode, known_versions, state, publishing, finished }) }
    }

    /// Reports if this handle publishes the mirror.
    pub(crate) fn is_enabled(&self) -> bool {
        self.inner.mode == MirrorMode::On
    }

    /// Adopts the intent of the first commit.
    pub(crate) fn adopt_intent(&self, key: Key) {
        let mut state = self.state();
        state.intents.push(OpenIntent { key, users: 0, sequences: 0..0 });
        self.schedule(state);
    }

    /// Joins an open intent that announces `sequence`, or registers a new one and returns the number of its sequences.
    fn reserve_intent(&self, sequence: u64) -> Result<(Key, Option<u64>)> {
        let mut state = self.state();
        if let Some(open) = state.intents.iter_mut().find(|open| open.sequences.contains(&sequence)) {
            open.users += 1;
            return Ok((open.key.clone(), None));
        }
        let key = intent_key(self.engine().env().ulid())?;
        let count = if state.intents.is_empty() { 1 } else { state.sequence_count.saturating_mul(2) };
        state.sequence_count = count.clamp(1, MAX_INTENT_SEQUENCES);
        state.intents.push(OpenIntent { key: key.clone(), users: 1, sequences: 0..0 });
        Ok((key, Some(state.sequence_count)))
    }

    async fn new_intent(&self, commit: PlannedCommit<'_>, sequence_count: u64) -> Result<Intent> {
        let PlannedCommit { operation, head, kind, actor, tables } = commit;
        let mut targets = mirror_targets(self.engine(), &head.record).await?;
        targets.retain(|target| tables.contains(&target.table));
        let known =
            targets.iter().map(|target| self.known_versions().latest(&target.dataset).map(|(latest, _)| latest));
        let latest = match known.collect::<Option<Vec<u64>>>() {
            Some(known) => known,
            None => {
                let folders = self.engine().tables.list_heads().await?;
                targets.iter().map(|target| folders.get(&target.dataset).map_or(0, |folder| folder.newest())).collect()
            }
        };
        Ok(Intent {
            schema_version: INTENT_SCHEMA_VERSION,
            operation_id: operation,
            started_at: self.engine().env().now_micros(),
            branch: MAIN.to_owned(),
            actor_id: actor.map(str::to_owned),
            writer_kind: kind.into(),
            tables: targets.iter().zip(latest).map(|(target, latest)| planned_move(target, latest)).collect(),
            sequence: Some(head.next_sequence()),
            sequence_count: (sequence_count > 1).then_some(sequence_count),
        })
    }

    /// Reports that the outcome of an operation is known.
    fn finish(&self, key: &Key) {
        let mut state = self.state();
        for open in state.intents.iter_mut().filter(|open| open.key == *key) {
            open.users = open.users.saturating_sub(1);
        }
        self.schedule(state);
        self.inner.finished.notify_waiters();
    }

    /// Schedules a publication. Without a runtime it is left to [`Self::flush`] or the next process.
    fn schedule(&self, mut state: MutexGuard<'_, PublisherState>) {
        state.events += 1;
        if state.is_scheduled {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        state.is_scheduled = true;
        // A runtime that shuts down drops the task at once, and the guard needs the lock.
        drop(state);
        let scheduled = ScheduledGuard(self.clone());
        runtime.spawn(async move {
            let mirror = scheduled.0.clone();
            mirror.engine().env().sleep(PUBLISH_DELAY).await;
            let _publishing = mirror.inner.publishing.lock().await;
            drop(scheduled);
            if let Err(error) = mirror.publish_pending().await {
                tracing::warn!(%error, "cannot publish the Lance mirror");
            }
        });
    }

    /// Publishes all commits of this handle without delay.
    pub(crate) async fn flush(&self) -> Result<()> {
        loop {
            // A caller may receive its response shortly before the guard of its operation is dropped.
            let finished = self.inner.finished.notified();
            if self.state().intents.iter().all(|open| open.users == 0) {
                break;
            }
            finished.await;
        }
        let _publishing = self.inner.publishing.lock().await;
        self.publish_pending().await
    }

    /// Publishes the commits of this handle that are not published yet.
    async fn publish_pending(&self) -> Result<()> {
        let events = self.state().events;
        if self.state().published_events != events {
            self.publish_latest().await?;
            self.state().published_events = events;
        }
        Ok(())
    }

    /// Publishes a commit that a sweep or a repair has read.
    pub(super) async fn publish(&self, record: &CommitRecord) -> Result<HashMap<String, u64>> {
        let _publishing = self.inner.publishing.lock().await;
        self.publish_commit(record).await
    }

    /// Publishes the latest commit, then deletes the intents whose operations had all finished before.
    async fn publish_latest(&self) -> Result<()> {
        let finished: Vec<Key> = {
            let state = self.state();
            state.intents.iter().filter(|open| open.users == 0).map(|open| open.key.clone()).collect()
        };
        let latest = latest_commit(&self.engine().log).await?;
        self.publish_commit(&latest).await?;
        let deletes = futures::stream::iter(finished).map(async |key| self.delete_finished(&key).await);
        deletes.buffer_unordered(DELETE_CONCURRENCY).try_collect().await
    }

    /// Deletes an intent unless another operation has joined it.
    async fn delete_finished(&self, key: &Key) -> Result<()> {
        let finished = {
            let mut state = self.state();
            let index = state.intents.iter().position(|open| open.key == *key && open.users == 0);
            index.map(|index| state.intents.swap_remove(index))
        };
        let Some(finished) = finished else { return Ok(()) };
        let deleted = delete_intent(self.engine().log.store(), key).await;
        if deleted.is_err() {
            self.state().intents.push(finished);
        }
        deleted
    }

    /// Reports if an intent belongs to this handle.
    pub(super) fn owns_intent(&self, key: &Key) -> bool {
        self.state().intents.iter().any(|open| open.key == *key)
    }

    /// Returns a function that returns the mirror while a handle keeps it open.
    pub(super) fn downgrade(&self) -> impl Fn() -> Option<Self> + Send + use<> {
        let weak = Arc::downgrade(&self.inner);
        move || weak.upgrade().map(|inner| Self { inner })
    }

    /// Returns the engine of the graph.
    pub(super) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(super) fn known_versions(&self) -> &KnownVersions {
        &self.inner.known_versions
    }

    fn state(&self) -> MutexGuard<'_, PublisherState> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the latest commit of `main`.
pub(super) async fn latest_commit(log: &GraphLog) -> Result<Arc<CommitRecord>> {
    Ok(log.head(&log.branch(MAIN).await?).await?.record)
}

/// A scheduled publication. Dropping it, at the latest when the runtime shuts down, lets the next event schedule another.
struct ScheduledGuard(Mirror);

impl Drop for ScheduledGuard {
    fn drop(&mut self) {
        self.0.state().is_scheduled = false;
    }
}
