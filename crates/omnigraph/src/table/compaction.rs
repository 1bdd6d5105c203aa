//! Write-time compaction: a write rewrites small fragments into the file it writes anyway.
//!
//! Fragments are sorted into classes by size, each eight times the one before. A write that would leave eight of one class
//! rewrites them all into its own file. So a row is rewritten once per class, a handful of times in its life, and a table
//! written one row at a time keeps a number of fragments that grows with the logarithm of its rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Table, fragment_id};

/// Fragments of one size class that are compacted together.
const CLASS_WIDTH: usize = 8;
/// Rows from which on a fragment is left to maintenance: rewriting it would delay a small write.
const MAX_COMPACTED_ROWS: u64 = 4096;

/// Fragments that a write compacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CompactionPlan {
    /// The fragment ids.
    pub(crate) fragments: BTreeSet<u32>,
    /// The live rows.
    pub(crate) rows: u64,
}

/// Returns the fragments that a write of `new_rows` rows to `table` compacts.
pub(crate) fn plan_compaction(table: &Table, new_rows: u64) -> CompactionPlan {
    let fragments = table.manifest.fragments.iter();
    plan(fragments.map(|fragment| (fragment_id(fragment), fragment.num_rows().unwrap_or_default() as u64)), new_rows)
}

fn plan(fragments: impl Iterator<Item = (u32, u64)>, new_rows: u64) -> CompactionPlan {
    let mut classes: BTreeMap<u32, Vec<(u32, u64)>> = BTreeMap::new();
    for (id, rows) in fragments.filter(|(_, rows)| *rows < MAX_COMPACTED_ROWS) {
        classes.entry(class(rows)).or_default().push((id, rows));
    }
    let mut fold = CompactionPlan::default();
    // The file that is written joins the class of its size; if that fills the class, the class joins the file, whose own
    // class may then be the next.
    while let Some(members) = classes.remove(&class(new_rows + fold.rows)) {
        if members.len() + 1 < CLASS_WIDTH || new_rows + fold.rows >= MAX_COMPACTED_ROWS {
            break;
        }
        fold.rows += members.iter().map(|(_, rows)| rows).sum::<u64>();
        fold.fragments.extend(members.into_iter().map(|(id, _)| id));
    }
    fold
}

fn class(rows: u64) -> u32 {
    rows.max(1).ilog(CLASS_WIDTH as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_rows_leave_few_fragments() {
        let mut fragments: Vec<(u32, u64)> = Vec::new();
        let (mut rewritten, mut most) = (0, 0);
        for id in 0..10_000 {
            let fold = plan(fragments.iter().copied(), 1);
            fragments.retain(|(id, _)| !fold.fragments.contains(id));
            rewritten += fold.rows;
            fragments.push((id, 1 + fold.rows));
            most = most.max(fragments.len());
        }
        assert_eq!(fragments.iter().map(|(_, rows)| rows).sum::<u64>(), 10_000);
        assert!(most <= 35, "{most} fragments at once");
        assert!(rewritten <= 50_000, "{rewritten} rows rewritten");
    }

    #[test]
    fn large_writes_and_large_fragments_fold_nothing() {
        let many = (0..100).map(|id| (id, 10_000));
        assert_eq!(plan(many, 1), CompactionPlan::default());
        let small = (0..100).map(|id| (id, 1));
        assert_eq!(plan(small, 1_000_000), CompactionPlan::default());
    }
}
