//! What every record promises. The same predicates run before each put and after each read, so that neither a bug of
//! ours nor a damaged object goes any further.

use crate::branch::{BranchRecord, name_problem};
use crate::ids::{BranchId, MAX_SEQUENCE};
use crate::record::{CommitKind, CommitRecord};

/// Lance versions at and above this are detached: they belong to no linear history but ours.
pub const DETACHED: u64 = 1 << 63;

/// What a commit record promises by itself.
pub fn commit_record(record: &CommitRecord) -> Result<(), String> {
    ensure(record.sequence <= MAX_SEQUENCE, || format!("sequence {} does not fit a commit id", record.sequence))?;
    ensure(record.commit.sequence() == record.sequence && record.commit.may_belong_to(record.branch), || {
        format!("commit id {} does not belong to sequence {} of its branch", record.commit, record.sequence)
    })?;
    let parents = record.parents.len();
    let expected = match record.kind {
        CommitKind::Init => 0..=0,
        CommitKind::Merge => 1..=2,
        _ => 1..=1,
    };
    ensure(expected.contains(&parents), || format!("a commit of kind {} has {parents} parents", record.kind))?;
    ensure((record.kind == CommitKind::Init) == (record.generation == 1), || {
        format!("a commit of kind {} has generation {}", record.kind, record.generation)
    })?;
    for parent in &record.parents {
        ensure(parent.commit != record.commit, || "a commit is its own parent".to_owned())?;
        ensure(parent.branch != record.branch || parent.sequence < record.sequence, || {
            format!("parent {} does not precede its child", parent.commit)
        })?;
    }
    for (table, pin) in &record.tables {
        ensure(pin.version >= DETACHED, || format!("{table} is pinned to {}, no detached version", pin.version))?;
        ensure(pin.manifest_bytes > 0, || format!("{table} is pinned to an empty manifest"))?;
    }
    for table in record.changes.keys() {
        ensure(record.tables.contains_key(table), || format!("{table} changed and is not pinned"))?;
    }
    ensure(!record.operations.is_empty(), || "a commit without an operation".to_owned())
}

/// What a commit record promises of its place: it was read from, or is to be written to, `sequence` of `branch`.
pub fn commit_place(record: &CommitRecord, branch: BranchId, sequence: u64) -> Result<(), String> {
    ensure(record.branch == branch && record.sequence == sequence, || {
        format!("it says that it is {} of branch {}", record.sequence, record.branch)
    })
}

/// What a commit record promises of its first parent.
pub fn follows(record: &CommitRecord, parent: &CommitRecord) -> Result<(), String> {
    let first = record.parents.first().ok_or("it has no parent")?;
    ensure(*first == parent.reference(), || format!("its first parent is {}, not {}", first.commit, parent.commit))?;
    ensure(record.generation > parent.generation, || {
        format!("generation {} after {}", record.generation, parent.generation)
    })?;
    let next = if parent.branch == record.branch { parent.sequence + 1 } else { 0 };
    ensure(record.sequence == next, || format!("sequence {} where {next} is next", record.sequence))?;
    ensure(record.fragment_blocks >= parent.fragment_blocks, || "fragment blocks went backwards".to_owned())
}

/// What a branch object promises.
pub fn branch_record(record: &BranchRecord) -> Result<(), String> {
    match name_problem(&record.name) {
        Some(problem) => Err(format!("its name '{}' is no branch name: {problem}", record.name)),
        None => Ok(()),
    }
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
