//! Creating and opening a graph.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::Schema as ArrowSchema;
use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use omnigraph_compiler::catalog::{AcceptedSchema, Catalog};
use omnigraph_history::record::RECORD_FORMAT;
use omnigraph_history::{
    BranchRecord, CommitId, CommitKind, CommitRecord, GraphLog, MirrorMode, OperationId, OperationRecord, SchemaHash,
    TablePath, TablePin,
};
use omnigraph_storage::{Location, Store, StoreOptions};

use super::Omnigraph;
use super::authorizer::AllowAll;
use crate::error::{Error, ErrorKind, Result, compile_error};
use crate::index::PersistMode;
use crate::index::topology::TraversalMethod;
use crate::mirror::{Mirror, announce_first, effective_mode, recovery};
use crate::snapshot::Engine;
use crate::table::{Tables, edge_schema, node_schema};
use crate::write::commit::GraphWriter;

/// Tables that are created at the same time.
const TABLE_CONCURRENCY: usize = 16;

/// Operations that a handle allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpenMode {
    /// Reads and writes. Opening first finishes the publications of processes that ended.
    #[default]
    ReadWrite,
    /// Reads only. The handle makes no request that writes or deletes, and reads no intents.
    ReadOnly,
}

/// Options of opening a graph.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The operations that the handle allows.
    pub mode: OpenMode,
    /// The store: durability, credentials, clock and ids.
    pub store: StoreOptions,
    /// The Lance mirror of `main`. A graph that is created with [`MirrorMode::Off`] never has one.
    pub mirror: MirrorMode,
    /// The period in which a long-lived handle finishes publications of processes that ended; never if `None`.
    pub sweep_every: Option<Duration>,
    /// Bytes of columns that are cached, and as many of their indexes. A larger column is read from the store by each query.
    pub column_cache_bytes: u64,
    /// The method by which hops from nodes with known ids find their edges.
    pub traversal: TraversalMethod,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            mode: OpenMode::default(),
            store: StoreOptions::default(),
            mirror: MirrorMode::default(),
            sweep_every: None,
            column_cache_bytes: 1 << 30,
            traversal: TraversalMethod::default(),
        }
    }
}

/// The text of a schema, and the file name that messages show for it.
#[derive(Clone, Debug)]
pub struct SchemaSource {
    file: String,
    text: String,
}

impl SchemaSource {
    /// Returns the schema `text` of the file `file`.
    #[must_use]
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into() }
    }
}

impl From<&str> for SchemaSource {
    fn from(text: &str) -> Self {
        Self::new("schema.pg", text)
    }
}

impl From<String> for SchemaSource {
    fn from(text: String) -> Self {
        Self::new("schema.pg", text)
    }
}

/// A graph to open. Awaiting it opens the graph.
#[derive(Clone, Debug)]
#[must_use = "a graph is opened when the request is awaited"]
pub struct OpenGraph {
    location: String,
    options: OpenOptions,
    schema: Option<SchemaSource>,
}

/// A graph to create. Awaiting it creates the graph.
#[derive(Clone, Debug)]
#[must_use = "a graph is created when the request is awaited"]
pub struct CreateGraph {
    location: String,
    schema: SchemaSource,
    options: OpenOptions,
    actor: Option<String>,
}

impl OpenGraph {
    /// Sets the options. A graph that is opened read-only stays read-only.
    pub fn options(self, options: OpenOptions) -> Self {
        let mode = match self.options.mode {
            OpenMode::ReadOnly => OpenMode::ReadOnly,
            OpenMode::ReadWrite => options.mode,
        };
        Self { options: OpenOptions { mode, ..options }, ..self }
    }

    async fn run(self) -> Result<Omnigraph> {
        let store = Store::open(&Location::parse(&self.location)?, self.options.store.clone())?;
        let opened = Omnigraph::open_with_storage_and_mode(store, self.options.mode, &self.options).await;
        let (Err(error), Some(schema)) = (&opened, self.schema) else { return opened };
        if error.kind() != ErrorKind::NotFound {
            return opened;
        }
        let create =
            CreateGraph { location: self.location.clone(), schema, options: self.options.clone(), actor: None };
        match create.run().await {
            // Another process created it in between.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                Omnigraph::open(self.location).options(self.options).await
            }
            created => created,
        }
    }
}

impl CreateGraph {
    /// Sets the options.
    pub fn options(self, options: OpenOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets the actor of the first commit.
    pub fn actor(self, actor: impl Into<String>) -> Self {
        Self { actor: Some(actor.into()), ..self }
    }

    async fn run(self) -> Result<Omnigraph> {
        let Self { location, schema: SchemaSource { file, text }, options, actor } = self;
        let actor = actor.as_deref();
        let store = Store::open(&Location::parse(&location)?, options.store.clone())?;
        let env = store.env().clone();
        let (catalog, diagnostics) = omnigraph_compiler::compile_schema(&text, None, &mut || env.ulid());
        let catalog = catalog.ok_or_else(|| compile_error(&file, &text, &diagnostics))?;
        if GraphLog::exists(&store).await? {
            return Err(omnigraph_history::Error::GraphExists { location: store.root_display() }.into());
        }
        let tables = create_tables(&store, &catalog).await?;
        let accepted = Arc::new(AcceptedSchema::new(&text, catalog));
        let bytes = accepted.encode().map_err(|error| Error::internal(error.to_string()))?;
        let hash = GraphLog::put_schema(&store, bytes.into()).await?;
        let main = GraphLog::plan_main(&store, actor);
        let first = first_commit(&store, &main, hash.clone(), tables, actor);
        let intent = match effective_mode(options.mirror, &store) {
            MirrorMode::Off => None,
            MirrorMode::On => Some(announce_first(&store, &first, &accepted.catalog).await?),
        };
        let graph =
            Omnigraph::from_log(GraphLog::create(store, main, &first, options.mirror).await?, options.mode, &options)?;
        graph.engine.schemas.insert(hash, accepted);
        if let Some(intent) = intent {
            graph.mirror.adopt_intent(intent);
        }
        Ok(Omnigraph { actor: actor.map(str::to_owned), ..graph })
    }
}

impl IntoFuture for OpenGraph {
    type Output = Result<Omnigraph>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

impl IntoFuture for CreateGraph {
    type Output = Result<Omnigraph>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

impl Omnigraph {
    /// Creates an empty graph with a schema.
    ///
    /// The graph exists from the moment `graph.json` is created, which is the last step. A failure before it leaves nothing
    /// that a second attempt would collide with.
    ///
    /// # Errors
    ///
    /// [`Error::Compile`] if the schema does not compile; an error of kind [`ErrorKind::Conflict`] if there is a graph.
    pub fn create(location: impl Into<String>, schema: impl Into<SchemaSource>) -> CreateGraph {
        let (location, schema) = (location.into(), schema.into());
        CreateGraph { location, schema, options: OpenOptions::default(), actor: None }
    }

    /// Opens a graph for reading and writing: one read, and one listing if every earlier publication is finished.
    ///
    /// # Errors
    ///
    /// An error of kind [`ErrorKind::NotFound`] if the graph does not exist; an error if its format is not supported;
    /// [`crate::RecoveryError`] if an intent is not understood or cannot be proved.
    pub fn open(location: impl Into<String>) -> OpenGraph {
        OpenGraph { location: location.into(), options: OpenOptions::default(), schema: None }
    }

    /// Opens a graph, or creates it with `schema` if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::open`] and [`Self::create`].
    pub fn open_or_create(location: impl Into<String>, schema: impl Into<SchemaSource>) -> OpenGraph {
        OpenGraph { schema: Some(schema.into()), ..Self::open(location) }
    }

    /// Opens a graph for reading only: no request of the handle writes or deletes.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_read_only(location: impl Into<String>) -> OpenGraph {
        Self::open(location).options(OpenOptions { mode: OpenMode::ReadOnly, ..OpenOptions::default() })
    }

    /// Opens the graph in a store that is already open. All other ways of opening use this one.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub async fn open_with_storage_and_mode(store: Store, mode: OpenMode, options: &OpenOptions) -> Result<Self> {
        let graph = Self::from_log(GraphLog::open(store).await?, mode, options)?;
        if mode == OpenMode::ReadWrite {
            recovery::sweep(&graph.mirror).await?;
            if let Some(period) = options.sweep_every {
                recovery::sweep_every(&graph.mirror, period);
            }
        }
        Ok(graph)
    }

    /// Returns a handle over an opened history, without a sweep.
    pub(super) fn from_log(log: GraphLog, mode: OpenMode, options: &OpenOptions) -> Result<Self> {
        let storing = match mode {
            OpenMode::ReadWrite => PersistMode::ReadWrite,
            OpenMode::ReadOnly => PersistMode::ReadOnly,
        };
        let engine = Engine::new(log, storing, options.column_cache_bytes, options.traversal)?;
        let mirror = Mirror::new(engine.clone(), options.mirror);
        let writer = GraphWriter::new(Arc::new(mirror.clone()));
        Ok(Self { engine, writer, mirror, mode, authorizer: Arc::new(AllowAll), actor: None })
    }
}

async fn create_tables(store: &Store, catalog: &Catalog) -> Result<BTreeMap<TablePath, TablePin>> {
    // Nothing is read of them.
    let tables = Tables::new(store, 0)?;
    let nodes = catalog.nodes.values().map(|node| (TablePath::node(node.table), node_schema(node)));
    let edges = catalog.edges.values().map(|edge| (TablePath::edge(edge.table), edge_schema(edge)));
    let schemas: Vec<(TablePath, ArrowSchema)> = nodes.chain(edges).collect();
    let mut pins = BTreeMap::new();
    for chunk in schemas.chunks(TABLE_CONCURRENCY) {
        let created = chunk.iter().map(|(path, schema)| {
            let tables = &tables;
            async move { tables.create(path, schema).await.map(|pin| (path.clone(), pin)) }
        });
        pins.extend(try_join_all(created).await?);
    }
    Ok(pins)
}

fn first_commit(
    store: &Store,
    main: &BranchRecord,
    schema: SchemaHash,
    tables: BTreeMap<TablePath, TablePin>,
    actor: Option<&str>,
) -> CommitRecord {
    let actor = actor.map(str::to_owned);
    let id = OperationId::new(store.env().ulid());
    let operation = OperationRecord { id, actor: actor.clone(), idempotency_key: None, answer: None };
    CommitRecord {
        format: RECORD_FORMAT,
        commit: CommitId::mint(main.created_at, main.id, 0),
        branch: main.id,
        sequence: 0,
        generation: 1,
        parents: Vec::new(),
        kind: CommitKind::Init,
        source: None,
        actor,
        authored_at: main.created_at,
        schema,
        tables,
        changes: BTreeMap::new(),
        operations: vec![operation],
        fragment_blocks: 0,
    }
}
