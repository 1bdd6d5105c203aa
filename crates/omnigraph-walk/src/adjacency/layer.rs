//! What one or several commits changed: whole new rows for the nodes they touched.
//!
//! A row in a layer replaces the row of its node in everything below, so a look-up ends at the first layer that has the
//! node, a row is contiguous, and nothing has to be filtered out while walking. Only the rows of hubs would be dear to
//! write anew for one edge: theirs are kept as cuts into the base's row. Layers never outlive their base.

use std::ops::Range;

use super::Rows;
use super::index::{Filter, find};
use super::row::{Addresses, Cut, Row, Segment};
use crate::edge::{HalfEdge, Side};

/// With more edges than this in the base, the row of a node is patched rather than written anew. Tests make do with few, so
/// that small graphs have hubs.
pub(super) const HUB_DEGREE: usize = if cfg!(test) { 6 } else { 4096 };

/// New rows of both sides.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) out: Patch,
    pub(crate) into: Patch,
}

impl Layer {
    pub(crate) fn side(&self, side: Side) -> &Patch {
        match side {
            Side::Out => &self.out,
            Side::In => &self.into,
        }
    }

    /// This layer on top of `below`, in one.
    pub(crate) fn onto(&self, below: &Self) -> Self {
        Self { out: self.out.onto(&below.out), into: self.into.onto(&below.into) }
    }

    /// What a merge has to move.
    pub(crate) fn weight(&self) -> usize {
        self.bytes() / size_of::<u64>()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.out.bytes() + self.into.bytes()
    }
}

/// New rows of one side.
#[derive(Debug)]
pub(crate) struct Patch {
    /// The nodes touched, ascending.
    nodes: Vec<u32>,
    filter: Filter,
    /// Where the row of each node ends in `others` and `addresses`.
    ends: Vec<u32>,
    others: Vec<u32>,
    addresses: Vec<u64>,
    /// Where the cuts of each node end; without cuts it is a whole row.
    cut_ends: Vec<u32>,
    cuts: Vec<Cut>,
}

impl Patch {
    /// The row of a node, if it was touched; `base` is called for the row that cuts refer to.
    #[inline]
    pub(crate) fn row<'a>(&'a self, node: u32, base: impl FnOnce() -> Segment<'a>) -> Option<Row<'a>> {
        let at = find(&self.nodes, &self.filter, node)?;
        let cuts = &self.cuts[between(&self.cut_ends, at)];
        let entries = between(&self.ends, at);
        let own = Segment::new(&self.others[entries.clone()], Addresses::Direct(&self.addresses[entries]));
        Some(if cuts.is_empty() { Row::plain(own) } else { Row { base: base(), added: own, cuts } })
    }

    /// The nodes touched, ascending.
    pub(crate) fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    /// The rows of both, this one's where both have one.
    fn onto(&self, below: &Self) -> Self {
        let mut merged = PatchBuilder::default();
        let (mut upper, mut lower) = (0, 0);
        while upper < self.nodes.len() || lower < below.nodes.len() {
            let (up, low) = (self.nodes.get(upper), below.nodes.get(lower));
            if low.is_none() || up.is_some_and(|up| low.is_some_and(|low| up <= low)) {
                merged.copy(self, upper);
                lower += usize::from(up == low);
                upper += 1;
            } else {
                merged.copy(below, lower);
                lower += 1;
            }
        }
        merged.finish()
    }

    fn bytes(&self) -> usize {
        let words = self.nodes.len() + self.ends.len() + self.others.len() + self.cut_ends.len();
        words * 4 + self.addresses.len() * 8 + size_of_val(&*self.cuts) + self.filter.bytes()
    }
}

fn between(ends: &[u32], at: usize) -> Range<usize> {
    let start = if at == 0 { 0 } else { ends[at - 1] as usize };
    start..ends[at] as usize
}

/// Collects the rows of a patch in the order of their nodes.
#[derive(Debug, Default)]
struct PatchBuilder {
    nodes: Vec<u32>,
    ends: Vec<u32>,
    others: Vec<u32>,
    addresses: Vec<u64>,
    cut_ends: Vec<u32>,
    cuts: Vec<Cut>,
}

impl PatchBuilder {
    fn push(&mut self, other: u32, address: u64) {
        self.others.push(other);
        self.addresses.push(address);
    }

    /// Ends the row of a node.
    fn end(&mut self, node: u32) {
        self.nodes.push(node);
        self.ends.push(self.others.len() as u32);
        self.cut_ends.push(self.cuts.len() as u32);
    }

    fn copy(&mut self, from: &Patch, at: usize) {
        let entries = between(&from.ends, at);
        self.others.extend_from_slice(&from.others[entries.clone()]);
        self.addresses.extend_from_slice(&from.addresses[entries]);
        self.cuts.extend_from_slice(&from.cuts[between(&from.cut_ends, at)]);
        self.end(from.nodes[at]);
    }

    fn finish(self) -> Patch {
        let Self { nodes, ends, others, addresses, cut_ends, cuts } = self;
        let filter = Filter::of(&nodes);
        Patch { nodes, filter, ends, others, addresses, cut_ends, cuts }
    }
}

/// Writes the rows of the nodes that `removed` and `added` touch, both ordered, as they are after the change. Returns how
/// many of the removed edges there were.
pub(crate) fn patch(current: &Rows<'_>, removed: &[HalfEdge], added: &[HalfEdge]) -> (Patch, usize) {
    let mut builder = PatchBuilder::default();
    let (mut removed, mut added) = (removed, added);
    let mut found = 0;
    while let Some(node) = [removed.first(), added.first()].into_iter().flatten().map(|half| half.node).min() {
        let (gone, rest) = removed.split_at(removed.partition_point(|half| half.node == node));
        removed = rest;
        let (new, rest) = added.split_at(added.partition_point(|half| half.node == node));
        added = rest;
        let row = current.row(node);
        let base = current.base_row(node);
        found += if base.len() > HUB_DEGREE {
            builder.recut(&row, base, gone, new)
        } else {
            builder.rewrite(&row, gone, new)
        };
        builder.end(node);
    }
    (builder.finish(), found)
}

impl PatchBuilder {
    /// The row as a whole. Returns the number of edges found to remove.
    fn rewrite(&mut self, row: &Row<'_>, gone: &[HalfEdge], new: &[HalfEdge]) -> usize {
        let mut gone = gone.iter().peekable();
        let mut new = new.iter().peekable();
        let mut found = 0;
        row.for_each(|other, address| {
            while gone.next_if(|half| (half.other, half.address) < (other, address)).is_some() {}
            if gone.next_if(|half| (half.other, half.address) == (other, address)).is_some() {
                found += 1;
                return;
            }
            while let Some(half) = new.next_if(|half| (half.other, half.address) < (other, address)) {
                self.push(half.other, half.address);
            }
            self.push(other, address);
        });
        new.for_each(|half| self.push(half.other, half.address));
        found
    }

    /// The row as cuts into the base's row. Returns the number of edges found to remove.
    fn recut(&mut self, row: &Row<'_>, base: Segment<'_>, gone: &[HalfEdge], new: &[HalfEdge]) -> usize {
        // What was cut out or added before; a hub whose base row is whole has no cuts yet.
        let (cuts, added) = if row.cuts.is_empty() { (&[][..], Segment::EMPTY) } else { (row.cuts, row.added) };
        let mut holes: Vec<u32> = cuts.iter().flat_map(|cut| cut.at..cut.at + cut.skip).collect();
        let holes_before = holes.len();
        for half in gone {
            if let Some(position) = base.position(half.other, half.address) {
                let position = position as u32;
                if holes[..holes_before].binary_search(&position).is_err() {
                    holes.push(position);
                }
            }
        }
        holes.sort_unstable();
        holes.dedup();

        let first = self.others.len();
        let found_added = self.rewrite(&Row::plain(added), gone, new);
        let found = holes.len() - holes_before + found_added;
        self.cut(base, &holes, first);
        found
    }

    /// Writes the cuts for these holes and for the entries from `first` on.
    fn cut(&mut self, base: Segment<'_>, holes: &[u32], first: usize) {
        let first_cut = self.cuts.len();
        let mut holes = holes.iter().copied().peekable();
        let mut next = 0;
        let added = self.others.len() - first;
        loop {
            let insert_at = (next < added).then(|| {
                let (other, address) = (self.others[first + next], self.addresses[first + next]);
                insertion(base, other, address)
            });
            let Some(at) = [insert_at, holes.peek().copied()].into_iter().flatten().min() else { break };
            while next < added && insertion(base, self.others[first + next], self.addresses[first + next]) == at {
                next += 1;
            }
            let skip = u32::from(holes.next_if_eq(&at).is_some());
            match self.cuts[first_cut..].last_mut() {
                Some(cut) if insert_at != Some(at) && cut.skip > 0 && cut.resume() == at as usize => cut.skip += skip,
                _ => self.cuts.push(Cut { at, skip, added_end: next as u32 }),
            }
        }
        // Even a row that is the base's again has to say so, or it would be taken for an empty one.
        if self.cuts.len() == first_cut {
            self.cuts.push(Cut { at: 0, skip: 0, added_end: 0 });
        }
    }
}

/// The position in the base before which an added edge stands.
fn insertion(base: Segment<'_>, other: u32, address: u64) -> u32 {
    let start = base.others().partition_point(|&o| o < other);
    let equal = base.others()[start..].partition_point(|&o| o == other);
    let part = base.part(start..start + equal);
    let (mut low, mut high) = (0, equal);
    while low < high {
        let middle = usize::midpoint(low, high);
        if part.address(middle) < address { low = middle + 1 } else { high = middle }
    }
    (start + low) as u32
}
