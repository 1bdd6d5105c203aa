//! Rows that both sides changed, property by property.

use std::collections::BTreeSet;

use super::MergePolicy;
use super::choice::Side;
use super::sides::TypeSides;
use crate::diff::{ChangeOp, Compared, RowChange};
use crate::error::EntityKind;
use crate::error::{Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC, RowAddress};

/// What both ends of an edge together are called: an edge between two nodes that neither side meant must not come about.
const ENDS: &str = "its ends";

/// One entity, put together of what two sides have.
#[derive(Clone, Debug)]
pub(super) struct Blend {
    /// Where the branch has it.
    pub(super) ours: RowAddress,
    /// Where the source has it.
    pub(super) theirs: RowAddress,
    /// Columns that are taken from the source.
    pub(super) from_theirs: BTreeSet<String>,
    /// What both changed to different values: columns, or the ends of an edge as one.
    pub(super) contested: Vec<String>,
    /// Whether a choice is about what is contested only, and not about the whole entity.
    pub(super) is_by_property: bool,
}

impl Blend {
    /// The blend with what is contested as one side has it; none if that is what the branch has already.
    pub(super) fn resolved(mut self, side: Side) -> Option<Self> {
        if side == Side::Theirs {
            for name in std::mem::take(&mut self.contested) {
                match name.as_str() {
                    ENDS => self.from_theirs.extend([EDGE_SRC.to_owned(), EDGE_DST.to_owned()]),
                    _ => drop(self.from_theirs.insert(name)),
                }
            }
        }
        (!self.from_theirs.is_empty()).then_some(self)
    }
}

/// The rows of entities that both sides inserted or updated, compared three ways.
pub(super) struct Compare {
    rows: Vec<Differing>,
}

/// Columns that differ.
#[derive(Clone, Debug, Default)]
struct Differing {
    ours_from_base: BTreeSet<String>,
    theirs_from_base: BTreeSet<String>,
    ours_from_theirs: BTreeSet<String>,
}

impl Compare {
    /// Reads the rows of `both`, as far as they are there. Whole rows of a page at a time, so a merge with many of them needs no
    /// more memory than one with few.
    pub(super) async fn of(sides: &TypeSides<'_>, both: &[(&RowChange, &RowChange)]) -> Result<Self> {
        const ROWS_AT_ONCE: usize = 1024;
        let mut rows = Vec::with_capacity(both.len());
        for chunk in both.chunks(ROWS_AT_ONCE) {
            rows.extend(page(sides, chunk).await?);
        }
        Ok(Self { rows })
    }

    /// Whether the two sides have the same.
    pub(super) fn same(&self, at: usize) -> bool {
        self.rows.get(at).is_some_and(|row| row.ours_from_theirs.is_empty())
    }

    /// What the two sides come to together; none if the branch has all of it already.
    pub(super) fn blend(&self, at: usize, ours: RowAddress, theirs: RowAddress, policy: MergePolicy) -> Option<Blend> {
        let row = self.rows.get(at)?;
        if row.ours_from_theirs.is_empty() {
            return None;
        }
        let mut blend = Blend {
            ours,
            theirs,
            from_theirs: BTreeSet::new(),
            contested: Vec::new(),
            is_by_property: policy == MergePolicy::Field,
        };
        if policy == MergePolicy::Entity {
            blend.contested = row.ours_from_theirs.iter().map(|name| named(name).to_owned()).collect();
            blend.contested.dedup();
            return Some(blend);
        }
        let ours_changed: BTreeSet<&str> = row.ours_from_base.iter().map(|name| named(name)).collect();
        let theirs_changed: BTreeSet<&str> = row.theirs_from_base.iter().map(|name| named(name)).collect();
        for name in &row.ours_from_theirs {
            match (ours_changed.contains(named(name)), theirs_changed.contains(named(name))) {
                (true, true) if blend.contested.last().is_none_or(|last| last != named(name)) => {
                    blend.contested.push(named(name).to_owned());
                }
                (false, true) => drop(blend.from_theirs.insert(name.clone())),
                _ => {}
            }
        }
        (!blend.contested.is_empty() || !blend.from_theirs.is_empty()).then_some(blend)
    }
}

/// The ends of an edge are one thing.
fn named(column: &str) -> &str {
    if column == EDGE_SRC || column == EDGE_DST { ENDS } else { column }
}

async fn page(sides: &TypeSides<'_>, both: &[(&RowChange, &RowChange)]) -> Result<Vec<Differing>> {
    let (Some(ours), Some(theirs)) = (&sides.ours, &sides.theirs) else {
        return Ok(vec![Differing::default(); both.len()]);
    };
    // A name is a property here: types of another shape are no matter of single rows.
    let ends: &[&str] = if sides.ty.kind == EntityKind::Edge { &[EDGE_SRC, EDGE_DST] } else { &[] };
    let properties = sides.ty.properties.iter().map(|property| property.name.as_str());
    let names: Vec<&str> = ends.iter().copied().chain(properties).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
    let at = |place: fn(&(&RowChange, &RowChange)) -> RowAddress| both.iter().map(place).collect::<Vec<_>>();
    let our_rows = ours.fetch(&at(|(ours, _)| ours.after), &names).await?;
    let their_rows = theirs.fetch(&at(|(_, theirs)| theirs.after), &names).await?;
    let base_rows = match &sides.base {
        Some(base) => Some(base.fetch(&at(|(ours, _)| ours.before), &names).await?),
        None => None,
    };
    let from_theirs = Compared::new(&pairs, &our_rows, &their_rows)?;
    let from_base = match &base_rows {
        Some(base) => Some((Compared::new(&pairs, base, &our_rows)?, Compared::new(&pairs, base, &their_rows)?)),
        None => None,
    };
    let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<String>>();
    let mut rows = Vec::with_capacity(both.len());
    for (row, (our_change, their_change)) in both.iter().enumerate() {
        let there = our_change.op != Some(ChangeOp::Delete) && their_change.op != Some(ChangeOp::Delete);
        let mut differing = Differing::default();
        if there {
            differing.ours_from_theirs = owned(&mut from_theirs.differing(row, row));
        }
        if there && our_change.op == Some(ChangeOp::Update) {
            let (of_ours, of_theirs) =
                from_base.as_ref().ok_or_else(|| Error::internal("an update of what no base has"))?;
            differing.ours_from_base = owned(&mut of_ours.differing(row, row));
            differing.theirs_from_base = owned(&mut of_theirs.differing(row, row));
        }
        rows.push(differing);
    }
    Ok(rows)
}
