//! Closed sets of words in schemas, and number literals.

use std::cmp::Ordering;
use std::fmt;

use super::{DefaultValue, DistanceMetric, NumberLiteral, TextAnalyzer};
use crate::types::{PropType, ScalarType};

/// Values of `analyzer=`: four general analyzers, then the languages with a stemmer.
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

/// Cosine: the metric of an index that declares none.
impl Default for DistanceMetric {
    fn default() -> Self {
        Self::Cosine
    }
}

/// `english`: the analyzer of a text without an index or whose index declares none.
impl Default for TextAnalyzer {
    fn default() -> Self {
        Self("english".to_owned())
    }
}

impl DistanceMetric {
    /// Returns the metric with this name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "cosine" => Some(Self::Cosine),
            "l2" => Some(Self::L2),
            "dot" => Some(Self::Dot),
            _ => None,
        }
    }

    /// Returns its name in schemas.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::L2 => "l2",
            Self::Dot => "dot",
        }
    }
}

impl NumberLiteral {
    /// Parses a number literal; `None` when it fits neither 64-bit form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        text.parse().ok().filter(|float: &f64| float.is_finite()).map(Self::Float)
    }

    /// Formats by value: `1` and `1.0` have the same text.
    pub(crate) fn canonical_text(self) -> String {
        match self {
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9.0e15 => (float as i64).to_string(),
            number => number.to_string(),
        }
    }

    /// Compares by value, exactly across both forms. NaN, which no source can write, equals everything.
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

impl DefaultValue {
    /// Returns `true` if it is a value of `ty`, in the encoding of bulk loads. Null never fits: a missing default means null.
    #[must_use]
    pub fn fits(&self, ty: &PropType) -> bool {
        let free_text = ty.scalar == ScalarType::String && ty.enum_values.is_none();
        match self {
            Self::Now => ty.scalar == ScalarType::DateTime && !ty.list,
            Self::Uuid => free_text && !ty.list,
            Self::Literal(serde_json::Value::Array(items)) if ty.list => items.iter().all(|item| item_fits(item, ty)),
            Self::Literal(_) if ty.list => false,
            Self::Literal(value) => item_fits(value, ty),
        }
    }
}

fn item_fits(value: &serde_json::Value, ty: &PropType) -> bool {
    use serde_json::Value;
    let within = |low: i64, high: u64| match value {
        Value::Number(number) => match number.as_u64() {
            Some(unsigned) => unsigned <= high,
            None => number.as_i64().is_some_and(|negative| negative >= low),
        },
        _ => false,
    };
    match ty.scalar {
        ScalarType::String => match (&ty.enum_values, value) {
            (Some(words), Value::String(text)) => words.contains(text),
            (None, Value::String(_)) => true,
            _ => false,
        },
        ScalarType::Date | ScalarType::DateTime => value.is_string(),
        ScalarType::Bool => value.is_boolean(),
        ScalarType::I32 => within(i64::from(i32::MIN), i32::MAX as u64),
        ScalarType::I64 => within(i64::MIN, i64::MAX as u64),
        ScalarType::U32 => within(0, u64::from(u32::MAX)),
        ScalarType::U64 => within(0, u64::MAX),
        ScalarType::F32 => value.as_f64().is_some_and(|float| (float as f32).is_finite()),
        ScalarType::F64 => value.is_number(),
        ScalarType::Json => !value.is_null(),
        ScalarType::Blob => false,
        ScalarType::Vector(dimension) => match value {
            Value::Array(items) => items.len() == dimension as usize && items.iter().all(Value::is_number),
            _ => false,
        },
    }
}

/// Compares without rounding the integer: first with the float's integral part, then with its fraction.
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

impl fmt::Display for NumberLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Float(float) => write!(f, "{float:?}"),
        }
    }
}
