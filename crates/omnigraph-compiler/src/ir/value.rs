//! Constants, as literals and decoded parameters carry them.

/// A constant. Its width is the business of the type beside it: an `I32` and an `I64` are both [`Value::I64`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absence of a value.
    Null,
    /// True or false.
    Bool(bool),
    /// Any integer that fits.
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
    Duration(Duration),
    /// Items of one type, none of them null.
    List(Vec<Value>),
    /// Finite single-precision floats.
    Vector(Vec<f32>),
    /// A nested JSON value.
    Json(serde_json::Value),
    /// `base64:…` or the URI of bytes elsewhere, as given.
    Blob(String),
}

/// A calendar-aware span: months first, then days, then milliseconds are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duration {
    /// Whole months (years are twelve).
    pub months: i32,
    /// Whole days (weeks are seven).
    pub days: i32,
    /// The rest.
    pub milliseconds: i64,
}
