//! What every record promises. The same predicates run before each put and after each read, so that neither a bug of
//! ours nor a damaged object goes any further.

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN, name_problem};
use crate::ids::{BranchId, MAX_SEQUENCE};
use crate::record::{CommitKind, CommitRecord, CommitRef};
use crate::stamp::GraphStamp;
use crate::tag::{TagRecord, tag_name_problem};

/// Lance versions at and above this are detached: they belong to no linear history but ours.
pub const DETACHED: u64 = 1 << 63;

/// What a commit record promises by itself.
///
/// # Errors
///
/// The promise that is broken, in words that follow "it is damaged:".
pub fn commit_record(record: &CommitRecord) -> Result<(), String> {
    commit_ref(record.reference())?;
    ensure((record.kind == CommitKind::Init) == (record.generation == 1), || {
        format!("a commit of kind {} has generation {}", record.kind, record.generation)
    })?;
    ensure(record.kind != CommitKind::Init || record.sequence == 0, || {
        format!("a commit of kind init has sequence {}", record.sequence)
    })?;
    ensure(!record.operations.is_empty(), || "a commit without an operation".to_owned())?;
    let unasked =
        record.operations.iter().any(|operation| operation.answer.is_some() && operation.idempotency_key.is_none());
    ensure(!unasked, || "an answer that no idempotency key asks for".to_owned())?;
    parents(record)?;
    source(record)?;
    tables(record)
}

/// What a reference to a commit promises: the id carries the place.
///
/// # Errors
///
/// As [`commit_record`].
pub fn commit_ref(at: CommitRef) -> Result<(), String> {
    ensure(at.sequence <= MAX_SEQUENCE, || format!("sequence {} does not fit a commit id", at.sequence))?;
    ensure(at.commit.sequence() == at.sequence && at.commit.may_belong_to(at.branch), || {
        format!("commit id {} does not belong to sequence {} of its branch", at.commit, at.sequence)
    })
}

fn parents(record: &CommitRecord) -> Result<(), String> {
    let expected = match record.kind {
        CommitKind::Init => 0..=0,
        CommitKind::Merge => 1..=2,
        _ => 1..=1,
    };
    let parents = record.parents.as_slice();
    ensure(expected.contains(&parents.len()), || {
        format!("a commit of kind {} has {} parents", record.kind, parents.len())
    })?;
    for (at, parent) in parents.iter().enumerate() {
        commit_ref(*parent)?;
        ensure(!parents[..at].contains(parent), || format!("parent {} stands twice", parent.commit))?;
        ensure(parent.branch != record.branch || parent.sequence < record.sequence, || {
            format!("parent {} does not precede its child", parent.commit)
        })?;
    }
    Ok(())
}

fn source(record: &CommitRecord) -> Result<(), String> {
    let names_one = matches!(record.kind, CommitKind::Reset | CommitKind::Revert | CommitKind::CherryPick);
    ensure(record.source.is_some() == names_one, || {
        format!("a commit of kind {} and a source do not belong together", record.kind)
    })?;
    record.source.map_or(Ok(()), commit_ref)
}

fn tables(record: &CommitRecord) -> Result<(), String> {
    for (table, pin) in &record.tables {
        ensure(pin.version >= DETACHED, || format!("{table} is pinned to {}, no detached version", pin.version))?;
        ensure(pin.manifest_bytes > 0, || format!("{table} is pinned to an empty manifest"))?;
    }
    for (table, change) in &record.changes {
        ensure(record.tables.contains_key(table), || format!("{table} changed and is not pinned"))?;
        ensure(change.touched.is_sound(), || format!("the touched keys of {table} are not in ascending order"))?;
    }
    ensure(record.kind != CommitKind::Fence || record.changes.is_empty(), || "a fence changes a table".to_owned())
}

/// What a commit record promises of its place: it was read from, or is to be written to, `sequence` of `branch`.
///
/// # Errors
///
/// As [`commit_record`].
pub fn commit_place(record: &CommitRecord, branch: BranchId, sequence: u64) -> Result<(), String> {
    ensure(record.branch == branch && record.sequence == sequence, || {
        format!("it says that it is {} of branch {}", record.sequence, record.branch)
    })
}

/// What a commit record promises of its first parent.
///
/// # Errors
///
/// As [`commit_record`].
pub fn follows(record: &CommitRecord, parent: &CommitRecord) -> Result<(), String> {
    let first = record.parents.first().ok_or("it has no parent")?;
    ensure(*first == parent.reference(), || format!("its first parent is {}, not {}", first.commit, parent.commit))?;
    // The other parent of a merge may be of a later generation than the first.
    let sound = match record.parents.len() {
        1 => Some(record.generation) == parent.generation.checked_add(1),
        _ => record.generation > parent.generation,
    };
    ensure(sound, || format!("generation {} after {}", record.generation, parent.generation))?;
    let next = if parent.branch == record.branch { parent.sequence + 1 } else { 0 };
    ensure(record.sequence == next, || format!("sequence {} where {next} is next", record.sequence))?;
    ensure(record.fragment_blocks >= parent.fragment_blocks, || "fragment blocks went backwards".to_owned())?;
    let same = record.tables == parent.tables && record.schema == parent.schema;
    ensure(record.kind != CommitKind::Fence || same, || "a fence pins something else than its parent".to_owned())
}

/// What the newest commit of a branch promises of the branch: it is one of its own, or the one it forked from.
///
/// # Errors
///
/// As [`commit_record`].
pub fn head(branch: &BranchRecord, newest: &CommitRecord) -> Result<(), String> {
    ensure(newest.branch == branch.id || branch.forked_from == Some(newest.reference()), || {
        format!("commit {} is neither on branch '{}' nor where it forked", newest.commit, branch.name)
    })
}

/// What a branch object promises.
///
/// # Errors
///
/// As [`commit_record`].
pub fn branch_record(record: &BranchRecord) -> Result<(), String> {
    if let Some(problem) = name_problem(&record.name) {
        return Err(format!("its name '{}' is no branch name: {problem}", record.name));
    }
    ensure((record.name == MAIN) == record.forked_from.is_none(), || {
        format!("branch '{}': `main` starts from no commit, and every other branch from one", record.name)
    })?;
    record.forked_from.map_or(Ok(()), commit_ref)
}

/// What a tag object promises.
///
/// # Errors
///
/// As [`commit_record`].
pub fn tag_record(record: &TagRecord) -> Result<(), String> {
    if let Some(problem) = tag_name_problem(&record.name) {
        return Err(format!("its name '{}' is no name of a tag: {problem}", record.name));
    }
    commit_ref(record.commit)
}

/// What a reset promises of the commit that it restores: the same schema and the same pins.
///
/// # Errors
///
/// As [`commit_record`].
pub fn restores(record: &CommitRecord, restored: &CommitRecord) -> Result<(), String> {
    ensure(record.source == Some(restored.reference()), || {
        format!("it restores another commit than {}", restored.commit)
    })?;
    ensure(record.schema == restored.schema && record.tables == restored.tables, || {
        format!("it does not pin what commit {} pins", restored.commit)
    })
}

/// What `graph.json` promises: it names `main`.
///
/// # Errors
///
/// As [`commit_record`].
pub fn graph_stamp(stamp: &GraphStamp) -> Result<(), String> {
    let main = &stamp.main;
    ensure(main.format == BRANCH_FORMAT, || format!("its branch has format {}", main.format))?;
    ensure(main.name == MAIN, || format!("its branch is '{}'", main.name))?;
    branch_record(main)
}

/// What the first commit of a graph promises of the branch `main`.
///
/// # Errors
///
/// As [`commit_record`].
pub fn first_commit(record: &CommitRecord, main: &BranchRecord) -> Result<(), String> {
    commit_record(record)?;
    commit_place(record, main.id, 0)?;
    ensure(record.kind == CommitKind::Init, || format!("a graph begins with a commit of kind {}", record.kind))
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
