//! Property types of both languages and the catalog.

use std::fmt;

/// Most dimensions of a vector: lengths of fixed-size lists are signed 32-bit numbers.
pub(crate) const MAX_DIMENSION: u32 = i32::MAX as u32;

/// A base type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum ScalarType {
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
    /// Bytes, or a reference to external bytes.
    Blob,
    /// A nested JSON value.
    Json,
    /// A fixed number of 32-bit floats.
    Vector(u32),
}

impl ScalarType {
    /// Returns the type with this name, other than a vector.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "String" => Self::String,
            "Bool" => Self::Bool,
            "I32" => Self::I32,
            "I64" => Self::I64,
            "U32" => Self::U32,
            "U64" => Self::U64,
            "F32" => Self::F32,
            "F64" => Self::F64,
            "Date" => Self::Date,
            "DateTime" => Self::DateTime,
            "Blob" => Self::Blob,
            "Json" => Self::Json,
            _ => return None,
        })
    }
}

/// The type of a property or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PropType {
    /// Base type; of the items when `list` is set.
    pub scalar: ScalarType,
    /// `true` if null is a value.
    pub nullable: bool,
    /// `true` for a list of `scalar`; items are never null.
    pub list: bool,
    /// Sorted words of an enum, whose scalar is `String`.
    pub enum_values: Option<Vec<String>>,
}

impl PropType {
    /// Returns a plain, non-null value of `scalar`.
    #[must_use]
    pub const fn new(scalar: ScalarType) -> Self {
        Self { scalar, nullable: false, list: false, enum_values: None }
    }

    /// Returns `true` for a vector.
    #[must_use]
    pub fn is_vector(&self) -> bool {
        matches!(self.scalar, ScalarType::Vector(_)) && !self.list
    }

    /// Returns `true` if its base type has no order: a blob or JSON.
    pub(crate) fn is_shapeless(&self) -> bool {
        matches!(self.scalar, ScalarType::Blob | ScalarType::Json)
    }

    /// Returns `true` if its values are single numbers.
    #[must_use]
    pub fn is_number(&self) -> bool {
        use ScalarType::{F32, F64, I32, I64, U32, U64};
        !self.list && matches!(self.scalar, I32 | I64 | U32 | U64 | F32 | F64)
    }
}

impl fmt::Display for ScalarType {
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
