//! The row of one node: its neighbours in order, as contiguous segments.

use std::ops::{ControlFlow, Range};

/// Neighbours that lie side by side in memory, ordered by ordinal, then by address.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    others: &'a [u32],
    addresses: Addresses<'a>,
}

/// The addresses of a segment's edges. The incoming rows of a base name the edges by their place among its outgoing
/// ones, which halves their size.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Addresses<'a> {
    Direct(&'a [u64]),
    Through { places: &'a [u32], all: &'a [u64] },
}

impl<'a> Segment<'a> {
    pub(crate) const EMPTY: Self = Self { others: &[], addresses: Addresses::Direct(&[]) };

    /// `addresses` is as long as `others`.
    pub(crate) fn new(others: &'a [u32], addresses: Addresses<'a>) -> Self {
        Self { others, addresses }
    }

    /// Ordinals at the other end.
    #[must_use]
    pub fn others(&self) -> &'a [u32] {
        self.others
    }

    /// Number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// True without edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// Address of the edge that leads to `others()[position]`.
    ///
    /// # Panics
    ///
    /// If there is no such position.
    #[inline]
    #[must_use]
    pub fn address(&self, position: usize) -> u64 {
        match self.addresses {
            Addresses::Direct(addresses) => addresses[position],
            Addresses::Through { places, all } => all[places[position] as usize],
        }
    }

    /// Each edge: the ordinal at its other end and its address.
    #[inline]
    pub fn edges(self) -> impl Iterator<Item = (u32, u64)> + use<'a> {
        self.others.iter().enumerate().map(move |(position, &other)| (other, self.address(position)))
    }

    /// The part in a range of positions that lies within.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let addresses = match self.addresses {
            Addresses::Direct(addresses) => Addresses::Direct(&addresses[range.clone()]),
            Addresses::Through { places, all } => Addresses::Through { places: &places[range.clone()], all },
        };
        Self { others: &self.others[range], addresses }
    }

    /// Positions of the edges that lead to `other`.
    fn positions_of(&self, other: u32) -> Range<usize> {
        let start = self.others.partition_point(|&o| o < other);
        start..start + self.others[start..].partition_point(|&o| o == other)
    }

    /// Position of this edge.
    pub(crate) fn position(&self, other: u32, address: u64) -> Option<usize> {
        let range = self.positions_of(other);
        let part = self.part(range.clone());
        let (mut low, mut high) = (0, part.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if part.address(middle) < address { low = middle + 1 } else { high = middle }
        }
        (low < part.len() && part.address(low) == address).then(|| range.start + low)
    }
}

/// A place where a patched row departs from the base's row: before base position `at` the added edges up to `added_end`
/// stand (from where the cut before left off), and from `at` on `skip` base edges are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) at: u32,
    pub(crate) skip: u32,
    pub(crate) added_end: u32,
}

impl Cut {
    /// The base position at which the row goes on.
    pub(crate) fn resume(&self) -> usize {
        self.at as usize + self.skip as usize
    }
}

/// The neighbours of one node on one side.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// All of it, unless there are cuts.
    pub(crate) base: Segment<'a>,
    /// What the cuts insert.
    pub(crate) added: Segment<'a>,
    /// Ascending, and without overlap.
    pub(crate) cuts: &'a [Cut],
}

impl<'a> Row<'a> {
    pub(crate) const fn plain(base: Segment<'a>) -> Self {
        Self { base, added: Segment::EMPTY, cuts: &[] }
    }

    /// Number of edges.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        let skipped: usize = self.cuts.iter().map(|cut| cut.skip as usize).sum();
        self.base.len() + self.added.len() - skipped
    }

    /// True without edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole row when it lies in one piece, which all do but patched ones of very many edges.
    #[inline]
    #[must_use]
    pub fn as_segment(&self) -> Option<Segment<'a>> {
        self.cuts.is_empty().then_some(self.base)
    }

    /// Calls `visit` with each piece of the row in order, until it breaks.
    ///
    /// # Errors
    ///
    /// Breaks with what `visit` broke with.
    #[inline]
    pub fn segments<B>(&self, mut visit: impl FnMut(Segment<'a>) -> ControlFlow<B>) -> ControlFlow<B> {
        if self.cuts.is_empty() {
            return visit(self.base);
        }
        self.patched(0..self.base.len(), 0..self.added.len(), &mut visit)
    }

    /// Calls `visit` with the pieces that lead to `other`, until it breaks. Takes logarithmic time to find them.
    ///
    /// # Errors
    ///
    /// Breaks with what `visit` broke with.
    pub fn segments_to<B>(&self, other: u32, mut visit: impl FnMut(Segment<'a>) -> ControlFlow<B>) -> ControlFlow<B> {
        let base = self.base.positions_of(other);
        if self.cuts.is_empty() {
            return if base.is_empty() { ControlFlow::Continue(()) } else { visit(self.base.part(base)) };
        }
        self.patched(base, self.added.positions_of(other), &mut visit)
    }

    /// The pieces within ranges of the base and of what is added.
    fn patched<B>(
        &self,
        base: Range<usize>,
        added: Range<usize>,
        visit: &mut impl FnMut(Segment<'a>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let first =
            self.cuts.partition_point(|cut| cut.resume() <= base.start && cut.added_end as usize <= added.start);
        let (mut next_base, mut next_added) = (base.start, added.start);
        let last = Cut { at: self.base.len() as u32, skip: 0, added_end: self.added.len() as u32 };
        for cut in self.cuts[first..].iter().chain([&last]) {
            let base_end = (cut.at as usize).min(base.end);
            if next_base < base_end {
                visit(self.base.part(next_base..base_end))?;
            }
            let added_end = (cut.added_end as usize).min(added.end);
            if next_added < added_end {
                visit(self.added.part(next_added..added_end))?;
            }
            next_base = next_base.max(cut.resume());
            next_added = next_added.max(added_end);
            if next_base >= base.end && next_added >= added.end {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    /// Calls `visit` with each edge: the ordinal at its other end and its address.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(u32, u64)) {
        let _ = self.segments::<()>(|segment| {
            segment.edges().for_each(|(other, address)| visit(other, address));
            ControlFlow::Continue(())
        });
    }

    /// True if an edge leads to `other`.
    #[must_use]
    pub fn contains(&self, other: u32) -> bool {
        self.segments_to(other, |_| ControlFlow::Break(())).is_break()
    }
}
