//! Random cases: a schema, a small graph, and reads of it that the compiler accepts (most of them).
//!
//! A seed and a [`CaseSize`] give the same case every time. The schema, the rows and each query have random sources of their own,
//! so a smaller graph keeps the schema, and one query does not depend on the others.
//!
//! All floats are multiples of a quarter, so that their sum does not depend on the order of additions.
//!
//! - `model`      random types and properties
//! - `rows`       random rows
//! - `scope`      the variables of a query and its random source
//! - `pattern`    random clauses
//! - `expression` random expressions
//! - `query`      random queries
//! - `rules`      random constraints of a schema
//! - `statement`  random mutations
//! - `workload`   random loads, mutations and branches in sequence

mod expression;
mod model;
mod pattern;
mod query;
mod rows;
mod rules;
mod scope;
mod statement;
mod workload;

use rand::SeedableRng;
use rand::rngs::StdRng;

pub use workload::{Workload, WorkloadStep};

/// Limits on the size of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseSize {
    /// Maximum number of nodes of a type.
    pub nodes: usize,
    /// Maximum number of edges of a type.
    pub edges: usize,
    /// Maximum number of clauses of a block.
    pub clauses: usize,
    /// Maximum nesting of blocks.
    pub depth: usize,
    /// Number of queries.
    pub queries: usize,
}

impl Default for CaseSize {
    /// Returns limits that a slow evaluator handles in milliseconds.
    fn default() -> Self {
        Self { nodes: 6, edges: 9, clauses: 4, depth: 2, queries: 4 }
    }
}

/// A schema, rows and queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RandomCase {
    /// The seed of all random sources.
    pub seed: u64,
    /// The limits of the case.
    pub size: CaseSize,
    /// A `.pg` text.
    pub schema: String,
    /// Lines of the load format. Every edge has an id; ids of nodes repeat over types.
    pub rows: String,
    /// `.gq` texts of one query each, called `q`, without parameters.
    pub queries: Vec<String>,
}

/// Generates the case of a seed.
#[must_use]
pub fn case(seed: u64, size: CaseSize) -> RandomCase {
    let source = |part: u64| StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(part));
    let schema = model::schema(&mut source(0));
    let rows = rows::rows(&mut source(1), &schema, size);
    let queries = (0..size.queries).map(|index| query::query(source(2 + index as u64), &schema, size)).collect();
    RandomCase { seed, size, schema: schema.to_string(), rows, queries }
}

impl std::fmt::Display for RandomCase {
    /// Prints the seed, the schema, the rows and the queries.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {} with {:?}\n{}\n{}", self.seed, self.size, self.schema, self.rows)?;
        self.queries.iter().try_for_each(|query| writeln!(f, "{query}"))
    }
}

/// Generates smaller cases of the same seed for as long as one of them fails, and returns the last that did. `fails` is
/// called for each; the case itself must have failed.
pub fn shrink(found: RandomCase, mut fails: impl FnMut(&RandomCase) -> bool) -> RandomCase {
    let mut least = found;
    while let Some(smaller) =
        smaller(least.size).into_iter().map(|size| case(least.seed, size)).find(|case| fails(case))
    {
        least = smaller;
    }
    least
}

/// Returns sizes with one limit lowered, the largest reduction first.
fn smaller(size: CaseSize) -> Vec<CaseSize> {
    let candidates = [
        CaseSize { nodes: size.nodes / 2, ..size },
        CaseSize { edges: size.edges / 2, ..size },
        CaseSize { clauses: size.clauses / 2, ..size },
        CaseSize { queries: size.queries.div_ceil(2), ..size },
        CaseSize { nodes: size.nodes.saturating_sub(1), ..size },
        CaseSize { edges: size.edges.saturating_sub(1), ..size },
        CaseSize { clauses: size.clauses.saturating_sub(1), ..size },
        CaseSize { depth: size.depth.saturating_sub(1), ..size },
        CaseSize { queries: size.queries.saturating_sub(1).max(1), ..size },
    ];
    candidates.into_iter().filter(|candidate| *candidate != size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_ends_at_the_smallest_failure() {
        let found = case(7, CaseSize::default());
        let least = shrink(found, |case| case.size.nodes >= 3);
        assert_eq!(least.size, CaseSize { nodes: 3, edges: 0, clauses: 0, depth: 0, queries: 1 });
        assert_eq!(least, case(7, least.size));
    }
}
