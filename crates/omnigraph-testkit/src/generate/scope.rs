//! The variables of a query that is being generated.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::CaseSize;
use super::model::{RandomProperty, RandomSchema};

/// The kind of value that a variable binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ScopeVariableKind {
    /// A node of these types, by index.
    Node(Vec<usize>),
    /// The current node of a statement, of this type; its properties are unqualified, so it has no name.
    NodeAtHand(usize),
    /// The current edge of a statement, of this type.
    EdgeAtHand(usize),
    /// An edge of this type, by index.
    Edge(usize),
    /// A number of hops.
    Hops,
    /// A path.
    Path,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScopeVariable {
    /// With its `$`.
    pub(super) name: String,
    pub(super) kind: ScopeVariableKind,
}

/// A generator of one query: its random source and the variables bound so far.
pub(super) struct QueryGenerator<'s> {
    pub(super) rng: StdRng,
    pub(super) schema: &'s RandomSchema,
    pub(super) size: CaseSize,
    pub(super) variables: Vec<ScopeVariable>,
    pub(super) names: usize,
}

impl<'s> QueryGenerator<'s> {
    /// Returns true with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// Picks one of several items; `None` if there are none.
    pub(super) fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        among.choose(&mut self.rng).cloned()
    }

    /// Picks one of several words.
    pub(super) fn word(&mut self, among: &[&'static str]) -> &'static str {
        among.choose(&mut self.rng).copied().unwrap_or_default()
    }

    /// Returns a random number below `end`.
    pub(super) fn random_below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end.max(1))
    }

    /// Binds a new variable and returns its name.
    pub(super) fn bind(&mut self, kind: ScopeVariableKind) -> String {
        let letter = match kind {
            ScopeVariableKind::Node(_) | ScopeVariableKind::NodeAtHand(_) => 'v',
            ScopeVariableKind::Edge(_) | ScopeVariableKind::EdgeAtHand(_) => 'k',
            ScopeVariableKind::Hops => 'h',
            ScopeVariableKind::Path => 'p',
        };
        let name = format!("${letter}{}", self.names);
        self.names += 1;
        self.variables.push(ScopeVariable { name: name.clone(), kind });
        name
    }

    /// Returns node variables with their types.
    pub(super) fn nodes(&self) -> Vec<(String, Vec<usize>)> {
        let node = |variable: &ScopeVariable| match &variable.kind {
            ScopeVariableKind::Node(types) => Some((variable.name.clone(), types.clone())),
            _ => None,
        };
        self.variables.iter().filter_map(node).collect()
    }

    /// Returns every property that can be read, as `$x.name`.
    pub(super) fn properties(&self) -> Vec<(String, RandomProperty)> {
        self.variables.iter().flat_map(|variable| self.properties_of(variable)).collect()
    }

    /// Returns the properties that all types of a variable have.
    pub(super) fn properties_of(&self, variable: &ScopeVariable) -> Vec<(String, RandomProperty)> {
        let empty = Vec::new();
        let common: Vec<RandomProperty> = match &variable.kind {
            ScopeVariableKind::Node(types) => {
                let of = |index: &usize| self.schema.nodes.get(*index).map_or(&empty, |node| &node.properties);
                let first = types.first().map_or(&empty, of);
                first.iter().filter(|property| types.iter().all(|ty| of(ty).contains(property))).copied().collect()
            }
            ScopeVariableKind::NodeAtHand(index) => {
                self.schema.nodes.get(*index).map_or_else(Vec::new, |node| node.properties.clone())
            }
            ScopeVariableKind::Edge(index) | ScopeVariableKind::EdgeAtHand(index) => {
                self.schema.edges.get(*index).map_or_else(Vec::new, |edge| edge.properties.clone())
            }
            ScopeVariableKind::Hops | ScopeVariableKind::Path => Vec::new(),
        };
        let dot = if variable.name.is_empty() { "" } else { "." };
        let written = |property: &RandomProperty| format!("{}{dot}{}", variable.name, property.name);
        common.into_iter().map(|property| (written(&property), property)).collect()
    }
}
