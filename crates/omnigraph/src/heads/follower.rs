//! The task that publishes behind the writers of a handle.
//!
//! ```text
//! announce ─► intent ─┐                      ┌► heads ─► intents whose operations are over are deleted
//! staging ────────────┴─► commit ─► concluded ┘
//! ```
//!
//! There is at most one task at a time, and it ends when nothing is left to do. What was concluded while it worked it does in
//! its next round, so any number of commits share one publication.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::{StreamExt, TryStreamExt};
use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::branch::MAIN;
use omnigraph_log::{CommitKind, CommitRecord, Head, OperationId, TablePath};
use omnigraph_objects::{Key, Store};
use tokio::sync::Notify;

use super::intent::{self, Intent, SCHEMA_VERSION};
use super::policy::{HeadPublication, LATEST};
use super::publish::Seen;
use super::wanted::{wanted, wanted_of};
use crate::error::{Error, Result};
use crate::snapshot::Shared;

/// The most operations that a handle announces at once. A handle that dies leaves an intent that stands until so many commits
/// have come.
const MOST_PLACES: u64 = 64;
/// Intents that are deleted side by side.
const DELETED_AT_ONCE: usize = 16;

/// The heads of one graph, as one handle sees them. Cheap to clone; clones share the task.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    inner: Arc<Inner>,
}

/// A reference that keeps nothing alive.
#[derive(Clone, Debug)]
pub(crate) struct WeakHeads(Weak<Inner>);

impl WeakHeads {
    /// The heads, if somebody still holds them.
    pub(crate) fn upgrade(&self) -> Option<Heads> {
        self.0.upgrade().map(|inner| Heads { inner })
    }
}

#[derive(Debug)]
struct Inner {
    shared: Shared,
    policy: HeadPublication,
    seen: Seen,
    state: Mutex<State>,
    /// Tells whoever waits that the task ended.
    ended: Notify,
    /// Tells the task that somebody waits for it.
    hurry: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Intents of this handle that stand or are being put.
    standing: Vec<Standing>,
    /// Whether something happened since the last publication began.
    due: bool,
    /// Whether the task runs.
    working: bool,
    /// Why the last publication failed, if it did.
    failure: Option<String>,
    /// Operations that the next intent announces.
    places: u64,
}

#[derive(Debug)]
struct Standing {
    key: Key,
    /// Operations that rest on it and whose fate is not settled.
    users: usize,
    /// Places in the log that it announces, once it is there for sure.
    places: Range<u64>,
}

/// What a writer tells before it publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announcement<'a> {
    /// The operation.
    pub(crate) operation: OperationId,
    /// The branch's newest commit, which the operation is to follow.
    pub(crate) head: &'a Head,
    /// What kind of commit it is.
    pub(crate) kind: CommitKind,
    /// Who is answerable.
    pub(crate) actor: Option<&'a str>,
    /// The tables it changes.
    pub(crate) tables: &'a [TablePath],
}

/// Announces the commit by which a graph comes into being, before it does.
pub(crate) async fn announce_first(store: &Store, first: &CommitRecord, catalog: &Catalog) -> Result<Key> {
    let wanted = wanted_of(catalog, first)?;
    let operation = first.operations.first().map(|operation| operation.id);
    let operation = operation.ok_or_else(|| Error::internal("a first commit without an operation"))?;
    let intent = Intent {
        schema_version: SCHEMA_VERSION,
        operation_id: operation,
        started_at: first.authored_at,
        branch: MAIN.to_owned(),
        actor_id: first.actor.clone(),
        writer_kind: first.kind.into(),
        tables: wanted.iter().map(|wanted| wanted.intended(0)).collect(),
        sequence: Some(first.sequence),
        places: 1,
    };
    let key = intent::key_of(store.ambient().ulid())?;
    intent::put(store, &key, &intent).await?;
    Ok(key)
}

/// What an operation rests on.
enum Joined {
    /// An intent that stands.
    Standing(Announced),
    /// One that is to be put under this key, with so many places.
    Own(Key, u64),
}

/// An operation that was announced. Dropped when its fate is settled, whatever it is: heads are looked after then.
#[derive(Debug)]
pub(crate) struct Announced {
    heads: Option<(Heads, Key)>,
}

impl Drop for Announced {
    fn drop(&mut self) {
        if let Some((heads, key)) = self.heads.take() {
            heads.conclude(&key);
        }
    }
}

impl Heads {
    /// The heads of the graph of `shared`.
    pub(crate) fn new(shared: Shared, policy: HeadPublication) -> Self {
        let policy = policy.of(&shared.log);
        let (seen, state) = (Seen::default(), Mutex::default());
        Self { inner: Arc::new(Inner { shared, policy, seen, state, ended: Notify::new(), hurry: Notify::new() }) }
    }

    /// Whether this handle publishes heads.
    pub(crate) fn are_published(&self) -> bool {
        self.inner.policy != HeadPublication::Off
    }

    /// Announces an operation on `main`; on other branches nothing. Runs beside staging; the commit must not be put before it
    /// returns. What it returns is to be held until the fate of the operation is settled.
    ///
    /// The first operation after a rest announces itself alone. Those that follow before the heads are published announce more
    /// and more of the places behind them, and the next operations rest on that.
    pub(crate) async fn announce(&self, announcement: Announcement<'_>) -> Result<Announced> {
        if !self.are_published() || announcement.head.branch.name != MAIN {
            return Ok(Announced { heads: None });
        }
        let place = announcement.head.next_sequence();
        let (key, places) = match self.join(place)? {
            Joined::Standing(announced) => return Ok(announced),
            Joined::Own(key, places) => (key, places),
        };
        let announced = Announced { heads: Some((self.clone(), key.clone())) };
        let intent = self.intent(announcement, places).await?;
        intent::put(self.shared().log.store(), &key, &intent).await?;
        for standing in self.state().standing.iter_mut().filter(|standing| standing.key == key) {
            standing.places = place..place.saturating_add(places);
        }
        Ok(announced)
    }

    /// Takes over the intent that stood before the graph did.
    pub(crate) fn take_over(&self, first: Option<Key>) {
        if let Some(key) = first {
            let mut state = self.state();
            state.standing.push(Standing { key, users: 0, places: 0..0 });
            self.begin(state);
        }
    }

    /// Rests on an intent that announces `place`, or takes note of one that is about to be put.
    fn join(&self, place: u64) -> Result<Joined> {
        let mut state = self.state();
        if let Some(standing) = state.standing.iter_mut().find(|standing| standing.places.contains(&place)) {
            standing.users += 1;
            return Ok(Joined::Standing(Announced { heads: Some((self.clone(), standing.key.clone())) }));
        }
        let key = intent::key_of(self.shared().ambient().ulid())?;
        state.places = if state.standing.is_empty() { 1 } else { state.places.saturating_mul(2).clamp(1, MOST_PLACES) };
        let places = state.places;
        state.standing.push(Standing { key: key.clone(), users: 1, places: 0..0 });
        Ok(Joined::Own(key, places))
    }

    async fn intent(&self, announcement: Announcement<'_>, places: u64) -> Result<Intent> {
        let Announcement { operation, head, kind, actor, tables } = announcement;
        let wanted = wanted(self.shared(), &head.record).await?;
        let moving: Vec<_> = wanted.into_iter().filter(|wanted| tables.contains(&wanted.table)).collect();
        // A handle that has published knows; another looks.
        let known: Option<Vec<u64>> = moving.iter().map(|wanted| self.seen().newest(&wanted.head)).collect();
        let newest = match known {
            Some(known) => known,
            None => {
                let heads = self.shared().tables.list_heads().await?;
                moving.iter().map(|wanted| heads.get(&wanted.head).map_or(0, |found| found.newest())).collect()
            }
        };
        let tables = moving.iter().zip(newest).map(|(wanted, newest)| wanted.intended(newest));
        Ok(Intent {
            schema_version: SCHEMA_VERSION,
            operation_id: operation,
            started_at: self.shared().ambient().now_micros(),
            branch: MAIN.to_owned(),
            actor_id: actor.map(str::to_owned),
            writer_kind: kind.into(),
            tables: tables.collect(),
            sequence: Some(head.next_sequence()),
            places,
        })
    }

    fn conclude(&self, key: &Key) {
        let mut state = self.state();
        for standing in state.standing.iter_mut().filter(|standing| standing.key == *key) {
            standing.users = standing.users.saturating_sub(1);
        }
        self.begin(state);
    }

    /// Has the task run, if there is something to run it on. Without a runtime what is due waits for the next process.
    fn begin(&self, mut state: MutexGuard<'_, State>) {
        state.due = true;
        if state.working {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            state.working = true;
            drop(state);
            let heads = self.clone();
            runtime.spawn(async move { heads.follow().await });
        } else {
            self.inner.ended.notify_waiters();
        }
    }

    /// Publishes until nothing is due.
    async fn follow(self) {
        let mut working = Working { inner: &self.inner, ended: false };
        loop {
            tokio::select! {
                () = self.shared().ambient().sleep(LATEST) => {}
                () = self.inner.hurry.notified() => {}
            }
            self.state().due = false;
            let outcome = self.catch_up().await;
            let mut state = self.state();
            state.failure = outcome.err().map(|error| error.to_string());
            if let Some(problem) = &state.failure {
                tracing::warn!(%problem, "heads for outside readers were not published");
            }
            if !state.due || state.failure.is_some() {
                // Under the lock, so that whoever concludes next finds that no task runs.
                state.working = false;
                working.ended = true;
                return;
            }
        }
    }

    /// One publication. Intents whose operations were over before it began are done with after it.
    async fn catch_up(&self) -> Result<()> {
        let over: Vec<Key> = {
            let state = self.state();
            state.standing.iter().filter(|standing| standing.users == 0).map(|standing| standing.key.clone()).collect()
        };
        let log = &self.shared().log;
        let newest = log.head(&log.branch(MAIN).await?).await?.record;
        self.bring(&newest).await?;
        let withdrawn = futures::stream::iter(over).map(async |key| self.withdraw(&key).await);
        withdrawn.buffer_unordered(DELETED_AT_ONCE).try_collect().await
    }

    /// Deletes an intent, unless somebody has come to rest on it.
    async fn withdraw(&self, key: &Key) -> Result<()> {
        let withdrawn = {
            let mut state = self.state();
            let at = state.standing.iter().position(|standing| standing.key == *key && standing.users == 0);
            at.map(|at| state.standing.swap_remove(at))
        };
        let Some(withdrawn) = withdrawn else { return Ok(()) };
        let deleted = intent::delete(self.shared().log.store(), key).await;
        if deleted.is_err() {
            self.state().standing.push(withdrawn);
        }
        deleted
    }

    /// Has the heads show every commit of this handle without delay, and tries again what failed.
    pub(crate) async fn settle(&self) -> Result<(), String> {
        let mut tries = 0;
        loop {
            let ended = self.inner.ended.notified();
            self.inner.hurry.notify_one();
            {
                let state = self.state();
                match (&state.failure, state.due) {
                    // A caller may have its answer a moment before its operation is over.
                    _ if state.working || state.standing.iter().any(|standing| standing.users > 0) => {}
                    (None, false) => return Ok(()),
                    (Some(problem), _) if tries > 0 => return Err(problem.clone()),
                    _ => {
                        tries += 1;
                        self.begin(state);
                    }
                }
            }
            ended.await;
        }
    }

    /// Whether an intent is one of this handle's own.
    pub(crate) fn announced(&self, key: &Key) -> bool {
        self.state().standing.iter().any(|standing| standing.key == *key)
    }

    /// A reference for whoever must not keep the graph open.
    pub(crate) fn downgrade(&self) -> WeakHeads {
        WeakHeads(Arc::downgrade(&self.inner))
    }

    /// What all work on the graph shares.
    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.inner.seen
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives the task runs.
struct Working<'a> {
    inner: &'a Inner,
    /// Whether the task ended by itself, and was not cancelled together with its runtime.
    ended: bool,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.inner.state.lock().unwrap_or_else(PoisonError::into_inner).working = false;
        }
        self.inner.ended.notify_waiters();
    }
}
