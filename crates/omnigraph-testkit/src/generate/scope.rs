//! The variables of a query in the making.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::Size;
use super::model::{Property, Schema};

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VariableKind {
    /// A node of these types, by index.
    Node(Vec<usize>),
    /// The node at hand of a statement, of this type; its properties stand bare, so it has no name.
    NodeAtHand(usize),
    /// The edge at hand of a statement, likewise.
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
pub(super) struct Variable {
    /// With its `$`.
    pub(super) name: String,
    pub(super) kind: VariableKind,
}

/// A query in the making: where it draws from and what is bound.
pub(super) struct Maker<'s> {
    pub(super) rng: StdRng,
    pub(super) schema: &'s Schema,
    pub(super) size: Size,
    pub(super) variables: Vec<Variable>,
    pub(super) names: usize,
}

impl<'s> Maker<'s> {
    /// Whether something of this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// One of several; `None` of none.
    pub(super) fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        among.choose(&mut self.rng).cloned()
    }

    /// One of several words.
    pub(super) fn word(&mut self, among: &[&'static str]) -> &'static str {
        among.choose(&mut self.rng).copied().unwrap_or_default()
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end.max(1))
    }

    /// Binds a new variable and yields its name.
    pub(super) fn bind(&mut self, kind: VariableKind) -> String {
        let letter = match kind {
            VariableKind::Node(_) | VariableKind::NodeAtHand(_) => 'v',
            VariableKind::Edge(_) | VariableKind::EdgeAtHand(_) => 'k',
            VariableKind::Hops => 'h',
            VariableKind::Path => 'p',
        };
        let name = format!("${letter}{}", self.names);
        self.names += 1;
        self.variables.push(Variable { name: name.clone(), kind });
        name
    }

    /// Node variables, with their types.
    pub(super) fn nodes(&self) -> Vec<(String, Vec<usize>)> {
        let node = |variable: &Variable| match &variable.kind {
            VariableKind::Node(types) => Some((variable.name.clone(), types.clone())),
            _ => None,
        };
        self.variables.iter().filter_map(node).collect()
    }

    /// Every property that can be read, as `$x.name`.
    pub(super) fn properties(&self) -> Vec<(String, Property)> {
        self.variables.iter().flat_map(|variable| self.properties_of(variable)).collect()
    }

    /// Properties of a variable: those that all of its types have.
    pub(super) fn properties_of(&self, variable: &Variable) -> Vec<(String, Property)> {
        let empty = Vec::new();
        let common: Vec<Property> = match &variable.kind {
            VariableKind::Node(types) => {
                let of = |index: &usize| self.schema.nodes.get(*index).map_or(&empty, |node| &node.properties);
                let first = types.first().map_or(&empty, of);
                first.iter().filter(|property| types.iter().all(|ty| of(ty).contains(property))).copied().collect()
            }
            VariableKind::NodeAtHand(index) => {
                self.schema.nodes.get(*index).map_or_else(Vec::new, |node| node.properties.clone())
            }
            VariableKind::Edge(index) | VariableKind::EdgeAtHand(index) => {
                self.schema.edges.get(*index).map_or_else(Vec::new, |edge| edge.properties.clone())
            }
            VariableKind::Hops | VariableKind::Path => Vec::new(),
        };
        let dot = if variable.name.is_empty() { "" } else { "." };
        let written = |property: &Property| format!("{}{dot}{}", variable.name, property.name);
        common.into_iter().map(|property| (written(&property), property)).collect()
    }
}
