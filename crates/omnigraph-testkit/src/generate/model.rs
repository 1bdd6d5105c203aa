//! Types and properties of a random schema.

use std::fmt;

use rand::Rng;
use rand::rngs::StdRng;

/// The type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PropertyKind {
    Text,
    Color,
    I32,
    I64,
    F32,
    F64,
    Bool,
    Date,
    DateTime,
    Tags,
    /// A generated text that no query reads.
    Token,
}

/// Values of the enum.
pub(super) const COLORS: [&str; 3] = ["blue", "green", "red"];

/// A property. A name has the same type in every schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RandomProperty {
    pub(super) name: &'static str,
    pub(super) kind: PropertyKind,
    pub(super) nullable: bool,
    /// The default in the load format; for `PropertyKind::Token` and `PropertyKind::DateTime` a function generates it.
    pub(super) default: Option<&'static str>,
}

/// All properties of nodes.
pub(super) const NODE_PROPERTIES: [RandomProperty; 10] = [
    property("label", PropertyKind::Text),
    property("score", PropertyKind::I32),
    property("big", PropertyKind::I64),
    property("ratio", PropertyKind::F64),
    property("weight", PropertyKind::F32),
    property("flag", PropertyKind::Bool),
    property("day", PropertyKind::Date),
    property("at", PropertyKind::DateTime),
    property("tags", PropertyKind::Tags),
    property("color", PropertyKind::Color),
];

/// All properties of edges.
pub(super) const EDGE_PROPERTIES: [RandomProperty; 4] = [
    RandomProperty { nullable: false, ..property("cost", PropertyKind::F64) },
    property("since", PropertyKind::Date),
    property("level", PropertyKind::I32),
    property("note", PropertyKind::Text),
];

const fn property(name: &'static str, kind: PropertyKind) -> RandomProperty {
    RandomProperty { name, kind, nullable: true, default: None }
}

/// The components of a node's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKey {
    /// `key: String`.
    Single,
    /// `key: String` and `part: I32`.
    Composite,
    /// A given or generated id. The property `key: String?` exists all the same.
    None,
}

/// A node type.
#[derive(Clone, Debug)]
pub(super) struct RandomNodeType {
    pub(super) name: &'static str,
    pub(super) named: bool,
    pub(super) key: NodeKey,
    pub(super) properties: Vec<RandomProperty>,
    /// Constraints in the body of the type.
    pub(super) rules: Vec<String>,
}

impl RandomNodeType {
    /// Returns true if its ids follow from its rows.
    pub(super) fn keyed(&self) -> bool {
        self.key != NodeKey::None
    }
}

/// An edge type between node types, by index.
#[derive(Clone, Debug)]
pub(super) struct RandomEdgeType {
    pub(super) name: &'static str,
    /// As traversals write it.
    pub(super) traversal: &'static str,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) properties: Vec<RandomProperty>,
    /// True if its id follows from its endpoints and, if it has one, its non-null `level`.
    pub(super) keyed: bool,
    /// Annotations of the header.
    pub(super) header: Vec<&'static str>,
    /// Constraints in the body of the type.
    pub(super) rules: Vec<String>,
}

/// A schema with one interface, `Named`.
#[derive(Clone, Debug)]
pub(super) struct RandomSchema {
    pub(super) nodes: Vec<RandomNodeType>,
    pub(super) edges: Vec<RandomEdgeType>,
}

impl RandomSchema {
    /// Returns the types that implement the interface, by index.
    pub(super) fn named(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes.get(*index).is_some_and(|node| node.named)).collect()
    }
}

impl fmt::Display for PropertyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text | Self::Token => "String",
            Self::Color => "enum(blue, green, red)",
            Self::I32 => "I32",
            Self::I64 => "I64",
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::Bool => "Bool",
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::Tags => "[String]",
        })
    }
}

impl fmt::Display for RandomProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.name, self.kind, if self.nullable { "?" } else { "" })?;
        self.default.map_or(Ok(()), |default| write!(f, " @default({default})"))
    }
}

impl fmt::Display for RandomSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "interface Named {{ label: String? score: I32? }}")?;
        self.nodes.iter().try_for_each(|node| writeln!(f, "{node}"))?;
        for edge in &self.edges {
            let name = |index: usize| self.nodes.get(index).map_or("", |node| node.name);
            write!(f, "edge {}: {} -> {}", edge.name, name(edge.from), name(edge.to))?;
            edge.header.iter().try_for_each(|annotation| write!(f, " {annotation}"))?;
            f.write_str(" {")?;
            edge.properties.iter().try_for_each(|property| write!(f, " {property}"))?;
            edge.rules.iter().try_for_each(|rule| write!(f, " {rule}"))?;
            writeln!(f, " }}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RandomNodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let implements = if self.named { " implements Named" } else { "" };
        writeln!(f, "node {}{implements} {{", self.name)?;
        f.write_str(match self.key {
            NodeKey::Single => "  key: String @key\n",
            NodeKey::Composite => "  key: String\n  part: I32\n  @key(key, part)\n",
            NodeKey::None => "  key: String?\n",
        })?;
        self.properties.iter().try_for_each(|property| writeln!(f, "  {property}"))?;
        self.rules.iter().try_for_each(|rule| writeln!(f, "  {rule}"))?;
        f.write_str("}")
    }
}

const NODES: [&str; 4] = ["Alpha", "Beta", "Gamma", "Delta"];
const EDGES: [(&str, &str); 5] =
    [("Knows", "knows"), ("Likes", "likes"), ("Owns", "owns"), ("NextTo", "nextTo"), ("Feeds", "feeds")];

/// Two to four node types, at least one of them `Named`, and two to five edge types, the first from a type to itself.
pub(super) fn schema(rng: &mut StdRng) -> RandomSchema {
    let count = rng.random_range(2..=NODES.len());
    let nodes: Vec<RandomNodeType> =
        NODES.iter().take(count).enumerate().map(|(index, name)| node(rng, index, name)).collect();
    let edge_count = rng.random_range(2..=EDGES.len());
    let edges = EDGES.iter().take(edge_count).enumerate().map(|(index, (name, traversal))| {
        let from = rng.random_range(0..count);
        let to = if index == 0 || rng.random_bool(0.4) { from } else { rng.random_range(0..count) };
        let properties = some(rng, &EDGE_PROPERTIES, 0.6);
        RandomEdgeType { name, traversal, from, to, properties, keyed: false, header: Vec::new(), rules: Vec::new() }
    });
    let edges = edges.collect();
    RandomSchema { nodes, edges }
}

fn node(rng: &mut StdRng, index: usize, name: &'static str) -> RandomNodeType {
    let named = index == 0 || rng.random_bool(0.5);
    let mut properties = some(rng, &NODE_PROPERTIES, 0.6);
    if named {
        properties.retain(|property| !matches!(property.name, "label" | "score"));
        properties.extend(NODE_PROPERTIES.iter().take(2));
    }
    RandomNodeType { name, named, key: NodeKey::Single, properties, rules: Vec::new() }
}

fn some(rng: &mut StdRng, all: &[RandomProperty], share: f64) -> Vec<RandomProperty> {
    all.iter().filter(|_| rng.random_bool(share)).copied().collect()
}
