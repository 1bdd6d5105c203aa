//! Reciprocal rank fusion: one ranking out of several, by places and not by scores, after Cormack, Clarke and
//! Büttcher (2009).

use std::cmp::Ordering;
use std::hash::Hash;

use hashbrown::HashMap;

/// Fuses rankings with their weights. The score of an entity is the sum, over the rankings that hold it, of
/// `weight / (k + rank)`; ranks count from 1 over distinct entities, so an entity that a ranking repeats counts at its
/// first place and takes no further one.
///
/// Best first. Entities that tie are in the order of the first ranking that holds them, those of an earlier ranking first.
pub fn fuse<E, R>(rankings: impl IntoIterator<Item = (R, f64)>, k: f64) -> Vec<(E, f64)>
where
    E: Clone + Eq + Hash,
    R: IntoIterator<Item = E>,
{
    let mut fused: Vec<(E, f64)> = Vec::new();
    // Where an entity stands in `fused`, and the last ranking that it was counted in.
    let mut places: HashMap<E, (usize, usize)> = HashMap::new();
    for (number, (ranking, weight)) in rankings.into_iter().enumerate() {
        let mut rank = 0.0;
        for entity in ranking {
            let place = match places.get_mut(&entity) {
                Some((_, counted)) if *counted == number => continue,
                Some((place, counted)) => {
                    *counted = number;
                    *place
                }
                None => {
                    places.insert(entity.clone(), (fused.len(), number));
                    fused.push((entity, 0.0));
                    fused.len() - 1
                }
            };
            rank += 1.0;
            if let Some((_, score)) = fused.get_mut(place) {
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
    fn the_formula_is_followed_and_both_arms_beat_one() {
        let fused = fuse([(vec!["a", "b", "c"], 1.0), (vec!["c", "d"], 1.0)], 60.0);
        let expected = [("c", 1.0 / 63.0 + 1.0 / 61.0), ("a", 1.0 / 61.0), ("b", 1.0 / 62.0), ("d", 1.0 / 62.0)];
        assert_eq!(fused, expected);
    }

    #[test]
    fn ties_keep_the_order_of_the_first_arm_then_of_the_second() {
        let fused = fuse([(vec![1, 2], 1.0), (vec![2, 1], 1.0), (vec![4, 3], 0.0)], 1.0);
        assert_eq!(fused.iter().map(|(entity, _)| *entity).collect::<Vec<_>>(), [1, 2, 4, 3]);
    }

    #[test]
    fn ranks_count_distinct_entities() {
        let fused = fuse([(vec!["a", "a", "b"], 2.0)], 1.0);
        assert_eq!(fused, [("a", 2.0 / 2.0), ("b", 2.0 / 3.0)]);
    }
}
