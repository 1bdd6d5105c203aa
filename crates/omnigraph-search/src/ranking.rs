//! Ranking: row filters, the k best rows, and reciprocal rank fusion.
//!
//! Reciprocal rank fusion combines rankings by rank instead of score, after G. V. Cormack, C. L. A. Clarke and S. Büttcher,
//! *Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods* (SIGIR 2009).

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;

use hashbrown::HashMap;

/// The rows of a data file that a search considers: the live ones, or those that a filter admits.
#[derive(Clone, Copy)]
pub enum RowFilter<'a> {
    /// Every row.
    All,
    /// The rows for which the predicate returns true.
    Only(&'a dyn Fn(u32) -> bool),
}

impl RowFilter<'_> {
    /// Returns true if the search considers `row`.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(predicate) => predicate(row),
        }
    }
}

impl fmt::Debug for RowFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::Only(_) => "Only(…)",
        })
    }
}

/// The order of scores from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreOrder {
    /// Smallest first: distances.
    Ascending,
    /// Greatest first: relevance.
    Descending,
}

/// A row and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredRow {
    /// Number of the data file, assigned by the caller.
    pub part: u32,
    /// Row number within the data file.
    pub row: u32,
    /// Score or distance.
    pub score: f64,
}

/// A collector of the k best rows and of all rows that tie with the last of them.
///
/// It breaks no ties: the caller sorts ties by further order items and by id, and truncates to k. Rows that cannot be among the k
/// best are pruned in batches, by a selection in linear time.
#[derive(Clone, Debug)]
pub struct TopKCollector {
    k: usize,
    order: ScoreOrder,
    rows: Vec<ScoredRow>,
    /// Score of the k-th best row at the last pruning.
    bound: Option<f64>,
    /// Number of rows that triggers the next pruning.
    capacity: usize,
}

/// Minimum number of rows worth pruning.
const MIN_CAPACITY: usize = 256;

impl TopKCollector {
    /// Creates a collector of the `k` best rows.
    #[must_use]
    pub fn new(k: usize, order: ScoreOrder) -> Self {
        Self { k, order, rows: Vec::new(), bound: None, capacity: k.saturating_mul(2).max(MIN_CAPACITY) }
    }

    /// Adds a row. A row whose score is NaN is ignored.
    pub fn push(&mut self, row: ScoredRow) {
        let beyond = self.bound.is_some_and(|bound| match self.order {
            ScoreOrder::Ascending => row.score > bound,
            ScoreOrder::Descending => row.score < bound,
        });
        if beyond || self.k == 0 || row.score.is_nan() {
            return;
        }
        // Adding zero turns -0.0 into 0.0, so that both tie.
        self.rows.push(ScoredRow { score: row.score + 0.0, ..row });
        if self.rows.len() >= self.capacity {
            self.prune();
            // Ties are not pruned: doubling keeps the amortized cost linear if all rows tie.
            self.capacity = self.capacity.max(self.rows.len() * 2);
        }
    }

    /// Adds the rows of another collector with the same k and order.
    pub fn merge(&mut self, other: Self) {
        other.rows.into_iter().for_each(|row| self.push(row));
    }

    /// Returns the k best rows and all that tie with the last of them, best first; ties by part and row.
    #[must_use]
    pub fn finish(mut self) -> Vec<ScoredRow> {
        self.prune();
        let order = self.order;
        self.rows.sort_unstable_by(|a, b| compare(order, a, b).then_with(|| (a.part, a.row).cmp(&(b.part, b.row))));
        self.rows
    }

    fn prune(&mut self) {
        let order = self.order;
        if self.k == 0 || self.rows.len() <= self.k {
            return;
        }
        let (_, last, _) = self.rows.select_nth_unstable_by(self.k - 1, |a, b| compare(order, a, b));
        let last = *last;
        self.bound = Some(last.score);
        self.rows.retain(|row| compare(order, row, &last).is_le());
    }
}

fn compare(order: ScoreOrder, a: &ScoredRow, b: &ScoredRow) -> Ordering {
    match order {
        ScoreOrder::Ascending => a.score.total_cmp(&b.score),
        ScoreOrder::Descending => b.score.total_cmp(&a.score),
    }
}

/// Fuses weighted rankings by reciprocal rank fusion.
///
/// The score of an entity is the sum of `weight / (k + rank)` over the rankings that contain it. Ranks start at 1 and count
/// distinct entities: a repeated entity counts once, at its first rank.
///
/// The result is sorted by descending score. Ties keep the order of the first ranking that contains them, earlier rankings first.
pub fn reciprocal_rank_fusion<E, R>(rankings: impl IntoIterator<Item = (R, f64)>, k: f64) -> Vec<(E, f64)>
where
    E: Clone + Eq + Hash,
    R: IntoIterator<Item = E>,
{
    let mut fused: Vec<(E, f64)> = Vec::new();
    // Position of each entity in `fused`, and the last ranking that counted it.
    let mut positions: HashMap<E, (usize, usize)> = HashMap::new();
    for (number, (ranking, weight)) in rankings.into_iter().enumerate() {
        let mut rank = 0.0;
        for entity in ranking {
            let position = match positions.get_mut(&entity) {
                Some((_, counted)) if *counted == number => continue,
                Some((position, counted)) => {
                    *counted = number;
                    *position
                }
                None => {
                    positions.insert(entity.clone(), (fused.len(), number));
                    fused.push((entity, 0.0));
                    fused.len() - 1
                }
            };
            rank += 1.0;
            if let Some((_, score)) = fused.get_mut(position) {
                *score += weight / (k + rank);
            }
        }
    }
    fused.sort_by(|(_, a), (_, b)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_the_formula() {
        let fused = reciprocal_rank_fusion([(vec!["a", "b", "c"], 1.0), (vec!["c", "d"], 1.0)], 60.0);
        let expected = [("c", 1.0 / 63.0 + 1.0 / 61.0), ("a", 1.0 / 61.0), ("b", 1.0 / 62.0), ("d", 1.0 / 62.0)];
        assert_eq!(fused, expected);
    }

    #[test]
    fn ties_keep_the_order_of_the_first_ranking() {
        let fused = reciprocal_rank_fusion([(vec![1, 2], 1.0), (vec![2, 1], 1.0), (vec![4, 3], 0.0)], 1.0);
        assert_eq!(fused.iter().map(|(entity, _)| *entity).collect::<Vec<_>>(), [1, 2, 4, 3]);
    }

    #[test]
    fn ranks_count_distinct_entities() {
        let fused = reciprocal_rank_fusion([(vec!["a", "a", "b"], 2.0)], 1.0);
        assert_eq!(fused, [("a", 2.0 / 2.0), ("b", 2.0 / 3.0)]);
    }
}
