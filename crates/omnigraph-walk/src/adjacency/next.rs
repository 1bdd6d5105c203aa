//! From one version to the next: a thin layer on top, and now and then a merge.
//!
//! A layer is merged into the one below as soon as it has at least half its weight, and everything into a new base as
//! soon as the layers together have a quarter of the base's. So every layer is less than half of the one below, there
//! are few of them, and an edge is moved a logarithmic number of times on its way to the base.

use std::sync::Arc;

use super::csr::Csr;
use super::layer::{Layer, patch};
use super::{Adjacency, Version};
use crate::edge::{Edge, HalfEdge, Side};

/// A layer of at least one part in this many of the one below is merged into it.
const LAYER_SHARE: usize = 2;
/// Layers of at least one part in this many of the base are merged into it.
const BASE_SHARE: usize = 4;
/// A base of at most this weight is built anew for every version: it takes no longer than to write a layer, and all rows
/// are then contiguous. Tests want layers on small graphs too.
const SMALL_BASE_WEIGHT: usize = if cfg!(test) { 16 } else { 4096 };

impl Adjacency {
    /// The next version: this one without the edges `removed` and with those `added`, in any order. A removed edge that is
    /// not there is passed over. An address that was removed may be added again, with the same ends or others.
    ///
    /// Takes time in proportion to the change, to the degrees of the nodes it touches (as far as they are no hubs), and
    /// now and then to a merge.
    ///
    /// # Panics
    ///
    /// If it comes to more than [`LEN_MAX`](Self::LEN_MAX) edges.
    #[must_use]
    pub fn next(&self, removed: impl IntoIterator<Item = Edge>, mut added: Vec<Edge>) -> Self {
        let mut removed: Vec<Edge> = removed.into_iter().collect();
        if removed.is_empty() && added.is_empty() {
            return self.clone();
        }
        removed.sort_unstable();
        added.sort_unstable();
        assert!(self.len() + added.len() <= Self::LEN_MAX, "an adjacency holds at most {} edges", Self::LEN_MAX);
        let base = &self.version.base;
        if (removed.len() + added.len()) * BASE_SHARE >= base.weight() || base.weight() <= SMALL_BASE_WEIGHT {
            return self.rebuilt(&removed, added);
        }
        let (layer, found) = self.layer(&removed, &added);
        let len = self.len() + added.len() - found;
        let mut bounds = self.version.bounds;
        for edge in &added {
            bounds = [bounds[0].max(edge.from.saturating_add(1)), bounds[1].max(edge.to.saturating_add(1))];
        }
        let layers = stack(&self.version.layers, layer);
        let next = Self { version: Arc::new(Version { base: Arc::clone(base), layers, len, bounds }) };
        let weight: usize = next.version.layers.iter().map(|layer| layer.weight()).sum();
        if weight * BASE_SHARE >= base.weight() { next.rebuilt(&[], Vec::new()) } else { next }
    }

    fn layer(&self, removed: &[Edge], added: &[Edge]) -> (Layer, usize) {
        let side = |side| {
            let halves = |edges: &[Edge]| {
                let mut halves: Vec<HalfEdge> = edges.iter().map(|edge| HalfEdge::of(edge, side)).collect();
                halves.sort_unstable();
                halves
            };
            patch(&self.rows(side), &halves(removed), &halves(added))
        };
        let (out, found) = side(Side::Out);
        let (into, _) = side(Side::In);
        (Layer { out, into }, found)
    }

    /// A base of its own with the change applied, both sides of it sorted.
    pub(super) fn rebuilt(&self, removed: &[Edge], added: Vec<Edge>) -> Self {
        let mut edges = Vec::with_capacity(self.len() + added.len());
        let mut removed = removed.iter().peekable();
        let mut added = added.into_iter().peekable();
        self.for_each_edge(|from, to, address| {
            let edge = Edge { from, to, address };
            while removed.next_if(|gone| **gone < edge).is_some() {}
            if removed.next_if(|gone| **gone == edge).is_some() {
                return;
            }
            while let Some(new) = added.next_if(|new| *new < edge) {
                edges.push(new);
            }
            edges.push(edge);
        });
        edges.extend(added);
        Self::of_base(Csr::of_sorted(&edges))
    }
}

/// The layers with one more on top, merged as far as the shares ask for.
fn stack(layers: &[Arc<Layer>], mut top: Layer) -> Vec<Arc<Layer>> {
    let mut below = layers.to_vec();
    while let Some(last) = below.pop_if(|last| top.weight() * LAYER_SHARE >= last.weight()) {
        top = top.onto(&last);
    }
    below.push(Arc::new(top));
    below
}
