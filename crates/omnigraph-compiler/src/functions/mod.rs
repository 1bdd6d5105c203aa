//! Functions of the query language: one table for the type checker, the engine and the manual.
//!
//! - `table`      name, arguments, result, null rule and documentation of each
//! - `special`    documentation of forms with a grammar of their own: aggregates, text predicates, ranks
//! - `reference`  the manual page generated from both

mod reference;
mod special;
mod table;

pub use reference::reference_markdown;
pub use special::{SPECIAL_FORMS, SpecialForm};
pub use table::FUNCTIONS;

/// Identifier of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FunctionId {
    /// `lower(text)`
    Lower,
    /// `upper(text)`
    Upper,
    /// `trim(text)`
    Trim,
    /// `length(text)`
    Length,
    /// `substring(text, start[, count])`
    Substring,
    /// `replace(text, from, to)`
    Replace,
    /// `split(text, separator)`
    Split,
    /// `matches(text, pattern)`
    Matches,
    /// `coalesce(value, value, …)`
    Coalesce,
    /// `if(condition, then, else)`
    If,
    /// `abs(number)`
    Abs,
    /// `round(number[, digits])`
    Round,
    /// `floor(number)`
    Floor,
    /// `ceil(number)`
    Ceil,
    /// `sqrt(number)`
    Sqrt,
    /// `power(base, exponent)`
    Power,
    /// `year(date)`
    Year,
    /// `month(date)`
    Month,
    /// `day(date)`
    Day,
    /// `hour(datetime)`
    Hour,
    /// `minute(datetime)`
    Minute,
    /// `date_trunc(unit, date)`
    DateTrunc,
    /// `duration(text)`
    Duration,
    /// `size(list)`
    Size,
    /// `any(list, item)`
    Any,
    /// `to_string(value)`
    ToString,
    /// `to_int(value)`
    ToInt,
    /// `to_float(value)`
    ToFloat,
    /// `to_bool(value)`
    ToBool,
    /// `to_date(value)`
    ToDate,
    /// `to_datetime(value)`
    ToDateTime,
}

/// Kind of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateKind {
    /// I64; 0 without values.
    Count,
    /// I64 for signed and 32-bit integers, U64 for U64 (exact, overflow is an error), F64 for floats; null without values.
    Sum,
    /// F64; null without values.
    Avg,
    /// The argument's type; null without values.
    Min,
    /// The argument's type; null without values.
    Max,
    /// A list in a stable order (by value; objects by id); empty without values.
    Collect,
}

impl AggregateKind {
    /// Returns its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Collect => "collect",
        }
    }

    /// Returns the aggregate with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Count, Self::Sum, Self::Avg, Self::Min, Self::Max, Self::Collect];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Signature and documentation of a function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionSpec {
    /// Its id.
    pub id: FunctionId,
    /// Its name in queries.
    pub name: &'static str,
    /// Its arguments in order.
    pub args: &'static [FunctionArg],
    /// Number of required arguments.
    pub required: usize,
    /// `true` if the last argument may be repeated.
    pub variadic: bool,
    /// Its result type.
    pub result: ResultType,
    /// Rule for null results.
    pub nulls: NullRule,
    /// Documentation in plain sentences.
    pub doc: &'static str,
    /// An example.
    pub example: &'static str,
}

/// An argument.
#[derive(Clone, Copy, Debug)]
pub struct FunctionArg {
    /// Its name in the manual.
    pub name: &'static str,
    /// Types it accepts.
    pub ty: ArgType,
}

/// Types that an argument accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgType {
    /// String or enum.
    Text,
    /// An integer of any width.
    Integer,
    /// A number of any width.
    Number,
    /// A Bool.
    Bool,
    /// A Date or DateTime.
    Temporal,
    /// A DateTime.
    DateTime,
    /// A list of any type.
    List,
    /// A value comparable with the items of the list before it.
    Item,
    /// Any value but lists, vectors, blobs; the same type in all arguments of this kind, up to numeric width.
    Common,
    /// A scalar that has a text: no list, vector or blob.
    Scalar,
    /// Text, a number or a JSON value.
    TextOrNumber,
    /// Text, a Bool or a JSON value.
    TextOrBool,
    /// Text, a Date, a DateTime or a JSON value.
    TextOrTemporal,
}

/// Result type of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultType {
    /// String.
    Text,
    /// `[String]`.
    TextList,
    /// I64.
    Integer,
    /// F64.
    Float,
    /// Bool.
    Bool,
    /// Date.
    Date,
    /// DateTime.
    DateTime,
    /// A duration.
    Duration,
    /// I64 of an integer and F64 of a float.
    NumberLike,
    /// The type of the last argument.
    Last,
    /// The common type of the [`ArgType::Common`] arguments.
    Common,
}

/// Rule for null results of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NullRule {
    /// Null if and only if an argument is null.
    Propagate,
    /// Null if an argument is null, or a JSON argument holds a value of another kind.
    PropagateOrMismatch,
    /// Null if all arguments are null.
    AllNull,
    /// Null if the chosen argument is null; a null condition chooses the last.
    Chosen,
}

/// Finds a function by its name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static FunctionSpec> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl FunctionId {
    /// Returns the function's row in the table.
    #[must_use]
    pub fn function(self) -> &'static FunctionSpec {
        &FUNCTIONS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_ids() {
        for (index, function) in FUNCTIONS.iter().enumerate() {
            assert_eq!(function.id as usize, index, "{}", function.name);
            assert!(function.required <= function.args.len());
        }
        assert_eq!(FUNCTIONS.len(), FunctionId::ToDateTime as usize + 1);
    }
}
