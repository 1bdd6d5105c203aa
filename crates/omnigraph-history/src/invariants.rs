//! Invariants of every object. The same checks run before each put and after each read, so they detect bugs and damaged objects.

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN, name_problem};
use crate::graph_metadata::GraphMetadata;
use crate::ids::{BranchId, MAX_SEQUENCE};
use crate::record::{CommitKind, CommitRecord, CommitRef};
use crate::tag::{TagRecord, tag_name_problem};

/// The least detached Lance version. Detached versions are outside Lance's line of versions.
pub const MIN_DETACHED_VERSION: u64 = 1 << 63;

/// Checks a commit record by itself.
///
/// # Errors
///
/// The violated invariant, as text after "… is damaged:".
pub fn check_commit_record(record: &CommitRecord) -> Result<(), String> {
    check_commit_ref(record.reference())?;
    ensure((record.kind == CommitKind::Init) == (record.generation == 1), || {
        format!("a commit of kind {} has generation {}", record.kind, record.generation)
    })?;
    ensure(record.kind != CommitKind::Init || record.sequence == 0, || {
        format!("a commit of kind init has sequence {}", record.sequence)
    })?;
    ensure(!record.operations.is_empty(), || "a commit without an operation".to_owned())?;
    let has_unclaimed_response =
        record.operations.iter().any(|operation| operation.answer.is_some() && operation.idempotency_key.is_none());
    ensure(!has_unclaimed_response, || "a response without an idempotency key".to_owned())?;
    check_parents(record)?;
    check_source(record)?;
    check_tables(record)
}

/// Checks a reference to a commit: the id contains branch and sequence.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_commit_ref(at: CommitRef) -> Result<(), String> {
    ensure(at.sequence <= MAX_SEQUENCE, || format!("sequence {} does not fit a commit id", at.sequence))?;
    ensure(at.commit.sequence() == at.sequence && at.commit.may_belong_to(at.branch), || {
        format!("commit id {} does not belong to sequence {} of its branch", at.commit, at.sequence)
    })
}

fn check_parents(record: &CommitRecord) -> Result<(), String> {
    let expected = match record.kind {
        CommitKind::Init => 0..=0,
        CommitKind::Merge => 1..=2,
        _ => 1..=1,
    };
    let parents = record.parents.as_slice();
    ensure(expected.contains(&parents.len()), || {
        format!("a commit of kind {} has {} parents", record.kind, parents.len())
    })?;
    for (index, parent) in parents.iter().enumerate() {
        check_commit_ref(*parent)?;
        ensure(!parents[..index].contains(parent), || format!("duplicate parent {}", parent.commit))?;
        ensure(parent.branch != record.branch || parent.sequence < record.sequence, || {
            format!("parent {} does not precede its child", parent.commit)
        })?;
    }
    Ok(())
}

fn check_source(record: &CommitRecord) -> Result<(), String> {
    let has_source = matches!(record.kind, CommitKind::Reset | CommitKind::Revert | CommitKind::CherryPick);
    ensure(record.source.is_some() == has_source, || {
        format!("a commit of kind {} with a wrong source: only reset, revert and cherry-pick have one", record.kind)
    })?;
    record.source.map_or(Ok(()), check_commit_ref)
}

fn check_tables(record: &CommitRecord) -> Result<(), String> {
    for (table, pin) in &record.tables {
        ensure(pin.version >= MIN_DETACHED_VERSION, || {
            format!("{table} is pinned to {}, not a detached version", pin.version)
        })?;
        ensure(pin.manifest_bytes > 0, || format!("{table} is pinned to an empty manifest"))?;
    }
    for (table, change) in &record.changes {
        ensure(record.tables.contains_key(table), || format!("{table} changed and is not pinned"))?;
        ensure(change.touched.is_sorted(), || format!("the touched keys of {table} are not in ascending order"))?;
    }
    ensure(record.kind != CommitKind::Fence || record.changes.is_empty(), || "a fence changes a table".to_owned())
}

/// Checks a commit record against its key: `sequence` of `branch`.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_commit_key(record: &CommitRecord, branch: BranchId, sequence: u64) -> Result<(), String> {
    ensure(record.branch == branch && record.sequence == sequence, || {
        format!("it is the record of sequence {} of branch {}", record.sequence, record.branch)
    })
}

/// Checks a commit record against its first parent.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_parent(record: &CommitRecord, parent: &CommitRecord) -> Result<(), String> {
    let first = record.parents.first().ok_or("it has no parent")?;
    ensure(*first == parent.reference(), || format!("its first parent is {}, not {}", first.commit, parent.commit))?;
    // The second parent of a merge may have a greater generation than the first.
    let sound = match record.parents.len() {
        1 => Some(record.generation) == parent.generation.checked_add(1),
        _ => record.generation > parent.generation,
    };
    ensure(sound, || format!("generation {} after {}", record.generation, parent.generation))?;
    let next = if parent.branch == record.branch { parent.sequence + 1 } else { 0 };
    ensure(record.sequence == next, || format!("sequence {}, expected {next}", record.sequence))?;
    ensure(record.fragment_blocks >= parent.fragment_blocks, || "the known fragment blocks decrease".to_owned())?;
    let same = record.tables == parent.tables && record.schema == parent.schema;
    ensure(record.kind != CommitKind::Fence || same, || "a fence has other pins than its parent".to_owned())
}

/// Checks the newest commit of a branch: it is on the branch, or the branch forked from it.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_head(branch: &BranchRecord, newest: &CommitRecord) -> Result<(), String> {
    ensure(newest.branch == branch.id || branch.forked_from == Some(newest.reference()), || {
        format!("commit {} is neither on branch '{}' nor where it forked", newest.commit, branch.name)
    })
}

/// Checks a branch object.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_branch_record(record: &BranchRecord) -> Result<(), String> {
    if let Some(problem) = name_problem(&record.name) {
        return Err(format!("invalid branch name '{}': {problem}", record.name));
    }
    ensure((record.name == MAIN) == record.forked_from.is_none(), || {
        format!("branch '{}' with a wrong start: every branch but 'main' forks from a commit", record.name)
    })?;
    record.forked_from.map_or(Ok(()), check_commit_ref)
}

/// Checks a tag object.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_tag_record(record: &TagRecord) -> Result<(), String> {
    if let Some(problem) = tag_name_problem(&record.name) {
        return Err(format!("invalid tag name '{}': {problem}", record.name));
    }
    check_commit_ref(record.commit)
}

/// Checks `graph.json`: its branch is `main`.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_graph_metadata(metadata: &GraphMetadata) -> Result<(), String> {
    let main = &metadata.main;
    ensure(main.format == BRANCH_FORMAT, || format!("its branch has format {}", main.format))?;
    ensure(main.name == MAIN, || format!("its branch is '{}'", main.name))?;
    check_branch_record(main)
}

/// Checks the first commit of a graph against the branch `main`.
///
/// # Errors
///
/// As [`check_commit_record`].
pub fn check_first_commit(record: &CommitRecord, main: &BranchRecord) -> Result<(), String> {
    check_commit_record(record)?;
    check_commit_key(record, main.id, 0)?;
    ensure(record.kind == CommitKind::Init, || format!("the first commit of a graph has kind {}", record.kind))
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
