//! The closed sets of words that schemas may use, and numbers as schemas write them.

use std::cmp::Ordering;
use std::fmt;

use super::{Metric, Number};

/// What `analyzer=` may name: five general analyzers, then the languages that have a stemmer.
pub const ANALYZERS: &[&str] = &[
    "simple",
    "whitespace",
    "ngram",
    "code",
    "arabic",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
];

impl Metric {
    /// The metric a schema calls `word`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "cosine" => Some(Self::Cosine),
            "l2" => Some(Self::L2),
            "dot" => Some(Self::Dot),
            _ => None,
        }
    }

    /// The word schemas use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::L2 => "l2",
            Self::Dot => "dot",
        }
    }
}

impl Number {
    /// A number as a source writes it; `None` when it fits neither 64-bit form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        text.parse().ok().filter(|float: &f64| float.is_finite()).map(Self::Float)
    }

    /// Order by value, exact across both forms; NaN, which no source can write, counts as equal to everything.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Self::Integer(a), Self::Float(b)) => integer_to_float(a, b),
            (Self::Float(a), Self::Integer(b)) => integer_to_float(b, a).reverse(),
        }
    }
}

/// Compares without rounding the integer: first with the float's integral part, then with what is left of it.
fn integer_to_float(integer: i64, float: f64) -> Ordering {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return Ordering::Equal;
    }
    if float >= LIMIT {
        return Ordering::Less;
    }
    if float < -LIMIT {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    integer.cmp(&(whole as i64)).then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal))
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Float(float) => write!(f, "{float:?}"),
        }
    }
}
