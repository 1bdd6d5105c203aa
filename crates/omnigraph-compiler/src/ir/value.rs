//! Constants, and the types of expressions.

use std::fmt;

use crate::types::{PropType, ScalarType};

/// A constant. Its width is part of its type only: an `I32` and an `I64` are both [`Value::I64`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absence of a value.
    Null,
    /// True or false.
    Bool(bool),
    /// Any integer that fits `i64`.
    I64(i64),
    /// An integer above `i64::MAX`; never anything smaller.
    U64(u64),
    /// A finite float, already rounded to single precision.
    F32(f32),
    /// A finite float.
    F64(f64),
    /// Text; also the words of an enum.
    String(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// A span of time to add to a date.
    Duration(CalendarDuration),
    /// Items of one type, without nulls.
    List(Vec<Value>),
    /// Finite single-precision floats.
    Vector(Vec<f32>),
    /// A nested JSON value.
    Json(serde_json::Value),
    /// `base64:…` or the URI of external bytes, as given.
    Blob(String),
}

/// A calendar-aware span: months first, then days, then milliseconds are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CalendarDuration {
    /// Whole months (years are twelve).
    pub months: i32,
    /// Whole days (weeks are seven).
    pub days: i32,
    /// The remaining milliseconds.
    pub milliseconds: i64,
}

/// The type of an expression: a property's, or one of the few that cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprType {
    /// A storable value.
    Value(PropType),
    /// The literal `null`.
    Null,
    /// A span of time.
    Duration {
        /// `true` if null is a value.
        nullable: bool,
    },
    /// A whole node or edge: `@id`, (`@src`, `@dst`, `@type` of an edge,) and its properties except blobs and vectors.
    Object {
        /// Node or edge.
        kind: ObjectKind,
        /// `true` if null is a value.
        nullable: bool,
    },
    /// Whole nodes or edges in order.
    Objects {
        /// Nodes or edges.
        kind: ObjectKind,
        /// `true` if null is a value.
        nullable: bool,
    },
    /// A path: nodes and edges in order.
    Path {
        /// `true` if null is a value.
        nullable: bool,
    },
}

/// Node or edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A node.
    Node,
    /// An edge.
    Edge,
}

impl ExprType {
    /// Makes the type of non-null values of `scalar`.
    #[must_use]
    pub const fn scalar(scalar: ScalarType) -> Self {
        Self::Value(PropType::new(scalar))
    }

    /// Returns `true` if null is a value.
    #[must_use]
    pub const fn nullable(&self) -> bool {
        match self {
            Self::Value(ty) => ty.nullable,
            Self::Null => true,
            Self::Duration { nullable }
            | Self::Object { nullable, .. }
            | Self::Objects { nullable, .. }
            | Self::Path { nullable } => *nullable,
        }
    }

    /// Returns the type with or without null.
    #[must_use]
    pub fn with_nullable(mut self, value: bool) -> Self {
        match &mut self {
            Self::Value(ty) => ty.nullable = value,
            Self::Null => {}
            Self::Duration { nullable }
            | Self::Object { nullable, .. }
            | Self::Objects { nullable, .. }
            | Self::Path { nullable } => *nullable = value,
        }
        self
    }
}

impl fmt::Display for ExprType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Value(ty) => return ty.fmt(f),
            Self::Null => return f.write_str("null"),
            Self::Duration { .. } => "Duration",
            Self::Object { kind: ObjectKind::Node, .. } => "Node",
            Self::Object { kind: ObjectKind::Edge, .. } => "Edge",
            Self::Objects { kind: ObjectKind::Node, .. } => "[Node]",
            Self::Objects { kind: ObjectKind::Edge, .. } => "[Edge]",
            Self::Path { .. } => "Path",
        };
        f.write_str(text)?;
        if self.nullable() { f.write_str("?") } else { Ok(()) }
    }
}
