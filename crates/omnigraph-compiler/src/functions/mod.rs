//! The functions of the query language: one table, which the type checker, the engine and the manual all read.
//!
//! - `table`      name, arguments, result, null rule and documentation of each
//! - `special`    documentation of what has a grammar of its own: aggregates, text predicates, ranks
//! - `reference`  the manual page generated from both

mod reference;
mod special;
mod table;

pub use reference::reference_markdown;
pub use special::{SPECIAL, Special};
pub use table::FUNCTIONS;

/// A function of the table.
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

/// What a function is, for the checker and for people.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its id.
    pub id: FunctionId,
    /// How it is written.
    pub name: &'static str,
    /// Its arguments in order.
    pub args: &'static [Arg],
    /// How many of them must be given.
    pub required: usize,
    /// Whether the last may be repeated.
    pub variadic: bool,
    /// What it yields.
    pub result: ResultType,
    /// When it yields null.
    pub nulls: NullRule,
    /// What it does, in plain sentences.
    pub doc: &'static str,
    /// A use of it.
    pub example: &'static str,
}

/// An argument.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// What the manual calls it.
    pub name: &'static str,
    /// What fits.
    pub ty: ArgType,
}

/// What fits an argument.
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
    /// Something that equals an item of the list before it.
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

/// What a function yields.
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
    /// What the [`ArgType::Common`] arguments have in common.
    Common,
}

/// When a function yields null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NullRule {
    /// If and only if an argument is null.
    Propagate,
    /// If an argument is null, or a JSON argument holds a value of another kind.
    PropagateOrMismatch,
    /// Only if all arguments are null.
    AllNull,
    /// If the chosen argument is null; a null condition chooses the last.
    Chosen,
}

/// Finds a function by its name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl FunctionId {
    /// The function's row in the table.
    #[must_use]
    pub fn function(self) -> &'static Function {
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
