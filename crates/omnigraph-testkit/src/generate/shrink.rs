//! The least case that still fails.

use super::{Case, Size, case};

/// Makes smaller cases of the same seed for as long as one of them fails, and yields the last that did. `fails` is asked
/// about each; the case itself must have failed.
pub fn shrink(found: Case, mut fails: impl FnMut(&Case) -> bool) -> Case {
    let mut least = found;
    while let Some(smaller) =
        smaller(least.size).into_iter().map(|size| case(least.seed, size)).find(|case| fails(case))
    {
        least = smaller;
    }
    least
}

/// Sizes with one measure less, the hastiest first.
fn smaller(size: Size) -> Vec<Size> {
    let candidates = [
        Size { nodes: size.nodes / 2, ..size },
        Size { edges: size.edges / 2, ..size },
        Size { clauses: size.clauses / 2, ..size },
        Size { queries: size.queries.div_ceil(2), ..size },
        Size { nodes: size.nodes.saturating_sub(1), ..size },
        Size { edges: size.edges.saturating_sub(1), ..size },
        Size { clauses: size.clauses.saturating_sub(1), ..size },
        Size { depth: size.depth.saturating_sub(1), ..size },
        Size { queries: size.queries.saturating_sub(1).max(1), ..size },
    ];
    candidates.into_iter().filter(|candidate| *candidate != size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_ends_at_the_least_that_fails() {
        let found = case(7, Size::default());
        let least = shrink(found, |case| case.size.nodes >= 3);
        assert_eq!(least.size, Size { nodes: 3, edges: 0, clauses: 0, depth: 0, queries: 1 });
        assert_eq!(least, case(7, least.size));
    }
}
