//! Create and open.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Schema as ArrowSchema;
use futures::future::try_join_all;
use omnigraph_compiler::catalog::{Accepted, Catalog};
use omnigraph_log::record::RECORD_FORMAT;
use omnigraph_log::{
    BranchRecord, CommitId, CommitKind, CommitRecord, Log, Operation, OperationId, SchemaHash, TablePath, TablePin,
};
use omnigraph_objects::{Location, Store};

use super::{Omnigraph, OpenMode, OpenOptions};
use crate::error::{Error, Result, compile_error};
use crate::heads::{HeadPublication, announce_first};
use crate::recovery;
use crate::table::{Tables, edge_schema, node_schema};

/// Tables created at the same time.
const TABLES_AT_ONCE: usize = 16;

impl Omnigraph {
    /// Opens a graph, for reading and writing unless the options say otherwise: one read, and one listing where nothing was left
    /// undone.
    ///
    /// # Errors
    ///
    /// If there is no graph, or its format is not this build's; [`crate::RecoveryError`] if what was left undone is not
    /// understood or cannot be proved.
    pub async fn open(location: &str, options: OpenOptions) -> Result<Self> {
        let store = Store::open(&Location::parse(location)?, options.store.clone())?;
        Self::open_with_storage_and_mode(store, options.mode, &options).await
    }

    /// Opens the graph in a store that is open already: the one path behind every door.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub async fn open_with_storage_and_mode(store: Store, mode: OpenMode, options: &OpenOptions) -> Result<Self> {
        let graph = Self::around(Log::open(store).await?, mode, options)?;
        if mode == OpenMode::ReadWrite {
            recovery::sweep(&graph.heads).await?;
            if let Some(period) = options.sweep_every {
                recovery::sweep_every(&graph.heads, period);
            }
        }
        Ok(graph)
    }

    /// Opens a graph for reading only: nothing is ever written, whatever is asked of the handle.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub async fn open_read_only(location: &str, options: OpenOptions) -> Result<Self> {
        Self::open(location, OpenOptions { mode: OpenMode::ReadOnly, ..options }).await
    }

    /// Creates an empty graph with a schema. `file` names the schema's source in messages.
    ///
    /// The graph exists from the moment `graph.json` is created, which is the last thing that happens: a failure before it
    /// leaves nothing that a second `init` would stumble over.
    ///
    /// # Errors
    ///
    /// If the schema does not compile, or there is a graph already.
    pub async fn init(
        location: &str,
        file: &str,
        schema: &str,
        actor: Option<&str>,
        options: OpenOptions,
    ) -> Result<Self> {
        let store = Store::open(&Location::parse(location)?, options.store.clone())?;
        let ambient = store.ambient().clone();
        let (catalog, diagnostics) = omnigraph_compiler::compile_schema(schema, None, &mut || ambient.ulid());
        let catalog = catalog.ok_or_else(|| compile_error(file, schema, &diagnostics))?;
        if Log::exists(&store).await? {
            return Err(omnigraph_log::Error::GraphExists { location: store.root_display() }.into());
        }
        let tables = create_tables(&store, &catalog).await?;
        let accepted = Arc::new(Accepted::new(schema, catalog));
        let bytes = accepted.encode().map_err(|error| Error::internal(error.to_string()))?;
        let hash = Log::put_schema(&store, bytes.into()).await?;
        let main = Log::plan_main(&store, actor);
        let first = first_commit(&store, &main, hash.clone(), tables, actor);
        let outside = options.heads.of_new_graph();
        let intent = match options.heads.in_store(&store) {
            HeadPublication::Off => None,
            _ => Some(announce_first(&store, &first, &accepted.catalog).await?),
        };
        let graph = Self::around(Log::create(store, main, &first, outside).await?, options.mode, &options)?;
        graph.shared.schemas.keep(hash, accepted);
        graph.heads.take_over(intent);
        Ok(graph)
    }
}

async fn create_tables(store: &Store, catalog: &Catalog) -> Result<BTreeMap<TablePath, TablePin>> {
    // Nothing is read of them.
    let tables = Tables::new(store, 0)?;
    let nodes = catalog.nodes.values().map(|node| (TablePath::node(node.table), node_schema(node)));
    let edges = catalog.edges.values().map(|edge| (TablePath::edge(edge.table), edge_schema(edge)));
    let wanted: Vec<(TablePath, ArrowSchema)> = nodes.chain(edges).collect();
    let mut pins = BTreeMap::new();
    for some in wanted.chunks(TABLES_AT_ONCE) {
        let created = some.iter().map(|(path, schema)| {
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
    let id = OperationId::new(store.ambient().ulid());
    let operation = Operation { id, actor: actor.clone(), idempotency_key: None, answer: None };
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
