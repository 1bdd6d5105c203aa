//! The pipeline.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{Stream, StreamExt, TryStreamExt};
use omnigraph_log::{BranchRecord, CommitKind};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::decode::{Decoded, decode};
use super::sink::Sink;
use super::source::{Chunk, Lines};
use super::tracker::Tracker;
use super::{LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadedType};
use crate::error::{Error, Result};
use crate::snapshot::{Shared, Snapshot};
use crate::validate::RowPlans;
use crate::write::{
    Existing, Fixed, IdempotencyKey, NeededEnd, Publication, StagedTable, StagedWrite, Submission, Writer,
};

/// Chunks read ahead of the decoders.
const CHUNKS_AHEAD: usize = 2;

/// Loads everything that `request` names into `branch`, whose state was `base` a moment ago.
pub(crate) async fn run(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    base: &Snapshot,
    request: LoadRequest,
) -> Result<LoadReceipt> {
    let plan = Arc::new(RowPlans::new(base.catalog())?);
    let origin: Arc<str> = request.source.name().into();
    let (lines, bytes_read) = request.source.lines()?;
    let progress = Progress { report: request.progress, bytes_read, rows: 0 };
    let chunks = decoded_chunks(shared, &plan, &origin, lines);
    let (tracker, sinks) = collect(&plan, base, &origin, chunks, progress).await?;
    let counts = Counts::of(&plan, &tracker);
    if counts.is_empty() {
        return Ok(counts.receipt(None));
    }
    let actor = request.actor;
    let staged = StagedWrite {
        schema: base.commit().schema.clone(),
        kind: CommitKind::Load,
        actor: actor.clone(),
        origin: origin.to_string(),
        ends: needed_ends(&plan, &tracker),
        adoption: None,
        tables: stage(&plan, request.mode, tracker, sinks).await?,
    };
    let answer = serde_json::to_value(&counts).map_err(|error| Error::internal(error.to_string()))?;
    let key =
        request.idempotency_key.map(|key| IdempotencyKey { key, request: format!("load {}", request.mode.as_str()) });
    let job = Arc::new(Fixed { staged: Arc::new(staged), answer: Arc::new(answer) });
    let submission = Submission { job, actor, condition: request.condition, key };
    let publication = writer.submit(shared, branch, submission).await?;
    let counts =
        Counts::deserialize(publication.answer.as_ref()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(counts.receipt(Some(publication)))
}

/// Reads and decodes in parallel, and hands on in the order of the input.
fn decoded_chunks(
    shared: &Shared,
    plan: &Arc<RowPlans>,
    origin: &Arc<str>,
    mut lines: Lines,
) -> impl Stream<Item = Result<Decoded>> + use<> {
    let (sender, mut receiver) = mpsc::channel::<Result<Chunk>>(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        while let Some(chunk) = lines.next_chunk().transpose() {
            let failed = chunk.is_err();
            if sender.blocking_send(chunk).is_err() || failed {
                break;
            }
        }
    });
    let (plan, origin, ambient) = (Arc::clone(plan), Arc::clone(origin), shared.ambient().clone());
    let now = ambient.now_micros();
    let chunks = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    let decoded = chunks.map(move |chunk| {
        let (plan, origin, ambient) = (Arc::clone(&plan), Arc::clone(&origin), ambient.clone());
        async move {
            let chunk = chunk?;
            let task = tokio::task::spawn_blocking(move || decode(&plan, &ambient, now, &origin, &chunk));
            task.await.map_err(|error| Error::internal(format!("a decoder died: {error}")))?
        }
    });
    let decoders = std::thread::available_parallelism().map_or(2, usize::from);
    decoded.buffered(decoders)
}

/// Feeds every decoded row to the sink of its table, and takes note of its keys.
async fn collect(
    plan: &Arc<RowPlans>,
    base: &Snapshot,
    origin: &str,
    chunks: impl Stream<Item = Result<Decoded>>,
    mut progress: Progress,
) -> Result<(Tracker, Vec<Option<Sink>>)> {
    let mut tracker = Tracker::new(plan);
    let mut sinks: Vec<Option<Sink>> = plan.types.iter().map(|_| None).collect();
    let mut chunks = std::pin::pin!(chunks);
    while let Some(decoded) = chunks.try_next().await? {
        for group in decoded.groups {
            tracker.note(plan, origin, &group)?;
            progress.rows += group.lines.len() as u64;
            let sink = match &mut sinks[group.ty] {
                Some(sink) => sink,
                empty => {
                    let table = base.table(&plan.types[group.ty].path).await?;
                    empty.insert(Sink::new(base.shared.tables.clone(), table))
                }
            };
            sink.push(group.batch).await?;
        }
        progress.tell();
    }
    tracker.settle();
    Ok((tracker, sinks))
}

async fn stage(
    plan: &RowPlans,
    mode: LoadMode,
    tracker: Tracker,
    sinks: Vec<Option<Sink>>,
) -> Result<Vec<StagedTable>> {
    let mut tables = Vec::new();
    for (((ty, sink), seen), count) in plan.types.iter().zip(sinks).zip(tracker.seen).zip(tracker.rows) {
        let Some(sink) = sink else { continue };
        tables.push(StagedTable {
            path: ty.path.clone(),
            describe: ty.describe(),
            replace: mode == LoadMode::Overwrite,
            existing: if mode == LoadMode::Append { Existing::Refuse } else { Existing::Replace },
            rows: sink.finish().await?,
            count,
            keys: seen.into_keys().collect::<HashSet<_>>(),
            removed: HashSet::new(),
            carried: Vec::new(),
        });
    }
    Ok(tables)
}

fn needed_ends(plan: &RowPlans, tracker: &Tracker) -> Vec<NeededEnd> {
    let names: Vec<Arc<str>> = plan.types.iter().map(|ty| ty.name.as_str().into()).collect();
    let by_node = tracker.pending.iter().enumerate();
    by_node
        .flat_map(|(node, pending)| {
            let names = &names;
            pending.iter().map(move |(key, end)| NeededEnd {
                node: plan.types[node].path.clone(),
                node_name: Arc::clone(&names[node]),
                key: *key,
                id: end.id.clone(),
                edge_name: Arc::clone(&names[end.edge]),
                column: end.column,
                line: end.line,
            })
        })
        .collect()
}

/// Rows by type.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
struct Counts {
    nodes: Vec<LoadedType>,
    edges: Vec<LoadedType>,
}

impl Counts {
    fn of(plan: &RowPlans, tracker: &Tracker) -> Self {
        let loaded = |edges: bool| {
            let types = plan.types.iter().zip(&tracker.rows).filter(|(ty, rows)| ty.is_edge() == edges && **rows > 0);
            types.map(|(ty, rows)| LoadedType { name: ty.name.clone(), rows: *rows }).collect()
        };
        Self { nodes: loaded(false), edges: loaded(true) }
    }

    fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.edges.is_empty()
    }

    fn receipt(self, publication: Option<Publication>) -> LoadReceipt {
        let Self { nodes, edges } = self;
        let (retries, replayed) = publication.as_ref().map_or((0, false), |done| (done.retries, done.replayed));
        LoadReceipt { commit: publication.and_then(|done| done.record), nodes, edges, retries, replayed }
    }
}

struct Progress {
    report: Option<Arc<dyn Fn(LoadProgress) + Send + Sync>>,
    bytes_read: Arc<AtomicU64>,
    rows: u64,
}

impl Progress {
    fn tell(&self) {
        if let Some(report) = &self.report {
            report(LoadProgress { bytes_read: self.bytes_read.load(Ordering::Relaxed), rows: self.rows });
        }
    }
}
