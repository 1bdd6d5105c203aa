//! The function table, in the order of [`FunctionId`].

use super::{ArgType, FunctionArg, FunctionId, FunctionSpec, NullRule, ResultType};

const fn arg(name: &'static str, ty: ArgType) -> FunctionArg {
    FunctionArg { name, ty }
}

const fn plain(
    id: FunctionId,
    name: &'static str,
    args: &'static [FunctionArg],
    result: ResultType,
    doc: &'static str,
    example: &'static str,
) -> FunctionSpec {
    let nulls = NullRule::Propagate;
    FunctionSpec { id, name, args, required: args.len(), variadic: false, result, nulls, doc, example }
}

const TEXT: &[FunctionArg] = &[arg("text", ArgType::Text)];
const NUMBER: &[FunctionArg] = &[arg("number", ArgType::Number)];
const TEMPORAL: &[FunctionArg] = &[arg("date", ArgType::Temporal)];

/// All functions, in the order of [`FunctionId`].
pub static FUNCTIONS: &[FunctionSpec] = &[
    plain(
        FunctionId::Lower,
        "lower",
        TEXT,
        ResultType::Text,
        "The text in lower case, by Unicode's rules without regard to language.",
        r#"lower("Ana") = "ana""#,
    ),
    plain(
        FunctionId::Upper,
        "upper",
        TEXT,
        ResultType::Text,
        "The text in upper case, by Unicode's rules without regard to language.",
        r#"upper("Ana") = "ANA""#,
    ),
    plain(
        FunctionId::Trim,
        "trim",
        TEXT,
        ResultType::Text,
        "The text without white space at either end.",
        r#"trim("  a b ") = "a b""#,
    ),
    plain(
        FunctionId::Length,
        "length",
        TEXT,
        ResultType::Integer,
        "The number of characters (Unicode code points). Of a path, the number of its edges.",
        r#"length("été") = 3"#,
    ),
    FunctionSpec {
        required: 2,
        ..plain(
            FunctionId::Substring,
            "substring",
            &[arg("text", ArgType::Text), arg("start", ArgType::Integer), arg("count", ArgType::Integer)],
            ResultType::Text,
            "The characters from position `start`, counted from 0, to the end or at most `count` of them. What lies \
             outside of the text is left out; a negative number is an error.",
            r#"substring("harbour", 3, 2) = "bo""#,
        )
    },
    plain(
        FunctionId::Replace,
        "replace",
        &[arg("text", ArgType::Text), arg("from", ArgType::Text), arg("to", ArgType::Text)],
        ResultType::Text,
        "The text with every occurrence of `from` replaced. An empty `from` changes nothing.",
        r#"replace("a-b-c", "-", "") = "abc""#,
    ),
    plain(
        FunctionId::Split,
        "split",
        &[arg("text", ArgType::Text), arg("separator", ArgType::Text)],
        ResultType::TextList,
        "The pieces between occurrences of `separator`, empty ones included. An empty separator gives the characters.",
        r#"size(split("a,b", ",")) = 2"#,
    ),
    plain(
        FunctionId::Matches,
        "matches",
        &[arg("text", ArgType::Text), arg("pattern", ArgType::Text)],
        ResultType::Bool,
        "Whether the regular expression is found anywhere in the text; anchor it with `^` and `$` to match the whole. \
         The dialect has no look-around and no back references, and takes time linear in the text.",
        r#"matches($s.handle, "^[a-z]+$")"#,
    ),
    FunctionSpec {
        required: 1,
        variadic: true,
        nulls: NullRule::AllNull,
        ..plain(
            FunctionId::Coalesce,
            "coalesce",
            &[arg("value", ArgType::Common)],
            ResultType::Common,
            "The first argument that is not null.",
            "coalesce($s.rank, 0)",
        )
    },
    FunctionSpec {
        nulls: NullRule::Chosen,
        ..plain(
            FunctionId::If,
            "if",
            &[arg("condition", ArgType::Bool), arg("then", ArgType::Common), arg("else", ArgType::Common)],
            ResultType::Common,
            "`then` where the condition is true, `else` where it is false or null. The other one is not evaluated.",
            r#"if($s.rank > 28, "old", "young")"#,
        )
    },
    plain(
        FunctionId::Abs,
        "abs",
        NUMBER,
        ResultType::NumberLike,
        "The number without its sign. Overflow is an error.",
        "abs(-3) = 3",
    ),
    FunctionSpec {
        required: 1,
        ..plain(
            FunctionId::Round,
            "round",
            &[arg("number", ArgType::Number), arg("digits", ArgType::Integer)],
            ResultType::NumberLike,
            "The nearest number with `digits` decimal places (0 if left out); halves go away from zero.",
            "round(2.55, 1) = 2.6",
        )
    },
    plain(
        FunctionId::Floor,
        "floor",
        NUMBER,
        ResultType::NumberLike,
        "The greatest whole number not above the argument.",
        "floor(-1.5) = -2",
    ),
    plain(
        FunctionId::Ceil,
        "ceil",
        NUMBER,
        ResultType::NumberLike,
        "The least whole number not below the argument.",
        "ceil(-1.5) = -1",
    ),
    plain(
        FunctionId::Sqrt,
        "sqrt",
        NUMBER,
        ResultType::Float,
        "The square root; of a negative number an error.",
        "sqrt(9) = 3",
    ),
    plain(
        FunctionId::Power,
        "power",
        &[arg("base", ArgType::Number), arg("exponent", ArgType::Number)],
        ResultType::Float,
        "The base raised to the exponent; a result that is not finite is an error.",
        "power(2, 10) = 1024",
    ),
    plain(
        FunctionId::Year,
        "year",
        TEMPORAL,
        ResultType::Integer,
        "The year, in UTC.",
        r#"year(date("2024-05-06")) = 2024"#,
    ),
    plain(
        FunctionId::Month,
        "month",
        TEMPORAL,
        ResultType::Integer,
        "The month, 1 to 12, in UTC.",
        r#"month(date("2024-05-06")) = 5"#,
    ),
    plain(
        FunctionId::Day,
        "day",
        TEMPORAL,
        ResultType::Integer,
        "The day of the month, 1 to 31, in UTC.",
        r#"day(date("2024-05-06")) = 6"#,
    ),
    plain(
        FunctionId::Hour,
        "hour",
        &[arg("datetime", ArgType::DateTime)],
        ResultType::Integer,
        "The hour, 0 to 23, in UTC.",
        r#"hour(datetime("2024-05-06T07:08:09Z")) = 7"#,
    ),
    plain(
        FunctionId::Minute,
        "minute",
        &[arg("datetime", ArgType::DateTime)],
        ResultType::Integer,
        "The minute, 0 to 59.",
        r#"minute(datetime("2024-05-06T07:08:09Z")) = 8"#,
    ),
    plain(
        FunctionId::DateTrunc,
        "date_trunc",
        &[arg("unit", ArgType::Text), arg("date", ArgType::Temporal)],
        ResultType::Last,
        "The start of the unit that contains the date: \"year\", \"quarter\", \"month\", \"week\" (from Monday), \"day\", and of a \
         DateTime also \"hour\", \"minute\", \"second\"; in UTC. The type stays.",
        r#"date_trunc("month", date("2024-05-06")) = date("2024-05-01")"#,
    ),
    plain(
        FunctionId::Duration,
        "duration",
        TEXT,
        ResultType::Duration,
        "A span of time in ISO 8601 form, such as \"P1Y2M3W4DT5H6M7.5S\", to add to or subtract from a Date or DateTime. \
         Months are added first (a day that does not exist becomes the last of its month), then days, then the rest. To a Date \
         only whole days can be added.",
        r#"$w.since > now() - duration("P7D")"#,
    ),
    plain(
        FunctionId::Size,
        "size",
        &[arg("list", ArgType::List)],
        ResultType::Integer,
        "The number of items.",
        "size($n.tags) > 2",
    ),
    plain(
        FunctionId::Any,
        "any",
        &[arg("list", ArgType::List), arg("item", ArgType::Item)],
        ResultType::Bool,
        "Whether the list holds the item; the same as `item in list`.",
        r#"any($n.tags, "red")"#,
    ),
    plain(
        FunctionId::ToString,
        "to_string",
        &[arg("value", ArgType::Scalar)],
        ResultType::Text,
        "The value's canonical text: numbers in shortest decimal form, dates as `YYYY-MM-DD`, instants in RFC 3339 with `Z`. Of a \
         JSON text the text itself, of any other JSON value its JSON.",
        r#"to_string(7) = "7""#,
    ),
    FunctionSpec {
        nulls: NullRule::PropagateOrMismatch,
        ..plain(
            FunctionId::ToInt,
            "to_int",
            &[arg("value", ArgType::TextOrNumber)],
            ResultType::Integer,
            "The value as an integer. Text must be a decimal integer and a float must be whole and in range, otherwise it is an \
             error (use `round`, `floor` or `ceil` first).",
            r#"to_int("42") = 42"#,
        )
    },
    FunctionSpec {
        nulls: NullRule::PropagateOrMismatch,
        ..plain(
            FunctionId::ToFloat,
            "to_float",
            &[arg("value", ArgType::TextOrNumber)],
            ResultType::Float,
            "The value as a float. Text that is not a decimal number is an error.",
            r#"to_float("1.5e3") = 1500"#,
        )
    },
    FunctionSpec {
        nulls: NullRule::PropagateOrMismatch,
        ..plain(
            FunctionId::ToBool,
            "to_bool",
            &[arg("value", ArgType::TextOrBool)],
            ResultType::Bool,
            "The value as a Bool. Text other than `true` and `false` is an error.",
            r#"to_bool("true")"#,
        )
    },
    FunctionSpec {
        nulls: NullRule::PropagateOrMismatch,
        ..plain(
            FunctionId::ToDate,
            "to_date",
            &[arg("value", ArgType::TextOrTemporal)],
            ResultType::Date,
            "The value as a Date: of a DateTime the day in UTC. Text that is not a date is an error.",
            r#"to_date("2024-05-06")"#,
        )
    },
    FunctionSpec {
        nulls: NullRule::PropagateOrMismatch,
        ..plain(
            FunctionId::ToDateTime,
            "to_datetime",
            &[arg("value", ArgType::TextOrTemporal)],
            ResultType::DateTime,
            "The value as a DateTime: of a Date its midnight in UTC. Text that is not an instant is an error.",
            r#"to_datetime("2024-05-06T07:08:09Z")"#,
        )
    },
];
