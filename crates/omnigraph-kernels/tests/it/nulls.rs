//! The null rule of every function and operator, over random masks.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take;
use omnigraph_compiler::functions::{ArgType, FUNCTIONS, Function, FunctionId, NullRule, ResultType};
use omnigraph_compiler::ir::{BinaryOp, Duration, Type, Value};
use omnigraph_compiler::types::{PropType, Scalar};
use omnigraph_kernels::{Column, Kernel};
use proptest::prelude::*;

use crate::support::{nullable, nullable_list};

/// A value that no function refuses at this place, and its type.
fn argument(function: &Function, index: usize) -> (Value, Type) {
    let text = |text: &str| (Value::String(text.to_owned()), nullable(Scalar::String));
    let ty = function.args[index.min(function.args.len() - 1)].ty;
    match (function.id, ty) {
        (FunctionId::DateTrunc, ArgType::Text) => text("month"),
        (FunctionId::Duration, ArgType::Text) => text("P1D"),
        (FunctionId::ToInt | FunctionId::ToFloat, _) => text("42"),
        (FunctionId::ToBool, _) => text("true"),
        (FunctionId::ToDate | FunctionId::ToDateTime, _) => text("2024-05-06"),
        (_, ArgType::Text | ArgType::Item) => text("a"),
        (_, ArgType::Integer | ArgType::Common | ArgType::Scalar) => (Value::I64(1), nullable(Scalar::I64)),
        (_, ArgType::Number) => (Value::F64(2.25), nullable(Scalar::F64)),
        (_, ArgType::Bool) => (Value::Bool(true), nullable(Scalar::Bool)),
        (_, ArgType::Temporal) => (Value::Date(100), nullable(Scalar::Date)),
        (_, ArgType::DateTime) => (Value::DateTime(100), nullable(Scalar::DateTime)),
        (_, ArgType::List) => (Value::List(vec![Value::String("a".to_owned())]), nullable_list(Scalar::String)),
        (_, other) => panic!("no value for {other:?}"),
    }
}

fn result(function: &Function, args: &[Type]) -> Type {
    let scalar = match function.result {
        ResultType::Text => Scalar::String,
        ResultType::TextList => return nullable_list(Scalar::String),
        ResultType::Integer => Scalar::I64,
        ResultType::Float => Scalar::F64,
        ResultType::Bool => Scalar::Bool,
        ResultType::Date => Scalar::Date,
        ResultType::DateTime => Scalar::DateTime,
        ResultType::Duration => return Type::Duration { nullable: true },
        ResultType::NumberLike => return args[0].clone(),
        ResultType::Last | ResultType::Common => return args[args.len() - 1].clone(),
    };
    nullable(scalar)
}

/// The value in the rows of the mask, null in the others.
fn masked(value: &Value, ty: &Type, mask: &[bool]) -> ArrayRef {
    let rows: UInt32Array = mask.iter().map(|valid| valid.then_some(0)).collect();
    take(Column::constant(value, ty).unwrap().array(), &rows, None).unwrap()
}

fn expected(rule: NullRule, args: &[bool]) -> bool {
    match rule {
        NullRule::Propagate | NullRule::PropagateOrMismatch => args.iter().all(|valid| *valid),
        NullRule::AllNull => args.iter().any(|valid| *valid),
        NullRule::Chosen => args[if args[0] { 1 } else { 2 }],
    }
}

/// Evaluates over every mask, and with each operand in turn as a constant.
fn follow(kernel: &Kernel, args: &[(Value, Type)], masks: &[[bool; 3]], rule: NullRule, name: &str) {
    for constant in [None, Some(0), Some(args.len() - 1)] {
        let column = |at: usize| {
            let mask: Vec<bool> = masks.iter().map(|row| row[at]).collect();
            match constant {
                Some(chosen) if chosen == at => Column::Constant(masked(&args[at].0, &args[at].1, &mask[..1])),
                _ => Column::Array(masked(&args[at].0, &args[at].1, &mask)),
            }
        };
        let columns: Vec<Column> = (0..args.len()).map(column).collect();
        let found = kernel.evaluate(&columns, masks.len()).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        let found = found.materialize(masks.len()).unwrap();
        for (row, mask) in masks.iter().enumerate() {
            let seen = |at: usize| masks[if constant == Some(at) { 0 } else { row }][at];
            let valid: Vec<bool> = (0..args.len()).map(seen).collect();
            assert_eq!(found.is_valid(row), expected(rule, &valid), "{name} at {row} {mask:?} {constant:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_function_follows_its_null_rule(masks in prop::collection::vec(any::<[bool; 3]>(), 1..20)) {
        for function in FUNCTIONS {
            let most = if function.variadic { 3 } else { function.args.len() };
            for count in function.required..=most {
                let args: Vec<(Value, Type)> = (0..count).map(|index| argument(function, index)).collect();
                let types: Vec<Type> = args.iter().map(|(_, ty)| ty.clone()).collect();
                let kernel = Kernel::call(function.id, &types, &result(function, &types)).unwrap();
                follow(&kernel, &args, &masks, function.nulls, function.name);
            }
        }
    }

    #[test]
    fn every_operator_passes_null_on(masks in prop::collection::vec(any::<[bool; 3]>(), 1..20)) {
        let text = || (Value::String("a".to_owned()), nullable(Scalar::String));
        let int = || (Value::I64(1), nullable(Scalar::I64));
        let float = || (Value::F64(1.5), nullable(Scalar::F64));
        let date = || (Value::Date(100), nullable(Scalar::Date));
        let span = || (Value::Duration(Duration { days: 1, ..Duration::default() }), Type::Duration { nullable: true });
        let truth = || (Value::Bool(true), nullable(Scalar::Bool));
        let bool_type = || nullable(Scalar::Bool);
        for (op, left, right, result) in [
            (BinaryOp::Equal, int(), float(), bool_type()),
            (BinaryOp::Less, text(), text(), bool_type()),
            (BinaryOp::GreaterEqual, truth(), truth(), bool_type()),
            (BinaryOp::NotEqual, float(), float(), bool_type()),
            (BinaryOp::ContainsText, text(), text(), bool_type()),
            (BinaryOp::StartsWith, text(), text(), bool_type()),
            (BinaryOp::EndsWith, text(), text(), bool_type()),
            (BinaryOp::Concat, text(), text(), nullable(Scalar::String)),
            (BinaryOp::Add, int(), int(), nullable(Scalar::I64)),
            (BinaryOp::Multiply, int(), float(), nullable(Scalar::F64)),
            (BinaryOp::Divide, int(), int(), nullable(Scalar::F64)),
            (BinaryOp::IntegerDivide, int(), int(), nullable(Scalar::I64)),
            (BinaryOp::Remainder, float(), int(), nullable(Scalar::F64)),
            (BinaryOp::AddDuration, date(), span(), nullable(Scalar::Date)),
            (BinaryOp::SubtractDuration, date(), span(), nullable(Scalar::Date)),
        ] {
            let kernel = Kernel::binary(op, &left.1, &right.1, &result).unwrap();
            follow(&kernel, &[left, right], &masks, NullRule::Propagate, &format!("{op:?}"));
        }
        let list = (Value::List(vec![Value::I64(1)]), nullable_list(Scalar::I64));
        let kernel = Kernel::is_in(&int().1, &list.1, &bool_type()).unwrap();
        follow(&kernel, &[int(), list.clone()], &masks, NullRule::Propagate, "in");
        let kernel = Kernel::list(&[int().1, float().1, int().1], &nullable_list(Scalar::F64)).unwrap();
        follow(&kernel, &[int(), float(), int()], &masks, NullRule::Propagate, "list");
        let zero = (Value::I64(0), nullable(Scalar::I64));
        let kernel = Kernel::list_item(&list.1, &zero.1, &nullable(Scalar::I64)).unwrap();
        follow(&kernel, &[list, zero], &masks, NullRule::Propagate, "list[…]");
        let json = (Value::Json(serde_json::json!({"a": 1})), nullable(Scalar::Json));
        let kernel = Kernel::json_item(&json.1, &text().1, &nullable(Scalar::Json)).unwrap();
        follow(&kernel, &[json, text()], &masks, NullRule::Propagate, "json[…]");
    }
}

#[test]
fn the_literal_null_is_an_argument_of_anything_that_takes_one() {
    for function in FUNCTIONS.iter().filter(|function| function.nulls == NullRule::Propagate) {
        let types = vec![Type::Null; function.required];
        let result = result(function, &vec![nullable(Scalar::I64); function.required]);
        let kernel = Kernel::call(function.id, &types, &result).unwrap();
        let nulls: Vec<Column> = types.iter().map(|ty| Column::constant(&Value::Null, ty).unwrap()).collect();
        assert!(kernel.evaluate(&nulls, 3).unwrap().is_null_constant(), "{}", function.name);
    }
}

#[test]
fn what_the_checker_refuses_has_no_kernel() {
    let (text, int) = (nullable(Scalar::String), nullable(Scalar::I64));
    let bool_type = nullable(Scalar::Bool);
    assert!(Kernel::binary(BinaryOp::Equal, &text, &int, &bool_type).is_err());
    assert!(Kernel::binary(BinaryOp::Equal, &nullable(Scalar::Json), &nullable(Scalar::Json), &bool_type).is_err());
    assert!(Kernel::binary(BinaryOp::Less, &nullable(Scalar::Date), &nullable(Scalar::DateTime), &bool_type).is_err());
    assert!(Kernel::binary(BinaryOp::Add, &text, &text, &text).is_err());
    assert!(Kernel::call(FunctionId::Lower, std::slice::from_ref(&int), &text).is_err());
    let vector = Type::Value(PropType::of(Scalar::Vector(3)));
    assert!(Kernel::is_in(&vector, &nullable_list(Scalar::F32), &bool_type).is_err());
    let unasked = Kernel::call(FunctionId::Lower, std::slice::from_ref(&text), &text).unwrap();
    assert!(unasked.evaluate(&[Column::Array(Arc::new(UInt32Array::from(vec![1])))], 1).is_err());
}
