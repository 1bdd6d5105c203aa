//! Ids of a load: duplicates among the rows of the input, and endpoints of edges that no row of the input has.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use omnigraph_traversal::EdgeDirection;

use super::LoadMode;
use super::decode::TypedRows;
use super::dedup_cache::DedupCache;
use super::external_sort::{KeyEntry, KeyRole, KeySorter, SortedEntries};
use super::row_origin::{InputFile, InputFiles};
use super::temporary_folder::TemporaryFolder;
use crate::error::{Error, ErrorReport, FileLine, Result, RowError};
use crate::index::key::{KeyHash, KeySet};
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::write::constraints::{
    BatchOrigins, ConstraintInputs, EndpointLookup, EndpointLookups, RowPlan, RowPlans, TypeIndex,
};

/// The code of a duplicate id in the input.
const DUPLICATE_KEY: &str = "OG-LOAD-011";

/// A tracker of the ids of a load.
#[derive(Debug)]
pub(super) struct KeyTracker {
    sorter: KeySorter,
    cache: DedupCache,
    types: Vec<TypeTracker>,
}

#[derive(Debug)]
struct TypeTracker {
    rows: u64,
    /// Rows whose id is not generated.
    holders: usize,
    constraint_inputs: ConstraintInputs,
}

/// The ids of a load after their comparison.
#[derive(Debug)]
pub(super) struct TrackedKeys {
    /// The ids of each type.
    pub(super) types: Vec<TypeKeys>,
    /// Endpoints that no row of the input has.
    pub(super) endpoint_lookups: Vec<EndpointLookups>,
    /// Rows with the id of an earlier row, in the order of the input.
    pub(super) conflicts: ErrorReport<RowError>,
}

/// The ids of one type.
#[derive(Debug)]
pub(super) struct TypeKeys {
    /// The number of rows.
    rows: u64,
    /// The ids, without generated ids.
    pub(super) ids: KeySet,
    /// Rows whose id a later row has, in order.
    pub(super) superseded: Vec<u64>,
    pub(super) constraint_inputs: ConstraintInputs,
}

impl TypeKeys {
    /// Returns the number of rows that are not superseded.
    pub(super) fn remaining_rows(&self) -> u64 {
        self.rows - self.superseded.len() as u64
    }
}

impl KeyTracker {
    /// Returns a tracker that writes its sorted runs to `folder`.
    pub(super) fn new(plans: &RowPlans, folder: Option<Arc<TemporaryFolder>>) -> Self {
        let tracker = |plan: &RowPlan| TypeTracker {
            rows: 0,
            holders: 0,
            constraint_inputs: ConstraintInputs::for_stream(&plan.constraints),
        };
        let types = plans.types.iter().map(tracker).collect();
        Self { sorter: KeySorter::new(folder), cache: DedupCache::new(), types }
    }

    /// Adds the ids and endpoints of `group`.
    pub(super) fn add(&mut self, plans: &RowPlans, file: &InputFile, group: &TypedRows) -> Result<()> {
        let tracker = &mut self.types[group.ty];
        let first = tracker.rows;
        tracker.rows += group.lines.len() as u64;
        tracker.holders += group.keys.len();
        let origins = || BatchOrigins::Input { file: file.index, lines: group.lines.clone() };
        tracker.constraint_inputs.add_batch(&group.batch, origins)?;
        let ids = id_column(group, ID)?;
        let ty = type_number(group.ty)?;
        for (key, row) in &group.keys {
            let line = file.line(group.lines[*row as usize]);
            let (key, role) = (key.bits(), KeyRole::Holder { row: first + u64::from(*row) });
            self.cache.insert(ty, key);
            self.sorter.push(&KeyEntry { ty, key, role, line, id: ids.value(*row as usize) })?;
        }
        if let Some((from, to)) = plans.types[group.ty].endpoints {
            let (src, dst) = (id_column(group, EDGE_SRC)?, id_column(group, EDGE_DST)?);
            for (row, (from_key, to_key)) in group.endpoints.iter().enumerate() {
                let line = file.line(group.lines[row]);
                self.add_endpoint(from, *from_key, KeyRole::Source { edge: ty }, line, src.value(row))?;
                self.add_endpoint(to, *to_key, KeyRole::Target { edge: ty }, line, dst.value(row))?;
            }
        }
        Ok(())
    }

    fn add_endpoint(&mut self, node: TypeIndex, key: KeyHash, role: KeyRole, line: FileLine, id: &str) -> Result<()> {
        let (ty, key) = (type_number(node)?, key.bits());
        if self.cache.insert(ty, key) {
            return Ok(());
        }
        self.sorter.push(&KeyEntry { ty, key, role, line, id })
    }

    /// Compares all ids with each other and with the endpoints. Keeps the first `report_limit` conflicts.
    pub(super) fn finish(
        self,
        plans: &RowPlans,
        mode: LoadMode,
        files: &InputFiles,
        report_limit: usize,
    ) -> Result<TrackedKeys> {
        let ids = self.types.iter().map(|tracker| Vec::with_capacity(tracker.holders)).collect();
        let superseded = vec![Vec::new(); self.types.len()];
        let mut comparison = KeyComparison {
            plans,
            mode,
            files,
            report_limit,
            conflicts: BTreeMap::new(),
            conflict_count: 0,
            ids,
            superseded,
            missing: BTreeMap::new(),
        };
        comparison.run(self.sorter.finish()?)?;
        let KeyComparison { ids, superseded, missing, conflicts, conflict_count, .. } = comparison;
        let types = self.types.into_iter().zip(ids).zip(superseded).map(|((tracker, ids), mut superseded)| {
            let TypeTracker { rows, mut constraint_inputs, .. } = tracker;
            superseded.sort_unstable();
            constraint_inputs.supersede(superseded.iter().filter_map(|row| u32::try_from(*row).ok()));
            TypeKeys { rows, ids: KeySet::from_iter(ids), superseded, constraint_inputs }
        });
        let edges = |ty: u32| plans.types[ty as usize].path.clone();
        let lookups =
            missing.into_iter().map(|((ty, direction), nodes)| EndpointLookups { edges: edges(ty), direction, nodes });
        let errors = conflicts.into_values().collect();
        let conflicts = ErrorReport { errors, total: conflict_count, complete: true };
        Ok(TrackedKeys { types: types.collect(), endpoint_lookups: lookups.collect(), conflicts })
    }
}

/// A comparison of sorted entries: all entries of one id are adjacent.
struct KeyComparison<'a> {
    plans: &'a RowPlans,
    mode: LoadMode,
    files: &'a InputFiles,
    report_limit: usize,
    conflicts: BTreeMap<FileLine, RowError>,
    conflict_count: u64,
    /// The ids of each type, without generated ids.
    ids: Vec<Vec<KeyHash>>,
    /// The superseded rows of each type.
    superseded: Vec<Vec<u64>>,
    /// Endpoints that no row of the input has, by edge type and direction.
    missing: BTreeMap<(u32, EdgeDirection), Vec<EndpointLookup>>,
}

/// The current id.
#[derive(Clone, Copy)]
struct CurrentKey {
    ty: u32,
    key: u128,
    /// The newest row that has the id, and its position.
    holder: Option<(u64, FileLine)>,
}

impl KeyComparison<'_> {
    fn run(&mut self, mut entries: SortedEntries) -> Result<()> {
        let mut current: Option<CurrentKey> = None;
        while let Some(entry) = entries.next()? {
            let same = current.filter(|current| (current.ty, current.key) == (entry.ty, entry.key));
            match (entry.role, same) {
                (KeyRole::Holder { row }, earlier) => {
                    match earlier.and_then(|earlier| earlier.holder) {
                        Some((first, line)) => self.add_duplicate(&entry, first, line),
                        None => self.ids[entry.ty as usize].push(KeyHash::from_bits(entry.key)),
                    }
                    current = Some(CurrentKey { ty: entry.ty, key: entry.key, holder: Some((row, entry.line)) });
                }
                (KeyRole::Source { edge }, None) => current = Some(self.add_missing(&entry, edge, EdgeDirection::Out)),
                (KeyRole::Target { edge }, None) => current = Some(self.add_missing(&entry, edge, EdgeDirection::In)),
                // A row has the id, or it is among the missing endpoints.
                (_, Some(_)) => {}
            }
        }
        Ok(())
    }

    fn add_missing(&mut self, entry: &KeyEntry<'_>, edge: u32, direction: EdgeDirection) -> CurrentKey {
        let lookup = EndpointLookup { key: KeyHash::from_bits(entry.key), id: entry.id.into(), line: entry.line };
        self.missing.entry((edge, direction)).or_default().push(lookup);
        CurrentKey { ty: entry.ty, key: entry.key, holder: None }
    }

    /// Adds a row with the id of the row `first` at `line`.
    fn add_duplicate(&mut self, entry: &KeyEntry<'_>, first: u64, line: FileLine) {
        let plan = &self.plans.types[entry.ty as usize];
        if self.mode == LoadMode::Merge && plan.key.is_none() {
            self.superseded[entry.ty as usize].push(first);
            return;
        }
        self.conflict_count += 1;
        let Some(file) = self.files.get(entry.line) else { return };
        let (id, number, first) = (entry.id, entry.line.line, self.files.format(line, file));
        let here = file.unit.format(number);
        let message = match key_name(plan) {
            Some(name) => {
                format!(
                    "{here}: @unique violation on {}.{name}: value '{id}' held by the row at {first} already",
                    plan.name
                )
            }
            None => format!("{here}: key conflict: {} has id '{id}' at {first} already", plan.label()),
        };
        let error = RowError::new(DUPLICATE_KEY, message).with_location(&file.name, number, id);
        self.conflicts.insert(entry.line, *error);
        if self.conflicts.len() > self.report_limit {
            self.conflicts.pop_last();
        }
    }
}

/// Returns the key as it is declared.
fn key_name(plan: &RowPlan) -> Option<String> {
    let names: Vec<_> = plan.key.as_ref()?.iter().map(|part| plan.key_column(*part)).collect();
    Some(if let [single] = names.as_slice() { (*single).to_owned() } else { format!("({})", names.join(", ")) })
}

fn id_column<'g>(group: &'g TypedRows, column: &str) -> Result<&'g StringArray> {
    let ids = group.batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    ids.ok_or_else(|| Error::internal(format!("decoded rows without {column}")))
}

fn type_number(ty: TypeIndex) -> Result<u32> {
    u32::try_from(ty).map_err(|error| Error::internal(error.to_string()))
}
