//! The manual page of all functions, generated from the table.

use std::fmt::Write as _;

use super::{ArgType, FUNCTIONS, FunctionSpec, NullRule, ResultType, SPECIAL_FORMS};

/// Returns the manual page as Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut out = String::from(
        "# Functions of the query language\n\n\
         Generated from the compiler's tables; a test keeps it up to date (`UPDATE_EXPECT=1` rewrites it).\n\n\
         | Function | Result | Null | What it does | Example |\n|---|---|---|---|---|\n",
    );
    for function in FUNCTIONS {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | `{}` |",
            signature(function),
            result(function.result),
            nulls(function.nulls),
            function.doc,
            function.example
        );
    }
    let mut group = "";
    for special in SPECIAL_FORMS {
        if special.group != group {
            group = special.group;
            let _ = write!(out, "\n## {group}\n\n| Form | Result | What it does |\n|---|---|---|\n");
        }
        let _ = writeln!(out, "| `{}` | {} | {} |", special.form, special.result, special.doc);
    }
    out
}

/// Writes `name(arg: Type, …)` with optional arguments in brackets.
fn signature(function: &FunctionSpec) -> String {
    let mut out = format!("{}(", function.name);
    for (index, arg) in function.args.iter().enumerate() {
        if index >= function.required {
            out.push('[');
        }
        if index > 0 {
            out.push_str(", ");
        }
        let _ = write!(out, "{}: {}", arg.name, arg.ty.describe());
        if index >= function.required {
            out.push(']');
        }
    }
    if function.variadic {
        out.push_str(", …");
    }
    out.push(')');
    out
}

impl ArgType {
    /// Describes the accepted types.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Bool => "Bool",
            Self::Temporal => "Date or DateTime",
            Self::DateTime => "DateTime",
            Self::List => "list",
            Self::Item => "item of the list",
            Self::Common => "value",
            Self::Scalar => "scalar",
            Self::TextOrNumber => "String, number or Json",
            Self::TextOrBool => "String, Bool or Json",
            Self::TextOrTemporal => "String, Date, DateTime or Json",
        }
    }
}

const fn result(result: ResultType) -> &'static str {
    match result {
        ResultType::Text => "String",
        ResultType::TextList => "[String]",
        ResultType::Integer => "I64",
        ResultType::Float => "F64",
        ResultType::Bool => "Bool",
        ResultType::Date => "Date",
        ResultType::DateTime => "DateTime",
        ResultType::Duration => "Duration",
        ResultType::NumberLike => "I64 or F64",
        ResultType::Last => "type of the last argument",
        ResultType::Common => "common type",
    }
}

const fn nulls(rule: NullRule) -> &'static str {
    match rule {
        NullRule::Propagate => "if an argument is",
        NullRule::PropagateOrMismatch => "if the argument is, or is Json of another kind",
        NullRule::AllNull => "if all arguments are",
        NullRule::Chosen => "if the chosen argument is",
    }
}
