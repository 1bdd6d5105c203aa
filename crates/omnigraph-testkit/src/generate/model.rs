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
    /// Text that nobody reads: it is made up.
    Token,
}

/// Words of the enum.
pub(super) const COLORS: [&str; 3] = ["blue", "green", "red"];

/// A property. A name has the same type wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// What stands for it where it is left out, as the load format writes it; for `Kind::Token` and `Kind::DateTime` it is made up.
    pub(super) default: Option<&'static str>,
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
    Property { nullable: false, ..property("cost", Kind::F64) },
    property("since", Kind::Date),
    property("level", Kind::I32),
    property("note", Kind::Text),
];

const fn property(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, nullable: true, default: None }
}

/// What a node's id is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKey {
    /// `key: String`.
    Single,
    /// `key: String` and `part: I32`.
    Composite,
    /// Nothing: it is given or made up. There is `key: String?` all the same.
    None,
}

/// A node type.
#[derive(Clone, Debug)]
pub(super) struct NodeType {
    pub(super) name: &'static str,
    pub(super) named: bool,
    pub(super) key: NodeKey,
    pub(super) properties: Vec<Property>,
    /// Constraints, as they stand in the body.
    pub(super) rules: Vec<String>,
}

impl NodeType {
    /// Whether its ids follow from its rows.
    pub(super) fn keyed(&self) -> bool {
        self.key != NodeKey::None
    }
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
    /// Whether its id follows from its ends and, if it has one, its non-null `level`.
    pub(super) keyed: bool,
    /// Annotations of the header.
    pub(super) header: Vec<&'static str>,
    /// Constraints, as they stand in the body.
    pub(super) rules: Vec<String>,
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

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.name, self.kind, if self.nullable { "?" } else { "" })?;
        self.default.map_or(Ok(()), |default| write!(f, " @default({default})"))
    }
}

impl fmt::Display for Schema {
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

impl fmt::Display for NodeType {
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
