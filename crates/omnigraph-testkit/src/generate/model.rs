//! Types and properties of a random schema.

use std::fmt;

/// The type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
}

/// Words of the enum.
pub(super) const COLORS: [&str; 3] = ["blue", "green", "red"];

/// A property. A name has the same type wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

/// Everything a node may have.
pub(super) const NODE_PROPERTIES: [Property; 10] = [
    property("label", Kind::Text),
    property("score", Kind::I32),
    property("big", Kind::I64),
    property("ratio", Kind::F64),
    property("weight", Kind::F32),
    property("flag", Kind::Bool),
    property("day", Kind::Date),
    property("at", Kind::DateTime),
    property("tags", Kind::Tags),
    property("color", Kind::Color),
];

/// Everything an edge may have.
pub(super) const EDGE_PROPERTIES: [Property; 4] = [
    Property { name: "cost", kind: Kind::F64, nullable: false },
    property("since", Kind::Date),
    property("level", Kind::I32),
    property("note", Kind::Text),
];

const fn property(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, nullable: true }
}

/// A node type. Every one has a key, `key: String`.
#[derive(Clone, Debug)]
pub(super) struct NodeType {
    pub(super) name: &'static str,
    pub(super) named: bool,
    pub(super) properties: Vec<Property>,
}

/// An edge type between node types, by index.
#[derive(Clone, Debug)]
pub(super) struct EdgeType {
    pub(super) name: &'static str,
    /// As traversals write it.
    pub(super) traversal: &'static str,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) properties: Vec<Property>,
}

/// A schema with one interface, `Named`.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) nodes: Vec<NodeType>,
    pub(super) edges: Vec<EdgeType>,
}

impl Schema {
    /// The types that implement the interface, by index.
    pub(super) fn named(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes.get(*index).is_some_and(|node| node.named)).collect()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "String",
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

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.name, self.kind, if self.nullable { "?" } else { "" })
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "interface Named {{ label: String? score: I32? }}")?;
        for node in &self.nodes {
            let implements = if node.named { " implements Named" } else { "" };
            writeln!(f, "node {}{implements} {{\n  key: String @key", node.name)?;
            node.properties.iter().try_for_each(|property| writeln!(f, "  {property}"))?;
            writeln!(f, "}}")?;
        }
        for edge in &self.edges {
            let name = |index: usize| self.nodes.get(index).map_or("", |node| node.name);
            write!(f, "edge {}: {} -> {} {{", edge.name, name(edge.from), name(edge.to))?;
            edge.properties.iter().try_for_each(|property| write!(f, " {property}"))?;
            writeln!(f, " }}")?;
        }
        Ok(())
    }
}
