//! An ordinary Lance reader: pylance and LanceDB in a Python process that the tests of this binary share.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// Names the Python in whose environment pylance and LanceDB are installed; `make test` sets it.
const PYTHON_VARIABLE: &str = "OMNIGRAPH_TEST_READER_PYTHON";

/// The process, started by the first request. It ends with the tests, when its input does.
static READER: Mutex<Option<ReaderProcess>> = Mutex::new(None);

struct ReaderProcess {
    child: Child,
    responses: BufReader<ChildStdout>,
}

/// A Lance dataset as other tools see it: the latest version or a given one.
#[derive(Clone, Debug)]
pub(crate) struct ExternalDataset {
    request: Value,
}

/// The state of a dataset at one version. Lance has validated it.
#[derive(Debug)]
pub(crate) struct DatasetSummary {
    pub(crate) version: u64,
    pub(crate) row_count: u64,
    /// Ids in ascending order.
    pub(crate) fragments: Vec<u64>,
    /// The metadata of the table.
    pub(crate) metadata: Value,
    pub(crate) has_stable_row_ids: bool,
}

impl ExternalDataset {
    /// Names the latest version of the dataset in a folder.
    pub(crate) fn latest(folder: &Path) -> Self {
        Self { request: json!({ "uri": folder.display().to_string() }) }
    }

    /// Names a version of the dataset in a folder.
    pub(crate) fn at_version(folder: &Path, version: u64) -> Self {
        Self { request: json!({ "uri": folder.display().to_string(), "version": version }) }
    }

    /// Names the latest version of a dataset in a remote store.
    pub(crate) fn remote(uri: &str, storage_options: Value) -> Self {
        Self { request: json!({ "uri": uri, "storage_options": storage_options }) }
    }

    /// Opens and validates the dataset.
    pub(crate) fn describe(&self) -> Result<DatasetSummary, String> {
        let state = self.run("describe", json!({}))?;
        let fragments = state["fragments"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
        Ok(DatasetSummary {
            version: state["version"].as_u64().unwrap(),
            row_count: state["row_count"].as_u64().unwrap(),
            fragments,
            has_stable_row_ids: state["has_stable_row_ids"].as_bool().unwrap(),
            metadata: state["metadata"].clone(),
        })
    }

    /// Returns the version that a reader opens.
    pub(crate) fn version(&self) -> u64 {
        self.describe().unwrap().version
    }

    /// Counts rows, or those that match a filter.
    pub(crate) fn count_rows(&self, filter: Option<&str>) -> u64 {
        self.run("count_rows", json!({ "filter": filter })).unwrap().as_u64().unwrap()
    }

    /// Returns every row as JSON, sorted.
    pub(crate) fn rows(&self) -> Vec<String> {
        texts(&self.run("rows", json!({})).unwrap())
    }

    /// Appends a copy of the first row.
    pub(crate) fn append(&self) {
        self.run("append", json!({})).unwrap();
    }

    /// Deletes the rows that match a filter.
    pub(crate) fn delete(&self, filter: &str) {
        self.run("delete", json!({ "filter": filter })).unwrap();
    }

    /// Compacts with Lance's default options.
    pub(crate) fn compact(&self) {
        self.run("compact", json!({})).unwrap();
    }

    /// Rewrites every fragment that has a deletion, and all fragments into one.
    pub(crate) fn compact_fully(&self) {
        let options = json!({ "target_rows_per_fragment": 1 << 20, "materialize_deletions_threshold": 0.0 });
        self.run("compact", json!({ "options": options })).unwrap();
    }

    /// Deletes every version but the latest, and every file that it does not need.
    pub(crate) fn cleanup(&self) {
        self.run("cleanup", json!({})).unwrap();
    }

    /// Makes this version the latest.
    pub(crate) fn restore(&self) {
        self.run("restore", json!({})).unwrap();
    }

    fn run(&self, operation: &str, arguments: Value) -> Result<Value, String> {
        let mut request = self.request.clone();
        request["operation"] = operation.into();
        request.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        send(&request)
    }
}

/// Returns every row of a table as JSON, sorted, read by LanceDB from the database in a folder.
pub(crate) fn lancedb_rows(database: &Path, table: &str) -> Vec<String> {
    let request = json!({ "operation": "lancedb_rows", "uri": database.display().to_string(), "table": table });
    texts(&send(&request).unwrap())
}

fn texts(rows: &Value) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row.as_str().unwrap().to_owned()).collect()
}

fn send(request: &Value) -> Result<Value, String> {
    let mut reader = READER.lock().unwrap_or_else(PoisonError::into_inner);
    let ReaderProcess { child, responses } = reader.get_or_insert_with(start);
    writeln!(child.stdin.as_mut().unwrap(), "{request}").unwrap();
    let mut line = String::new();
    responses.read_line(&mut line).unwrap();
    let mut response: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{request}: {error}: {line}"));
    match response["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(response["ok"].take()),
    }
}

#[allow(clippy::disallowed_methods, reason = "the tests have no main of their own that could read the environment")]
fn start() -> ReaderProcess {
    let python = std::env::var_os(PYTHON_VARIABLE).unwrap_or_else(|| {
        panic!(
            "the tests read datasets with pylance and LanceDB, and do not skip without them. `make test` installs both; \
             else set {PYTHON_VARIABLE} to the output of scripts/reader-venv.sh"
        )
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/external_reader.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let responses = BufReader::new(child.stdout.take().unwrap());
    ReaderProcess { child, responses }
}
