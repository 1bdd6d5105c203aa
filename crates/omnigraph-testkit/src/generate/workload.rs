//! Random workloads: a schema with constraints, and steps that load, mutate, branch and reopen.
//!
//! A step follows from the seed and its number alone, so any part of a workload can be repeated. The caller must handle
//! steps that name a missing branch.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value as Json, json};

use super::model::{NodeKey, RandomProperty, RandomSchema};
use super::scope::QueryGenerator;
use super::statement::KEY_COUNT;
use super::{CaseSize, model, rows, rules, statement};
use crate::oracle::OracleLoadMode;

/// Branches besides `main`.
const BRANCHES: [&str; 2] = ["side", "side/two"];

/// One step of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkloadStep {
    /// Lines of the load format.
    Load {
        /// The target branch.
        branch: &'static str,
        /// The treatment of existing rows.
        mode: OracleLoadMode,
        /// The lines.
        lines: String,
    },
    /// A `.gq` text of one mutation, called `q`, without parameters.
    Mutate {
        /// The target branch.
        branch: &'static str,
        /// The text.
        source: String,
    },
    /// Creates a branch, or deletes it if it exists.
    Branch {
        /// Its name; not `main`.
        name: &'static str,
        /// The branch it starts from.
        from: &'static str,
    },
    /// Reopens a handle, which empties its caches.
    Reopen,
}

/// A schema with constraints and an endless sequence of steps.
#[derive(Clone, Debug)]
pub struct Workload {
    seed: u64,
    schema: RandomSchema,
    size: CaseSize,
}

impl Workload {
    /// Creates the workload of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut schema = model::schema(&mut rng);
        rules::add(&mut rng, &mut schema);
        Self { seed, schema, size: CaseSize { nodes: 4, edges: 4, clauses: 2, depth: 1, queries: 0 } }
    }

    /// Returns the schema as `.pg` text.
    #[must_use]
    pub fn schema(&self) -> String {
        self.schema.to_string()
    }

    /// Returns the step of a number.
    #[must_use]
    pub fn step(&self, number: u64) -> WorkloadStep {
        let seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number + 1);
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0xBF58_476D_1CE4_E5B9));
        let branch = match rng.random_range(0..10) {
            0..=5 => "main",
            6 | 7 => BRANCHES[0],
            _ => BRANCHES[1],
        };
        match rng.random_range(0..100) {
            // An occasional overwrite limits the number of rows.
            _ if number.is_multiple_of(40) => {
                WorkloadStep::Load { branch, mode: OracleLoadMode::Overwrite, lines: self.lines(rng, LoadExtent::All) }
            }
            0..=19 => {
                let mode =
                    [OracleLoadMode::Append, OracleLoadMode::Merge, OracleLoadMode::Merge, OracleLoadMode::Overwrite]
                        .choose(&mut rng)
                        .copied();
                let lines = self.lines(rng, LoadExtent::Some);
                WorkloadStep::Load { branch, mode: mode.unwrap_or(OracleLoadMode::Merge), lines }
            }
            20..=23 => {
                let name = BRANCHES.choose(&mut rng).copied().unwrap_or(BRANCHES[0]);
                WorkloadStep::Branch { name, from: branch }
            }
            24 => WorkloadStep::Reopen,
            _ => WorkloadStep::Mutate { branch, source: statement::mutation(rng, &self.schema, self.size) },
        }
    }

    fn lines(&self, rng: StdRng, extent: LoadExtent) -> String {
        let mut generator =
            QueryGenerator { rng, schema: &self.schema, size: self.size, variables: Vec::new(), names: 0 };
        let mut lines = Vec::new();
        for ty in 0..self.schema.nodes.len() {
            for key in 0..KEY_COUNT {
                if generator.chance(extent.share()) {
                    lines.extend(generator.node_line(ty, key, extent));
                }
            }
        }
        for ty in 0..self.schema.edges.len() {
            if extent == LoadExtent::All {
                // Types that do not occur in the input would keep their rows and lose their endpoints.
                lines.extend(generator.edge_line(ty, 0, extent));
            }
            for number in 1..=2 {
                if generator.chance(extent.share() / 2.0) {
                    lines.extend(generator.edge_line(ty, number, extent));
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

/// The share of all keys that a load writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LoadExtent {
    All,
    Some,
}

impl LoadExtent {
    const fn share(self) -> f64 {
        match self {
            Self::All => 1.0,
            Self::Some => 0.15,
        }
    }
}

impl QueryGenerator<'_> {
    /// Generates values. A load of all keys has many nulls, because null satisfies every constraint.
    fn data(&mut self, properties: &[RandomProperty], extent: LoadExtent) -> Map<String, Json> {
        let mut data = rows::values(&mut self.rng, properties);
        if extent == LoadExtent::All {
            data.retain(|name, _| {
                let given = |property: &&RandomProperty| property.name == name && !property.nullable;
                properties.iter().any(|property| given(&property)) || self.rng.random_bool(0.25)
            });
        }
        data
    }

    fn node_line(&mut self, ty: usize, key: usize, extent: LoadExtent) -> Option<String> {
        let node = self.schema.nodes.get(ty)?;
        let mut data = self.data(&node.properties, extent);
        data.insert("key".to_owned(), format!("n{key}").into());
        match node.key {
            NodeKey::Single => {}
            NodeKey::Composite => {
                data.insert("part".to_owned(), 0.into());
            }
            NodeKey::None => {
                data.insert("id".to_owned(), format!("n{key}").into());
            }
        }
        Some(json!({ "type": node.name, "data": data }).to_string())
    }

    fn edge_line(&mut self, ty: usize, number: usize, extent: LoadExtent) -> Option<String> {
        let edge = self.schema.edges.get(ty)?;
        let mut data = self.data(&edge.properties, extent);
        if !edge.keyed && self.chance(0.7) {
            data.insert("id".to_owned(), format!("e{number}").into());
        }
        let (from, to) = (self.id(edge.from), self.id(edge.to));
        Some(json!({ "edge": edge.name, "from": from, "to": to, "data": data }).to_string())
    }
}
