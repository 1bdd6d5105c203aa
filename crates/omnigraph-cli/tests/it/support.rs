//! A graph in a folder of its own, and the command run on it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The schema of the small graph.
pub(crate) const SCHEMA: &str = "\
node Person { name: String @key  age: I64? }
node Company { name: String @key }
edge Knows: Person -> Person { since: I64? }
edge WorksAt: Person -> Company
";

/// Its rows.
pub(crate) const ROWS: &str = r#"{"type": "Person", "data": {"name": "Alice", "age": 30}}
{"type": "Person", "data": {"name": "Bob"}}
{"type": "Company", "data": {"name": "Acme"}}
{"edge": "Knows", "from": "Alice", "to": "Bob", "data": {"since": 2020}}
{"edge": "WorksAt", "from": "Alice", "to": "Acme", "data": {}}
"#;

/// A query for every person.
pub(crate) const PEOPLE: &str = "query people() { match { $p: Person } return { $p.name, $p.age } order { $p.name } }";

/// The exit code and output of a command.
#[derive(Debug)]
pub(crate) struct CommandResult {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl CommandResult {
    /// Stdout of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.stdout
    }

    /// Stdout of a success, as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Stderr of a failure with that exit code, whose stdout must be empty.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:#?}");
        self.stderr
    }
}

/// Returns the command with those arguments, without the settings of the caller's environment.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnigraph"));
    command.args(arguments).stdin(Stdio::null());
    for name in ["COLUMNS", "NO_COLOR", "OMNIGRAPH_LOG", "OMNIGRAPH_STORE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        command.env_remove(name);
    }
    command
}

/// Runs the command with those arguments.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> CommandResult {
    ended(command(arguments).output().unwrap())
}

pub(crate) fn ended(output: Output) -> CommandResult {
    CommandResult {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with a graph in it.
pub(crate) struct TestGraph {
    folder: TempDir,
}

impl TestGraph {
    /// A graph without rows.
    pub(crate) fn empty() -> Self {
        let graph = Self { folder: tempfile::tempdir().unwrap() };
        let schema = graph.file("schema.pg", SCHEMA);
        run(["init", "--durability", "os", "--schema", &schema, &graph.uri()]).ok();
        graph
    }

    /// A graph with [`ROWS`].
    pub(crate) fn small() -> Self {
        let graph = Self::empty();
        graph.load(ROWS, &["--mode", "merge"]).ok();
        graph
    }

    pub(crate) fn uri(&self) -> String {
        self.path("graph.omni").display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the graph; returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Runs the command on this graph by `--store`.
    pub(crate) fn run(&self, arguments: &[&str]) -> CommandResult {
        let uri = self.uri();
        run(arguments.iter().copied().chain(["--durability", "os", "--store", &uri]))
    }

    /// Loads rows through stdin.
    pub(crate) fn load(&self, rows: &str, arguments: &[&str]) -> CommandResult {
        let uri = self.uri();
        let all = ["load", "--data", "-", "--durability", "os", "--store", &uri];
        feed(&mut command(all.iter().chain(arguments)), rows)
    }

    /// The commits of a branch, newest first.
    #[track_caller]
    pub(crate) fn commits(&self, branch: &str) -> Vec<serde_json::Value> {
        let listed = self.run(&["commit", "list", "--branch", branch, "--json"]).json();
        listed["commits"].as_array().unwrap().clone()
    }

    /// The id of the newest commit of a branch.
    #[track_caller]
    pub(crate) fn head(&self, branch: &str) -> String {
        self.commits(branch)[0]["graph_commit_id"].as_str().unwrap().to_owned()
    }

    /// The names of the people there.
    #[track_caller]
    pub(crate) fn people(&self, more: &[&str]) -> Vec<String> {
        let arguments: Vec<&str> = ["query", "-e", PEOPLE, "--json"].iter().chain(more).copied().collect();
        let answer = self.run(&arguments).json();
        let rows = answer["rows"].as_array().unwrap();
        rows.iter().map(|row| row.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()).collect()
    }
}

/// Runs a command with a text on its stdin.
pub(crate) fn feed(command: &mut Command, text: &str) -> CommandResult {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may refuse before it reads.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    ended(child.wait_with_output().unwrap())
}

/// The files below a folder.
pub(crate) fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}
