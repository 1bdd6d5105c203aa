//! No node has fewer or more edges of a type than it must and may.
//!
//! Only nodes that an edge came to or went from are looked at: a new node without edges is left alone, whatever its minimum.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use futures::TryStreamExt;
use hashbrown::HashMap;
use omnigraph_walk::{Adjacency, Side};

use super::{Broken, Image, TableWrite};
use crate::adjacency::Ordinals;
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::table::Scan;
use crate::validate::rules::EndRule;
use crate::validate::violation::CARDINALITY;

/// A node whose edges change.
struct Touched {
    key: KeyHash,
    id: Box<str>,
    came: u64,
    went: u64,
    /// The first edge that came.
    row: Option<u32>,
}

pub(super) async fn check(image: &Image<'_>, write: &TableWrite<'_>, broken: &mut Broken) -> Result<()> {
    let Some(ends) = &write.rules.ends else { return Ok(()) };
    for end in ends.iter().filter(|end| end.is_counted()) {
        let touched = touched(write, end).await?;
        if touched.is_empty() {
            continue;
        }
        let before = Before::of(image, write, end, ends).await?;
        let nodes = image.write(&end.node);
        for node in touched {
            // Nobody counts the edges of a node that is no more.
            if nodes.is_some_and(|nodes| nodes.loses(node.key)) {
                continue;
            }
            let edges = (before.degree(node.key) + node.came).saturating_sub(node.went);
            let limit = match end.card.max {
                Some(max) if edges > u64::from(max) => format!("max {max}"),
                _ if edges < u64::from(end.card.min) => format!("min {}", end.card.min),
                _ => continue,
            };
            let rule = if end.side == Side::Out { "@card" } else { "@card_in" };
            let (edge, word, id) = (&write.rules.name, end.word(), &node.id);
            let noun = if edges == 1 { "edge" } else { "edges" };
            let message = format!("{rule} violation on edge {edge}: {word} '{id}' has {edges} {noun} ({limit})");
            let rows: Vec<u32> = node.row.into_iter().collect();
            broken.add(write.refused(CARDINALITY, &rows, message));
        }
    }
    Ok(())
}

/// The nodes whose edges change: first those that get some, in their order, then those that only lose some.
async fn touched(write: &TableWrite<'_>, end: &EndRule) -> Result<Vec<Touched>> {
    let came = write.new.facts.ends(end.column).into_iter();
    let mut touched: Vec<Touched> = came
        .map(|node| Touched {
            key: node.key,
            id: node.id.into(),
            came: node.edges.into(),
            went: 0,
            row: Some(node.row),
        })
        .collect();
    let mut places: HashMap<KeyHash, usize> = touched.iter().enumerate().map(|(at, node)| (node.key, at)).collect();
    // Edges of a table that is replaced are not counted in the first place.
    let counted = u64::from(!write.replace);
    let mut lose = |id: &str| {
        let key = KeyHash::of(id);
        let place = *places.entry(key).or_insert(touched.len());
        match touched.get_mut(place) {
            Some(node) => node.went += counted,
            None => touched.push(Touched { key, id: id.into(), came: 0, went: counted, row: None }),
        }
    };
    if write.replace {
        // Who had edges and gets none has none: that matters only where some are a must.
        if end.card.min > 0 && write.base.rows() > 0 {
            let scan = Scan { columns: vec![end.column.to_owned()], ..Scan::default() };
            let mut batches = std::pin::pin!(write.base.scan(scan).await?);
            while let Some(batch) = batches.try_next().await? {
                texts(batch.column(0))?.iter().flatten().for_each(&mut lose);
            }
        }
    } else if !write.gone.is_empty() {
        let ends = write.base.gather(write.gone, &[end.column]).await?;
        for column in &ends {
            texts(column)?.iter().flatten().for_each(&mut lose);
        }
    }
    Ok(touched)
}

fn texts(column: &ArrayRef) -> Result<&StringArray> {
    column.as_string_opt::<i32>().ok_or_else(|| Error::internal("ends of edges are no text"))
}

/// How many edges nodes had that can still have them.
struct Before {
    side: Side,
    known: Option<(Adjacency, Arc<Ordinals>)>,
}

impl Before {
    async fn of(image: &Image<'_>, write: &TableWrite<'_>, end: &EndRule, ends: &[EndRule; 2]) -> Result<Self> {
        if write.replace || write.base.rows() == 0 {
            return Ok(Self { side: end.side, known: None });
        }
        let [source, target] = ends;
        let topology = &image.base.shared.topology;
        let adjacency = topology.edges(&write.base, &source.node, &target.node).await?;
        Ok(Self { side: end.side, known: Some((adjacency, topology.ordinals(&end.node))) })
    }

    fn degree(&self, node: KeyHash) -> u64 {
        let Some((adjacency, ordinals)) = &self.known else { return 0 };
        ordinals.of_key(node).map_or(0, |ordinal| adjacency.degree(ordinal, self.side) as u64)
    }
}
