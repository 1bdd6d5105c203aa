//! Random stories: a schema with rules, and steps that load, mutate, branch and open again.
//!
//! A step follows from the seed and its number alone, so any part of a story can be told again. Whether what it names is
//! there is for whoever tells it to see.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value as Json, json};

use super::model::{NodeKey, Property, Schema};
use super::scope::Maker;
use super::statement::KEYS;
use super::{Size, rows, rules, schema, statement};
use crate::oracle::Mode;

/// Branches besides `main`.
const BRANCHES: [&str; 2] = ["side", "side/two"];

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Lines of the load format.
    Load {
        /// Into which branch.
        branch: &'static str,
        /// What happens to rows that are there.
        mode: Mode,
        /// The lines.
        lines: String,
    },
    /// A `.gq` text of one mutation, called `q`, without parameters.
    Mutate {
        /// On which branch.
        branch: &'static str,
        /// The text.
        source: String,
    },
    /// A branch comes, from another, or goes if it is there.
    Branch {
        /// Its name; not `main`.
        name: &'static str,
        /// Where it begins.
        from: &'static str,
    },
    /// Whoever holds the graph forgets what they know of it.
    Reopen,
}

/// A schema with rules and endless steps.
#[derive(Clone, Debug)]
pub struct Story {
    seed: u64,
    schema: Schema,
    size: Size,
}

impl Story {
    /// The story of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut schema = schema::schema(&mut rng);
        rules::add(&mut rng, &mut schema);
        Self { seed, schema, size: Size { nodes: 4, edges: 4, clauses: 2, depth: 1, queries: 0 } }
    }

    /// A `.pg` text.
    #[must_use]
    pub fn schema(&self) -> String {
        self.schema.to_string()
    }

    /// The step of a number.
    #[must_use]
    pub fn step(&self, number: u64) -> Step {
        let seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number + 1);
        let mut rng = StdRng::seed_from_u64(seed.wrapping_mul(0xBF58_476D_1CE4_E5B9));
        let branch = match rng.random_range(0..10) {
            0..=5 => "main",
            6 | 7 => BRANCHES[0],
            _ => BRANCHES[1],
        };
        match rng.random_range(0..100) {
            // Rows that nobody overwrites pile up.
            _ if number.is_multiple_of(40) => {
                Step::Load { branch, mode: Mode::Overwrite, lines: self.lines(rng, Extent::All) }
            }
            0..=19 => {
                let mode = [Mode::Append, Mode::Merge, Mode::Merge, Mode::Overwrite].choose(&mut rng).copied();
                let lines = self.lines(rng, Extent::Some);
                Step::Load { branch, mode: mode.unwrap_or(Mode::Merge), lines }
            }
            20..=23 => {
                let name = BRANCHES.choose(&mut rng).copied().unwrap_or(BRANCHES[0]);
                Step::Branch { name, from: branch }
            }
            24 => Step::Reopen,
            _ => Step::Mutate { branch, source: statement::mutation(rng, &self.schema, self.size) },
        }
    }

    fn lines(&self, rng: StdRng, extent: Extent) -> String {
        let mut maker = Maker { rng, schema: &self.schema, size: self.size, variables: Vec::new(), names: 0 };
        let mut lines = Vec::new();
        for ty in 0..self.schema.nodes.len() {
            for key in 0..KEYS {
                if maker.chance(extent.share()) {
                    lines.extend(maker.node_line(ty, key, extent));
                }
            }
        }
        for ty in 0..self.schema.edges.len() {
            if extent == Extent::All {
                // Types that do not occur in the input would keep their rows, and lose their ends.
                lines.extend(maker.edge_line(ty, 0, extent));
            }
            for number in 1..=2 {
                if maker.chance(extent.share() / 2.0) {
                    lines.extend(maker.edge_line(ty, number, extent));
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

/// How much a load brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    Some,
}

impl Extent {
    const fn share(self) -> f64 {
        match self {
            Self::All => 1.0,
            Self::Some => 0.15,
        }
    }
}

impl Maker<'_> {
    /// Values. Null breaks no rule, and where much is loaded one row that does would be enough.
    fn data(&mut self, properties: &[Property], extent: Extent) -> Map<String, Json> {
        let mut data = rows::values(&mut self.rng, properties);
        if extent == Extent::All {
            data.retain(|name, _| {
                let given = |property: &&Property| property.name == name && !property.nullable;
                properties.iter().any(|property| given(&property)) || self.rng.random_bool(0.25)
            });
        }
        data
    }

    fn node_line(&mut self, ty: usize, key: usize, extent: Extent) -> Option<String> {
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

    fn edge_line(&mut self, ty: usize, number: usize, extent: Extent) -> Option<String> {
        let edge = self.schema.edges.get(ty)?;
        let mut data = self.data(&edge.properties, extent);
        if !edge.keyed && self.chance(0.7) {
            data.insert("id".to_owned(), format!("e{number}").into());
        }
        let (from, to) = (self.id(edge.from), self.id(edge.to));
        Some(json!({ "edge": edge.name, "from": from, "to": to, "data": data }).to_string())
    }
}
