//! Ids that rows of the input have, and ends that its edges need.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use omnigraph_walk::Side;

use super::LoadMode;
use super::decode::{Group, data_error};
use super::place::{Files, InputFile, Place};
use super::recent::Recent;
use super::sort::{Entry, Role, Sorted, Sorter, TemporaryFolder};
use crate::error::{DataError, Error, Result};
use crate::keys::{KeyHash, KeySet};
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::validate::{Facts, RowPlans, TypeIndex, WantedEnd, WantedEnds};

/// Two rows of one id in one input.
const DUPLICATE_KEY: &str = "OG-LOAD-011";

/// What a load has seen so far.
#[derive(Debug)]
pub(super) struct Tracker {
    sorter: Sorter,
    recent: Recent,
    /// By type: rows.
    rows: Vec<u64>,
    /// By type: rows with an id that was not made up.
    held: Vec<usize>,
    /// By type: what rules beyond single rows need to know.
    facts: Vec<Facts>,
}

/// What a load has seen, all in all.
#[derive(Debug)]
pub(super) struct Seen {
    /// By type: rows.
    pub(super) rows: Vec<u64>,
    /// By type: ids, but for those that were made up.
    pub(super) keys: Vec<KeySet>,
    /// By type: rows whose id a later row has, in order.
    pub(super) superseded: Vec<Vec<u64>>,
    /// By type: what rules beyond single rows need to know.
    pub(super) facts: Vec<Facts>,
    /// Ends that no row of the input has.
    pub(super) ends: Vec<WantedEnds>,
    /// The first rows that have an id that was taken, in the order of the input.
    pub(super) faults: Vec<DataError>,
    /// How many such rows there are.
    pub(super) fault_count: u64,
}

impl Tracker {
    /// Nothing seen yet. What does not fit into memory goes to `folder`.
    pub(super) fn new(plan: &RowPlans, folder: Option<Arc<TemporaryFolder>>) -> Self {
        let count = plan.types.len();
        let facts = plan.types.iter().map(|ty| Facts::of_stream(&ty.rules)).collect();
        let (rows, held) = (vec![0; count], vec![0; count]);
        Self { sorter: Sorter::new(folder), recent: Recent::new(), rows, held, facts }
    }

    /// Takes note of the rows of `group`.
    pub(super) fn note(&mut self, plan: &RowPlans, file: &InputFile, group: &Group) -> Result<()> {
        let first = self.rows[group.ty];
        self.rows[group.ty] += group.lines.len() as u64;
        self.held[group.ty] += group.keys.len();
        let places: Vec<u64> = group.lines.iter().map(|line| Place::new(file, *line).0).collect();
        self.facts[group.ty].note(&group.batch, &places)?;
        let ids = texts(group, ID)?;
        let ty = number(group.ty)?;
        for (key, row) in &group.keys {
            let place = Place(places[*row as usize]);
            let (key, role) = (key.bits(), Role::Held { row: first + u64::from(*row) });
            self.recent.note(ty, key);
            self.sorter.push(&Entry { ty, key, role, place, text: ids.value(*row as usize) })?;
        }
        if let Some((from, to)) = plan.types[group.ty].ends {
            let (src, dst) = (texts(group, EDGE_SRC)?, texts(group, EDGE_DST)?);
            for (row, (from_key, to_key)) in group.ends.iter().enumerate() {
                let place = Place(places[row]);
                self.need(from, *from_key, Role::Source { edge: ty }, place, src.value(row))?;
                self.need(to, *to_key, Role::Target { edge: ty }, place, dst.value(row))?;
            }
        }
        Ok(())
    }

    fn need(&mut self, node: TypeIndex, key: KeyHash, role: Role, place: Place, text: &str) -> Result<()> {
        let (ty, key) = (number(node)?, key.bits());
        if self.recent.note(ty, key) {
            return Ok(());
        }
        self.sorter.push(&Entry { ty, key, role, place, text })
    }

    /// Compares all ids with each other, and with the ends. Keeps `most_faults` of the faults.
    pub(super) fn finish(self, plan: &RowPlans, mode: LoadMode, files: &Files, most_faults: usize) -> Result<Seen> {
        let count = plan.types.len();
        let mut comparison = Comparison {
            plan,
            mode,
            files,
            most_faults,
            faults: BTreeMap::new(),
            keys: self.held.into_iter().map(Vec::with_capacity).collect(),
            wanted: BTreeMap::new(),
            seen: Seen {
                rows: self.rows,
                keys: Vec::new(),
                superseded: vec![Vec::new(); count],
                facts: self.facts,
                ends: Vec::new(),
                faults: Vec::new(),
                fault_count: 0,
            },
        };
        comparison.run(self.sorter.finish()?)?;
        let Comparison { mut seen, faults, keys, wanted, .. } = comparison;
        seen.keys = keys.into_iter().map(KeySet::from_iter).collect();
        let edges = |ty: u32| plan.types[ty as usize].path.clone();
        let wanted = wanted.into_iter().map(|((ty, side), ends)| WantedEnds { edges: edges(ty), side, ends });
        seen.ends = wanted.collect();
        for (rows, facts) in seen.superseded.iter_mut().zip(&mut seen.facts) {
            rows.sort_unstable();
            facts.supersede(rows.iter().filter_map(|row| u32::try_from(*row).ok()));
        }
        seen.faults = faults.into_values().collect();
        Ok(seen)
    }
}

/// Entries of one id at a time.
struct Comparison<'a> {
    plan: &'a RowPlans,
    mode: LoadMode,
    files: &'a Files,
    most_faults: usize,
    faults: BTreeMap<Place, DataError>,
    /// By type: ids, but for those that were made up.
    keys: Vec<Vec<KeyHash>>,
    /// By edge type and end: ends that no row of the input has.
    wanted: BTreeMap<(u32, Side), Vec<WantedEnd>>,
    seen: Seen,
}

/// The id at hand.
#[derive(Clone, Copy)]
struct At {
    ty: u32,
    key: u128,
    /// Row and place of the newest row that has it.
    held: Option<(u64, Place)>,
}

impl Comparison<'_> {
    fn run(&mut self, mut entries: Sorted) -> Result<()> {
        let mut at: Option<At> = None;
        while let Some(entry) = entries.next()? {
            let same = at.filter(|at| (at.ty, at.key) == (entry.ty, entry.key));
            match (entry.role, same) {
                (Role::Held { row }, earlier) => {
                    if let Some((first, place)) = earlier.and_then(|earlier| earlier.held) {
                        self.held_twice(&entry, first, place);
                    } else {
                        self.keys[entry.ty as usize].push(KeyHash::from_bits(entry.key));
                    }
                    at = Some(At { ty: entry.ty, key: entry.key, held: Some((row, entry.place)) });
                }
                (Role::Source { edge }, None) => self.missing(&entry, (edge, Side::Out), &mut at),
                (Role::Target { edge }, None) => self.missing(&entry, (edge, Side::In), &mut at),
                // It is there, or it is known that it is not.
                (_, Some(_)) => {}
            }
        }
        Ok(())
    }

    fn missing(&mut self, entry: &Entry<'_>, end: (u32, Side), at: &mut Option<At>) {
        *at = Some(At { ty: entry.ty, key: entry.key, held: None });
        let (key, id, place) = (KeyHash::from_bits(entry.key), entry.text.into(), entry.place.0);
        self.wanted.entry(end).or_default().push(WantedEnd { key, id, place });
    }

    fn held_twice(&mut self, entry: &Entry<'_>, first: u64, place: Place) {
        let ty = &self.plan.types[entry.ty as usize];
        if self.mode == LoadMode::Merge && ty.key.is_none() {
            self.seen.superseded[entry.ty as usize].push(first);
            return;
        }
        self.seen.fault_count += 1;
        let Some(file) = self.files.of(entry.place) else { return };
        let (id, line, taken) = (entry.text, entry.place.number(), self.files.told(place, file));
        let here = file.unit.at(line);
        let message = match key_name(self.plan, entry.ty as usize) {
            Some(name) => {
                format!(
                    "{here}: @unique violation on {}.{name}: value '{id}' held by the row at {taken} already",
                    ty.name
                )
            }
            None => format!("{here}: key conflict: {} has id '{id}' at {taken} already", ty.describe()),
        };
        self.faults.insert(entry.place, data_error(DUPLICATE_KEY, message, &file.name, line, 0, id));
        if self.faults.len() > self.most_faults {
            self.faults.pop_last();
        }
    }
}

/// The key as it is declared.
fn key_name(plan: &RowPlans, ty: TypeIndex) -> Option<String> {
    let ty = &plan.types[ty];
    let key = ty.key.as_ref()?;
    let names: Vec<_> = key.iter().map(|part| ty.key_column(*part)).collect();
    Some(if let [single] = names.as_slice() { (*single).to_owned() } else { format!("({})", names.join(", ")) })
}

fn texts<'g>(group: &'g Group, column: &str) -> Result<&'g StringArray> {
    let texts = group.batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    texts.ok_or_else(|| Error::internal(format!("decoded rows without {column}")))
}

fn number(ty: TypeIndex) -> Result<u32> {
    u32::try_from(ty).map_err(|error| Error::internal(error.to_string()))
}
