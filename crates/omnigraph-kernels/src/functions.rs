//! The functions of the table, by the types of their arguments.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::types::Scalar;

use crate::column::Column;
use crate::failure::Failure;
use crate::kernel::Program;
use crate::lazy::Branch;
use crate::list::Operands;
use crate::types::{is_integer, is_number, scalar_of};
use crate::{cast, lazy, list, number, temporal, text};

/// The program of a call, if the function is defined for these types.
pub(crate) fn program(function: FunctionId, args: &[Type], result: &Type) -> Option<Program> {
    match function {
        FunctionId::Coalesce => return coalesce(args, result),
        FunctionId::If => return choose(args, result),
        _ if args.contains(&Type::Null) => return Some(Program::Null),
        _ => {}
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
        FunctionId::Size => list::size(args.first()?),
        FunctionId::Any => list::membership(args.get(1)?, args.first()?, Operands { item: 1, list: 0 }),
        FunctionId::Coalesce | FunctionId::If => None,
    }
}

fn texts(args: &[Type], program: Program) -> Option<Program> {
    args.iter().all(|arg| scalar_of(arg) == Some(Scalar::String)).then_some(program)
}

fn integers(args: &[Type], program: Program) -> Option<Program> {
    args.iter().all(|arg| scalar_of(arg).is_some_and(is_integer)).then_some(program)
}

/// Whether values of `ty` become values of `result`, which they have in common with others.
fn widens(ty: &Type, result: &Type) -> bool {
    match (ty, result) {
        (Type::Null, _) => true,
        (Type::Value(ty), Type::Value(result)) => {
            let numbers = is_number(ty.scalar) && is_number(result.scalar);
            ty.list == result.list && (ty.scalar == result.scalar || numbers)
        }
        (ty, result) => ty.clone().with_nullable(true) == result.clone().with_nullable(true),
    }
}

fn coalesce(args: &[Type], result: &Type) -> Option<Program> {
    let ty = result.clone();
    args.iter().all(|arg| widens(arg, result)).then(|| {
        Program::lenient(move |columns, rows| {
            lazy::coalesce(columns.len(), rows, &ty, |index, rows| rows.pick(operand(columns, index)?))
        })
    })
}

fn choose(args: &[Type], result: &Type) -> Option<Program> {
    let [condition, branches @ ..] = args else { return None };
    let conditional = *condition == Type::Null || scalar_of(condition) == Some(Scalar::Bool);
    let ty = result.clone();
    (conditional && branches.len() == 2 && branches.iter().all(|branch| widens(branch, result))).then(|| {
        Program::lenient(move |columns, rows| {
            lazy::choose(operand(columns, 0)?, rows, &ty, |branch, rows| {
                rows.pick(operand(columns, if branch == Branch::Then { 1 } else { 2 })?)
            })
        })
    })
}

fn operand(columns: &[Column], index: usize) -> Result<&Column, Failure> {
    columns.get(index).ok_or_else(|| Failure::internal(format!("there is no operand {index}")))
}
