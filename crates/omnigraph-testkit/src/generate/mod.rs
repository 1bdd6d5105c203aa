//! Random cases: a schema, a small graph, and reads of it that the compiler accepts (most of them).
//!
//! A seed and a [`Size`] give the same case every time. The schema, the rows and each query draw from sources of their own,
//! so a smaller graph keeps the schema, and one query does not depend on the others.
//!
//! Values are chosen so that the order of floating-point additions does not show: all of them are quarters.
//!
//! - `model`      types and properties
//! - `schema`     random types
//! - `rows`       random rows
//! - `scope`      the variables of a query in the making
//! - `pattern`    random clauses
//! - `expression` random expressions
//! - `query`      random queries
//! - `shrink`     the least case that still fails
//! - `rules`      random rules of a schema
//! - `statement`  random mutations
//! - `story`      random loads, mutations and branches, one after another

mod expression;
mod model;
mod pattern;
mod query;
mod rows;
mod rules;
mod schema;
mod scope;
mod shrink;
mod statement;
mod story;

use rand::SeedableRng;
use rand::rngs::StdRng;

pub use shrink::shrink;
pub use story::{Step, Story};

/// How large a case may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Most nodes of a type.
    pub nodes: usize,
    /// Most edges of a type.
    pub edges: usize,
    /// Most clauses of a block.
    pub clauses: usize,
    /// Deepest nesting of blocks.
    pub depth: usize,
    /// Number of queries.
    pub queries: usize,
}

impl Default for Size {
    /// What a slow evaluator answers in milliseconds.
    fn default() -> Self {
        Self { nodes: 6, edges: 9, clauses: 4, depth: 2, queries: 4 }
    }
}

/// A schema, rows and queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it was made from.
    pub seed: u64,
    /// What it was made from.
    pub size: Size,
    /// A `.pg` text.
    pub schema: String,
    /// Lines of the load format. Every edge has an id; ids of nodes repeat over types.
    pub rows: String,
    /// `.gq` texts of one query each, called `q`, without parameters.
    pub queries: Vec<String>,
}

/// The case of a seed.
#[must_use]
pub fn case(seed: u64, size: Size) -> Case {
    let source = |part: u64| StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(part));
    let schema = schema::schema(&mut source(0));
    let rows = rows::rows(&mut source(1), &schema, size);
    let queries = (0..size.queries).map(|index| query::query(source(2 + index as u64), &schema, size)).collect();
    Case { seed, size, schema: schema.to_string(), rows, queries }
}

impl std::fmt::Display for Case {
    /// Everything that a reader of a failure needs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {} with {:?}\n{}\n{}", self.seed, self.size, self.schema, self.rows)?;
        self.queries.iter().try_for_each(|query| writeln!(f, "{query}"))
    }
}
