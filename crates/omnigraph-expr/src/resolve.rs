//! Resolution: from an operation of the compiler and the types of its operands to a kernel.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{BinaryOp, ExprType, UnaryOp};
use omnigraph_compiler::types::{PropType, ScalarType};

use crate::columnar_value::ColumnarValue;
use crate::eval_error::{EvalError, KernelError};
use crate::kernel::{Kernel, KernelProgram};
use crate::list::MembershipOperands;
use crate::short_circuit::{IfBranch, LogicalOp};
use crate::types::{as_scalar, is_integer, is_number};
use crate::{arithmetic, cast, compare, convert, json, list, number, short_circuit, temporal, text};

/// Constructors of kernels. Each fails if the operation is not defined for the types, which the type checker prevents.
impl Kernel {
    /// Resolves a binary operator.
    ///
    /// # Errors
    ///
    /// Fails if the operation is not defined for these types.
    pub fn binary(op: BinaryOp, left: &ExprType, right: &ExprType, result: &ExprType) -> Result<Self, KernelError> {
        let texts = || is_text(left) && is_text(right);
        let null = *left == ExprType::Null || *right == ExprType::Null;
        let program = match op {
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => compare::program(op, left, right),
            BinaryOp::ContainsText | BinaryOp::StartsWith | BinaryOp::EndsWith | BinaryOp::Concat
                if null && texts() =>
            {
                Some(KernelProgram::Null)
            }
            BinaryOp::ContainsText | BinaryOp::StartsWith | BinaryOp::EndsWith => {
                texts().then(|| KernelProgram::strict(move |batch| text::contains_part(op, batch)))
            }
            BinaryOp::Concat => texts().then(|| KernelProgram::strict(text::concat)),
            BinaryOp::AddDuration | BinaryOp::SubtractDuration if null => Some(KernelProgram::Null),
            BinaryOp::AddDuration | BinaryOp::SubtractDuration => temporal::add(op, left, right),
            _ => arithmetic::program(op, left, right, result),
        };
        Self::new(arithmetic::symbol(op), &[left, right], result, program)
    }

    /// Resolves a unary operator.
    ///
    /// # Errors
    ///
    /// Fails if the operation is not defined for this type.
    pub fn unary(op: UnaryOp, operand: &ExprType, result: &ExprType) -> Result<Self, KernelError> {
        let (name, program) = match op {
            UnaryOp::Not if *operand == ExprType::Null => ("not", Some(KernelProgram::Null)),
            UnaryOp::Not => ("not", is_bool(operand).then(|| KernelProgram::strict(short_circuit::not))),
            UnaryOp::Negate => ("-", arithmetic::negate(operand, result)),
        };
        Self::new(name, &[operand], result, program)
    }

    /// Resolves three-valued `and` or `or` over evaluated operands. [`crate::evaluate_logical`] is the short-circuit form.
    #[must_use]
    pub fn logical(op: LogicalOp, operands: usize) -> Self {
        let bool_type = ExprType::Value(PropType { nullable: true, ..PropType::new(ScalarType::Bool) });
        let program = KernelProgram::null_aware(move |columns, rows| short_circuit::join_all(op, columns, rows));
        Self::total(op.symbol(), &vec![&bool_type; operands], &bool_type, program)
    }

    /// Resolves `is null`, whose result is never null.
    #[must_use]
    pub fn is_null(operand: &ExprType) -> Self {
        let program = KernelProgram::null_aware(|columns, _| short_circuit::is_null(columns));
        Self::total("is null", &[operand], &ExprType::scalar(ScalarType::Bool), program)
    }

    /// Resolves a function. Arguments of `if` and `coalesce` are all evaluated; [`crate::evaluate_if`] and
    /// [`crate::evaluate_coalesce`] are the short-circuit forms.
    ///
    /// # Errors
    ///
    /// Fails if the operation is not defined for these types.
    pub fn call(function: FunctionId, args: &[ExprType], result: &ExprType) -> Result<Self, KernelError> {
        let operands: Vec<&ExprType> = args.iter().collect();
        Self::new(function.function().name, &operands, result, function_program(function, args, result))
    }

    /// Resolves `in`: membership by equality; false for the empty list.
    ///
    /// # Errors
    ///
    /// Fails if the operation is not defined for these types.
    pub fn is_in(item: &ExprType, list: &ExprType, result: &ExprType) -> Result<Self, KernelError> {
        Self::new("in", &[item, list], result, list::membership(item, list, MembershipOperands { item: 0, list: 1 }))
    }

    /// Resolves a list literal: null where an item is null. Numbers are widened to the item type.
    ///
    /// # Errors
    ///
    /// Fails if an item is not of the item type.
    pub fn list(items: &[ExprType], result: &ExprType) -> Result<Self, KernelError> {
        let operands: Vec<&ExprType> = items.iter().collect();
        Self::new("[…]", &operands, result, list::literal(&operands, result))
    }

    /// Resolves `list[index]`, counted from 0; null out of bounds. Lists of nodes and edges are Arrow lists in the representation
    /// of the engine.
    ///
    /// # Errors
    ///
    /// Fails if the operation is not defined for these types.
    pub fn list_item(list: &ExprType, index: &ExprType, result: &ExprType) -> Result<Self, KernelError> {
        Self::new("list[…]", &[list, index], result, list::item(list, index))
    }

    /// Resolves the member of a JSON object or the item of a JSON array; null if it does not exist. An existing JSON `null` is
    /// the JSON value `null`.
    ///
    /// # Errors
    ///
    /// Fails if the operation is not defined for these types.
    pub fn json_item(json: &ExprType, key: &ExprType, result: &ExprType) -> Result<Self, KernelError> {
        Self::new("json[…]", &[json, key], result, json::item_program(json, key))
    }

    /// Resolves a lossless conversion to the type of a property.
    ///
    /// # Errors
    ///
    /// Fails if the conversion does not exist.
    pub fn convert(from: &ExprType, to: &ExprType) -> Result<Self, KernelError> {
        Self::new("conversion", &[from], to, convert::program(from, to))
    }
}

fn is_text(ty: &ExprType) -> bool {
    *ty == ExprType::Null || as_scalar(ty) == Some(ScalarType::String)
}

fn is_bool(ty: &ExprType) -> bool {
    as_scalar(ty) == Some(ScalarType::Bool)
}

/// Returns the program of a call, if the function is defined for these types.
fn function_program(function: FunctionId, args: &[ExprType], result: &ExprType) -> Option<KernelProgram> {
    match function {
        FunctionId::Coalesce => return coalesce_program(args, result),
        FunctionId::If => return if_program(args, result),
        _ if args.contains(&ExprType::Null) => return Some(KernelProgram::Null),
        _ => {}
    }
    match function {
        FunctionId::Lower => texts(args, text::map(str::to_lowercase)),
        FunctionId::Upper => texts(args, text::map(str::to_uppercase)),
        FunctionId::Trim => texts(args, KernelProgram::strict(text::trim)),
        FunctionId::Length => texts(args, KernelProgram::strict(text::length)),
        FunctionId::Substring => {
            integers(args.get(1..)?, texts(args.get(..1)?, KernelProgram::strict(text::substring))?)
        }
        FunctionId::Replace => texts(args, KernelProgram::strict(text::replace)),
        FunctionId::Split => texts(args, KernelProgram::strict(text::split)),
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
        FunctionId::Any => list::membership(args.get(1)?, args.first()?, MembershipOperands { item: 1, list: 0 }),
        FunctionId::Coalesce | FunctionId::If => None,
    }
}

fn texts(args: &[ExprType], program: KernelProgram) -> Option<KernelProgram> {
    args.iter().all(|arg| as_scalar(arg) == Some(ScalarType::String)).then_some(program)
}

fn integers(args: &[ExprType], program: KernelProgram) -> Option<KernelProgram> {
    args.iter().all(|arg| as_scalar(arg).is_some_and(is_integer)).then_some(program)
}

/// Returns true if values of `ty` can be widened to the common type `result`.
fn widens(ty: &ExprType, result: &ExprType) -> bool {
    match (ty, result) {
        (ExprType::Null, _) => true,
        (ExprType::Value(ty), ExprType::Value(result)) => {
            let numbers = is_number(ty.scalar) && is_number(result.scalar);
            ty.list == result.list && (ty.scalar == result.scalar || numbers)
        }
        (ty, result) => ty.clone().with_nullable(true) == result.clone().with_nullable(true),
    }
}

fn coalesce_program(args: &[ExprType], result: &ExprType) -> Option<KernelProgram> {
    let ty = result.clone();
    args.iter().all(|arg| widens(arg, result)).then(|| {
        KernelProgram::null_aware(move |columns, rows| {
            short_circuit::evaluate_coalesce(columns.len(), rows, &ty, |index, rows| {
                rows.select(operand(columns, index)?)
            })
        })
    })
}

fn if_program(args: &[ExprType], result: &ExprType) -> Option<KernelProgram> {
    let [condition, branches @ ..] = args else { return None };
    let conditional = *condition == ExprType::Null || as_scalar(condition) == Some(ScalarType::Bool);
    let ty = result.clone();
    (conditional && branches.len() == 2 && branches.iter().all(|branch| widens(branch, result))).then(|| {
        KernelProgram::null_aware(move |columns, rows| {
            short_circuit::evaluate_if(operand(columns, 0)?, rows, &ty, |branch, rows| {
                rows.select(operand(columns, if branch == IfBranch::Then { 1 } else { 2 })?)
            })
        })
    })
}

fn operand(columns: &[ColumnarValue], index: usize) -> Result<&ColumnarValue, EvalError> {
    columns.get(index).ok_or_else(|| EvalError::internal(format!("operand {index} not found")))
}
