//! One shortest path to each of many targets.
//!
//! The nodes of a level are kept in the order of their least paths. Then the first that leads to a new node is the one
//! that its least path comes from, and the new nodes come out in the order of theirs.

use std::ops::ControlFlow;

use super::question::{EmitPath, Hop, Open, Path, PathSearch};
use super::shortest::Arrival;
use crate::walk::{Heading, Meter, Scratch, WalkGraph};

/// A node and the last edge of its least path.
#[derive(Clone, Copy, Debug)]
struct Branch {
    hop: Hop,
    /// Where that edge comes from; its own number at the root.
    from: usize,
}

impl WalkGraph {
    pub(super) fn to_many(
        &self,
        search: &PathSearch<'_>,
        open: Open,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        let seen = &mut scratch.forward;
        seen.begin_at(self, search.start);
        let root = Hop { to: search.start, step: 0, address: 0 };
        let mut tree = vec![Branch { hop: root, from: 0 }];
        let (mut level, mut distance, mut found) = (0..1, 0, 0);
        let mut new = Vec::new();
        while !level.is_empty() {
            for number in level.clone().filter(|&number| open.contains(tree[number].hop.to)) {
                found += 1;
                if let Some(arrival) = Arrival::at(distance, search.bounds()) {
                    self.emit_branch(search, &tree, number, arrival, meter, emit)?;
                }
            }
            if found == open.count() || search.bounds().end_at(distance) {
                break;
            }
            for from in level.clone() {
                new.clear();
                self.hops(tree[from].hop.to, Heading::Forward, meter, |hop| {
                    if !seen.has_seen(hop.to) {
                        new.push(hop);
                    }
                })?;
                new.sort_unstable_by(|a, b| search.order.compare(a, b));
                tree.extend(new.iter().filter(|hop| seen.start(hop.to)).map(|&hop| Branch { hop, from }));
            }
            level = level.end..tree.len();
            distance += 1;
        }
        ControlFlow::Continue(())
    }

    fn emit_branch(
        &self,
        search: &PathSearch<'_>,
        tree: &[Branch],
        mut number: usize,
        arrival: Arrival,
        meter: &mut Meter<'_, '_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        let mut hops = Vec::new();
        if arrival == Arrival::Loop {
            match self.loops(tree[number].hop.to, &search.order, meter)?.first() {
                Some(&hop) => hops.push(hop),
                None => return ControlFlow::Continue(()),
            }
        }
        while number > 0 {
            hops.push(tree[number].hop);
            number = tree[number].from;
        }
        let mut path = Path { nodes: vec![search.start], edges: Vec::with_capacity(hops.len()), cost: 0.0 };
        hops.into_iter().rev().for_each(|hop| path.push(hop, 1.0));
        emit(path)
    }
}
