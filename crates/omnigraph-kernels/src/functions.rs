//! The functions of the table, by the types of their arguments.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::types::Scalar;

use crate::kernel::Program;
use crate::types::scalar_of;
use crate::{cast, number, temporal, text};

/// The program of a call, if the function is defined for these types.
pub(crate) fn program(function: FunctionId, args: &[Type], result: &Type) -> Option<Program> {
    if args.contains(&Type::Null) {
        return Some(Program::Null);
    }
    match function {
        FunctionId::Lower => texts(args, text::map(str::to_lowercase)),
        FunctionId::Upper => texts(args, text::map(str::to_uppercase)),
        FunctionId::Trim => texts(args, Program::strict(text::trim)),
        FunctionId::Length => texts(args, Program::strict(text::length)),
        FunctionId::Substring => integers(args.get(1..)?, texts(args.get(..1)?, Program::strict(text::substring))?),
        FunctionId::Replace => texts(args, Program::strict(text::replace)),
        FunctionId::Split => texts(args, Program::strict(text::split)),
        FunctionId::Matches => texts(args, text::matches()),
        FunctionId::Abs
        | FunctionId::Round
        | FunctionId::Floor
        | FunctionId::Ceil
        | FunctionId::Sqrt
        | FunctionId::Power => number::program(function, args),
        FunctionId::Year
        | FunctionId::Month
        | FunctionId::Day
        | FunctionId::Hour
        | FunctionId::Minute
        | FunctionId::DateTrunc
        | FunctionId::Duration => temporal::program(function, args),
        FunctionId::ToString
        | FunctionId::ToInt
        | FunctionId::ToFloat
        | FunctionId::ToBool
        | FunctionId::ToDate
        | FunctionId::ToDateTime => cast::program(function, args.first()?),
        _ => None,
    }
}

fn texts(args: &[Type], program: Program) -> Option<Program> {
    args.iter().all(|arg| scalar_of(arg) == Some(Scalar::String)).then_some(program)
}

fn integers(args: &[Type], program: Program) -> Option<Program> {
    args.iter().all(|arg| scalar_of(arg).is_some_and(crate::types::is_integer)).then_some(program)
}
