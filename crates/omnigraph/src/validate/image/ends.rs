//! Both ends of an edge exist: those of new edges, and those of edges that stay when nodes go.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use futures::TryStreamExt;
use omnigraph_compiler::catalog::OnDelete;
use omnigraph_log::TablePath;

use super::text::row_at;
use super::{Image, TableWrite};
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::table::{ROW_ADDRESS, RowAddress, Scan, Table};
use crate::validate::rules::{EndRule, TableRules};
use crate::validate::violation::END;

/// The ends of edges in memory.
pub(super) async fn check_new(image: &Image<'_>, write: &TableWrite<'_>) -> Result<()> {
    let Some(rules) = write.rules.ends.as_ref().filter(|_| !write.new.streamed) else { return Ok(()) };
    for end in rules {
        let wanted = write.new.facts.ends(end.column);
        if wanted.is_empty() {
            continue;
        }
        let nodes = image.nodes(&end.node).await?;
        if let Some(missing) = wanted.iter().find(|node| !nodes.contains(node.key)) {
            let message = format!("{} '{}' not found in {}", end.column, missing.id, end.node_name);
            let message = format!("{message}; both ends of {} must exist", write.rules.name);
            return Err(write.refused(END, &[missing.row], message));
        }
    }
    Ok(())
}

/// The ends of edges that stay, if `write` takes nodes away.
pub(super) async fn check_kept(image: &Image<'_>, write: &TableWrite<'_>) -> Result<()> {
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
                check_replaced(image, write, (&name, end), &edges).await?;
            } else {
                let [source, target] = &ends;
                check_removed(image, write, (&name, end), &edges, (&source.node, &target.node)).await?;
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
    edges: &Arc<Table>,
    (from, to): (&TablePath, &TablePath),
) -> Result<()> {
    let topology = &image.base.shared.topology;
    let adjacency = topology.edges(edges, from, to).await?;
    let ordinals = topology.ordinals(&end.node);
    let gone = image.write(edges.path());
    let stays = |address: u64| gone.is_none_or(|gone| !gone.takes(RowAddress(address)));
    // The smallest address makes the message the same every time.
    let mut first: Option<(RowAddress, usize)> = None;
    let index = image.base.shared.keys.of(&write.base).await?;
    for key in write.removed.iter().filter(|key| write.loses(**key)) {
        let (Some(node), Some(ordinal)) = (index.get(*key), ordinals.of_key(*key)) else { continue };
        let mut kept = 0;
        adjacency.for_each(ordinal, end.side, |_, address| kept += usize::from(stays(address)));
        if kept > 0 && first.is_none_or(|(known, _)| node < known) {
            first = Some((node, kept));
        }
    }
    let Some((node, kept)) = first else { return Ok(()) };
    let id = row_at(&write.base, node, &[]).await?.id.unwrap_or_default();
    let node = &write.rules.name;
    let (count, them) = if kept == 1 { ("an edge".to_owned(), "it") } else { (format!("{kept} edges"), "them") };
    let why = match end.on_delete {
        OnDelete::Restrict => format!("has {count} of type {edge}, which says @on_delete(restrict)"),
        OnDelete::Cascade => format!("is the {} of {count} of type {edge}", end.word()),
    };
    let message = format!("{node} '{id}' cannot be removed: it {why}. Delete {them} first, or in the same write");
    Err(write.refused(END, &[], message))
}

/// Edges that stay find both ends among the rows that take the place of all nodes.
async fn check_replaced(
    image: &Image<'_>,
    write: &TableWrite<'_>,
    (edge, end): (&str, &EndRule),
    edges: &Table,
) -> Result<()> {
    let gone = image.write(edges.path());
    let scan = Scan { columns: vec![end.column.to_owned()], addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(edges.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        let ids = batch.column_by_name(end.column).and_then(|column| column.as_string_opt::<i32>());
        let addresses = batch.column_by_name(ROW_ADDRESS).and_then(|column| column.as_primitive_opt::<UInt64Type>());
        let (Some(ids), Some(addresses)) = (ids, addresses) else {
            return Err(Error::internal("a scan of ends came without them"));
        };
        for (id, address) in ids.iter().flatten().zip(addresses.values()) {
            let stays = gone.is_none_or(|gone| !gone.takes(RowAddress(*address)));
            if stays && write.loses(KeyHash::of(id)) {
                let (column, node) = (end.column, &end.node_name);
                let message = format!(
                    "{column} '{id}' not found in {node}: an edge {edge} that is there already points to it and {node} is \
                     replaced. Load {edge} too, or use --mode merge"
                );
                return Err(write.refused(END, &[], message));
            }
        }
    }
    Ok(())
}
