//! Both ends of an edge exist: those of new edges, and those of edges that stay when nodes go.

use std::sync::Arc;

use arrow::array::AsArray;
use futures::TryStreamExt;
use omnigraph_compiler::catalog::OnDelete;
use omnigraph_log::TablePath;

use super::change::WantedEnds;
use super::text::row_at;
use super::{Broken, Image, TableWrite};
use crate::error::{Error, Result, RuleError};
use crate::keys::KeyHash;
use crate::table::{RowAddress, Scan, Table, addresses};
use crate::validate::rules::{EndRule, TableRules};
use crate::validate::violation::END;

/// The ends of edges in memory.
pub(super) async fn check_new(image: &Image<'_>, write: &TableWrite<'_>, broken: &mut Broken) -> Result<()> {
    let Some(rules) = write.rules.ends.as_ref().filter(|_| !write.new.streamed) else { return Ok(()) };
    for end in rules {
        let wanted = write.new.facts.ends(end.column);
        if wanted.is_empty() {
            continue;
        }
        let nodes = image.nodes(&end.node).await?;
        for missing in wanted.iter().filter(|node| !nodes.contains(node.key)) {
            broken.add(write.refused(END, &[missing.row], unknown(end, missing.id, &write.rules.name)));
        }
    }
    Ok(())
}

/// The ends that rows which streamed past lack among themselves must be rows that are there and stay.
pub(super) async fn check_wanted(image: &Image<'_>, wanted: &WantedEnds, broken: &mut Broken) -> Result<()> {
    let rules = TableRules::of(image.base.catalog(), &wanted.edges);
    let rules = rules.ok_or_else(|| Error::internal(format!("table {} is of no type", wanted.edges)))?;
    let end = rules.ends.iter().flatten().find(|end| end.side == wanted.side);
    let end = end.ok_or_else(|| Error::internal(format!("table {} has no ends", wanted.edges)))?;
    let nodes = image.nodes(&end.node).await?;
    let mut missing: Vec<_> = wanted.ends.iter().filter(|wanted| !nodes.contains(wanted.key)).collect();
    missing.sort_unstable_by_key(|missing| missing.place);
    for missing in missing {
        let message = unknown(end, &missing.id, &rules.name);
        let (type_name, places) = (rules.name.clone(), vec![missing.place]);
        broken.add(RuleError { code: END, message, type_name, entity_id: None, places });
    }
    Ok(())
}

/// Says that an end of a new edge is not there.
fn unknown(end: &EndRule, id: &str, edge: &str) -> String {
    format!("{} '{id}' not found in {}; both ends of {edge} must exist", end.column, end.node_name)
}

/// The ends of edges that stay, if `write` takes nodes away.
pub(super) async fn check_kept(image: &Image<'_>, write: &TableWrite<'_>, broken: &mut Broken) -> Result<()> {
    let takes_nodes = write.rules.ends.is_none() && (write.replace || !write.removed.is_empty());
    if !takes_nodes || write.base.rows() == 0 {
        return Ok(());
    }
    let catalog = image.base.catalog();
    for edge in catalog.edges.values() {
        let path = TablePath::edge(edge.table);
        let Some(TableRules { name, ends: Some(ends), .. }) = TableRules::edge(catalog, edge) else { continue };
        for end in ends.iter().filter(|end| end.node == *write.base.path()) {
            let edges = image.base.table(&path).await?;
            if edges.rows() == 0 || image.write(&path).is_some_and(|edges| edges.replace) {
                continue;
            }
            if write.replace {
                check_replaced(image, write, (&name, end), &edges, broken).await?;
            } else {
                let [source, target] = &ends;
                check_removed(image, write, (&name, end), (&edges, &source.node, &target.node), broken).await?;
            }
        }
    }
    Ok(())
}

/// Whoever is removed has no edge that stays. Adjacency knows the edges.
async fn check_removed(
    image: &Image<'_>,
    write: &TableWrite<'_>,
    (edge, end): (&str, &EndRule),
    (edges, from, to): (&Arc<Table>, &TablePath, &TablePath),
    broken: &mut Broken,
) -> Result<()> {
    let topology = &image.base.shared.topology;
    let adjacency = topology.edges(edges, from, to).await?;
    let ordinals = topology.ordinals(&end.node);
    let gone = image.write(edges.path());
    let stays = |address: u64| gone.is_none_or(|gone| !gone.takes(RowAddress(address)));
    let mut held: Vec<(RowAddress, usize)> = Vec::new();
    let index = image.base.shared.keys.of(&write.base).await?;
    for key in write.removed.iter().filter(|key| write.loses(*key)) {
        let (Some(node), Some(ordinal)) = (index.get(key), ordinals.of_key(key)) else { continue };
        let mut kept = 0;
        adjacency.for_each(ordinal, end.side, |_, address| kept += usize::from(stays(address)));
        if kept > 0 {
            held.push((node, kept));
        }
    }
    // In the order of the table the messages are the same every time.
    held.sort_unstable();
    for (node, kept) in held {
        if !broken.has_room() {
            broken.count();
            continue;
        }
        let id = row_at(&write.base, node, &[]).await?.id.unwrap_or_default();
        let message = held_back(&write.rules.name, &id, (edge, end), kept);
        broken.add(RuleError { entity_id: Some(id), ..write.refused(END, &[], message) });
    }
    Ok(())
}

/// Says that a node has edges and so cannot go.
fn held_back(node: &str, id: &str, (edge, end): (&str, &EndRule), kept: usize) -> String {
    let (count, them) = if kept == 1 { ("an edge".to_owned(), "it") } else { (format!("{kept} edges"), "them") };
    let why = match end.on_delete {
        OnDelete::Restrict => format!("has {count} of type {edge}, which says @on_delete(restrict)"),
        OnDelete::Cascade => format!("is the {} of {count} of type {edge}", end.word()),
    };
    format!("{node} '{id}' cannot be removed: it {why}. Delete {them} first, or in the same write")
}

/// Edges that stay find both ends among the rows that take the place of all nodes.
async fn check_replaced(
    image: &Image<'_>,
    write: &TableWrite<'_>,
    (edge, end): (&str, &EndRule),
    edges: &Table,
    broken: &mut Broken,
) -> Result<()> {
    let gone = image.write(edges.path());
    let scan = Scan { columns: vec![end.column.to_owned()], addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(edges.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        let ids = batch.column_by_name(end.column).and_then(|column| column.as_string_opt::<i32>());
        let ids = ids.ok_or_else(|| Error::internal("a scan of ends came without them"))?;
        for (id, address) in ids.iter().flatten().zip(addresses(&batch)?.values()) {
            let stays = gone.is_none_or(|gone| !gone.takes(RowAddress(*address)));
            if stays && write.loses(KeyHash::of(id)) {
                let (column, node) = (end.column, &end.node_name);
                let message = format!(
                    "{column} '{id}' not found in {node}: an edge {edge} that is there already points to it and {node} is \
                     replaced. Load {edge} too, or use --mode merge"
                );
                broken.add(write.refused(END, &[], message));
            }
        }
    }
    Ok(())
}
