//! Property types, as both languages and the catalogue know them.

use std::fmt;

/// A base type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Scalar {
    /// UTF-8 text.
    String,
    /// True or false.
    Bool,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// Calendar day: days since 1970-01-01.
    Date,
    /// UTC instant: milliseconds since 1970-01-01T00:00:00Z.
    DateTime,
    /// Bytes, or a reference to bytes elsewhere.
    Blob,
    /// A nested JSON value.
    Json,
    /// Exactly this many 32-bit floats.
    Vector(u32),
}

/// The type of a property or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PropType {
    /// Base type, of the items when `list` is set.
    pub scalar: Scalar,
    /// Whether null is a value.
    pub nullable: bool,
    /// Whether this is a list of `scalar`; items are never null.
    pub list: bool,
    /// The closed set of words of an enum (whose scalar is `String`), sorted.
    pub enum_values: Option<Vec<String>>,
}

impl PropType {
    /// A plain, non-null value of `scalar`.
    #[must_use]
    pub const fn of(scalar: Scalar) -> Self {
        Self { scalar, nullable: false, list: false, enum_values: None }
    }

    /// Whether its values are single numbers.
    #[must_use]
    pub fn is_number(&self) -> bool {
        use Scalar::{F32, F64, I32, I64, U32, U64};
        !self.list && matches!(self.scalar, I32 | I64 | U32 | U64 | F32 | F64)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(dimension) => write!(f, "Vector({dimension})"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl fmt::Display for PropType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.enum_values {
            Some(words) if self.list => write!(f, "[enum({})]", words.join(", "))?,
            Some(words) => write!(f, "enum({})", words.join(", "))?,
            None if self.list => write!(f, "[{}]", self.scalar)?,
            None => write!(f, "{}", self.scalar)?,
        }
        if self.nullable { f.write_str("?") } else { Ok(()) }
    }
}
