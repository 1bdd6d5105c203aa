//! How dangerous a step is.

use crate::diagnostic::Code;
use crate::types::{PropType, Scalar};

/// What a step can do to a graph that has data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Every graph can take it and nothing is lost.
    #[default]
    Safe,
    /// It is applied when the data allow it; otherwise the first offenders are named and nothing changes.
    Validated,
    /// Something is no longer there afterwards.
    Destructive,
}

impl Tier {
    /// The word of the JSON form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Validated => "validated",
            Self::Destructive => "destructive",
        }
    }

    /// The tier of what `code` is about.
    #[must_use]
    pub const fn of(code: Code) -> Self {
        match code {
            Code::OgMf103 | Code::OgMf104 => Self::Validated,
            _ => Self::Destructive,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn is_safe(&self) -> bool {
        *self == Self::Safe
    }
}

/// Whether every value of `from` is a value of `to`, leaving nullability aside.
pub(super) fn widens(from: &PropType, to: &PropType) -> bool {
    use Scalar::{F32, F64, I32, I64, U32, U64};
    let wider = matches!((from.scalar, to.scalar), (I32, I64 | F64) | (U32, U64 | I64 | F64) | (F32, F64));
    wider && from.list == to.list && from.enum_values.is_none() && to.enum_values.is_none()
}

/// Whether the text of every value stays what it was. Ids of keyed rows are such texts: `0.1` as a 32-bit float is another
/// number, written with more digits, as a 64-bit one.
pub(super) fn keeps_text(from: &PropType, to: &PropType) -> bool {
    (from.scalar, to.scalar) != (Scalar::F32, Scalar::F64)
}
