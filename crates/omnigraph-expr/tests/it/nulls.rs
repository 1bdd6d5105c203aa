//! The null rule of every function and operator, over random null masks.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take;
use omnigraph_compiler::functions::{ArgType, FUNCTIONS, FunctionId, FunctionSpec, NullRule, ResultType};
use omnigraph_compiler::ir::{BinaryOp, CalendarDuration, ExprType, Value};
use omnigraph_compiler::types::{PropType, ScalarType};
use omnigraph_expr::{ColumnarValue, Kernel};
use proptest::prelude::*;

use crate::support::{nullable, nullable_list};

/// Returns a valid argument of a function, and its type.
fn argument(function: &FunctionSpec, index: usize) -> (Value, ExprType) {
    let text = |text: &str| (Value::String(text.to_owned()), nullable(ScalarType::String));
    let ty = function.args[index.min(function.args.len() - 1)].ty;
    match (function.id, ty) {
        (FunctionId::DateTrunc, ArgType::Text) => text("month"),
        (FunctionId::Duration, ArgType::Text) => text("P1D"),
        (FunctionId::ToInt | FunctionId::ToFloat, _) => text("42"),
        (FunctionId::ToBool, _) => text("true"),
        (FunctionId::ToDate | FunctionId::ToDateTime, _) => text("2024-05-06"),
        (_, ArgType::Text | ArgType::Item) => text("a"),
        (_, ArgType::Integer | ArgType::Common | ArgType::Scalar) => (Value::I64(1), nullable(ScalarType::I64)),
        (_, ArgType::Number) => (Value::F64(2.25), nullable(ScalarType::F64)),
        (_, ArgType::Bool) => (Value::Bool(true), nullable(ScalarType::Bool)),
        (_, ArgType::Temporal) => (Value::Date(100), nullable(ScalarType::Date)),
        (_, ArgType::DateTime) => (Value::DateTime(100), nullable(ScalarType::DateTime)),
        (_, ArgType::List) => (Value::List(vec![Value::String("a".to_owned())]), nullable_list(ScalarType::String)),
        (_, other) => panic!("no value for {other:?}"),
    }
}

fn result(function: &FunctionSpec, args: &[ExprType]) -> ExprType {
    let scalar = match function.result {
        ResultType::Text => ScalarType::String,
        ResultType::TextList => return nullable_list(ScalarType::String),
        ResultType::Integer => ScalarType::I64,
        ResultType::Float => ScalarType::F64,
        ResultType::Bool => ScalarType::Bool,
        ResultType::Date => ScalarType::Date,
        ResultType::DateTime => ScalarType::DateTime,
        ResultType::Duration => return ExprType::Duration { nullable: true },
        ResultType::NumberLike => return args[0].clone(),
        ResultType::Last | ResultType::Common => return args[args.len() - 1].clone(),
    };
    nullable(scalar)
}

/// Returns an array of the value in the rows of the mask, and null in the others.
fn masked(value: &Value, ty: &ExprType, mask: &[bool]) -> ArrayRef {
    let rows: UInt32Array = mask.iter().map(|valid| valid.then_some(0)).collect();
    take(ColumnarValue::constant(value, ty).unwrap().array(), &rows, None).unwrap()
}

fn expected(rule: NullRule, args: &[bool]) -> bool {
    match rule {
        NullRule::Propagate | NullRule::PropagateOrMismatch => args.iter().all(|valid| *valid),
        NullRule::AllNull => args.iter().any(|valid| *valid),
        NullRule::Chosen => args[if args[0] { 1 } else { 2 }],
    }
}

/// Evaluates over every mask, and with each operand as a constant.
fn follow(kernel: &Kernel, args: &[(Value, ExprType)], masks: &[[bool; 3]], rule: NullRule, name: &str) {
    for constant in [None, Some(0), Some(args.len() - 1)] {
        let column = |at: usize| {
            let mask: Vec<bool> = masks.iter().map(|row| row[at]).collect();
            match constant {
                Some(chosen) if chosen == at => ColumnarValue::Constant(masked(&args[at].0, &args[at].1, &mask[..1])),
                _ => ColumnarValue::Array(masked(&args[at].0, &args[at].1, &mask)),
            }
        };
        let columns: Vec<ColumnarValue> = (0..args.len()).map(column).collect();
        let found = kernel.evaluate(&columns, masks.len()).unwrap_or_else(|error| panic!("{name}: {error}"));
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
                let args: Vec<(Value, ExprType)> = (0..count).map(|index| argument(function, index)).collect();
                let types: Vec<ExprType> = args.iter().map(|(_, ty)| ty.clone()).collect();
                let kernel = Kernel::call(function.id, &types, &result(function, &types)).unwrap();
                follow(&kernel, &args, &masks, function.nulls, function.name);
            }
        }
    }

    #[test]
    fn every_operator_passes_null_on(masks in prop::collection::vec(any::<[bool; 3]>(), 1..20)) {
        let text = || (Value::String("a".to_owned()), nullable(ScalarType::String));
        let int = || (Value::I64(1), nullable(ScalarType::I64));
        let float = || (Value::F64(1.5), nullable(ScalarType::F64));
        let date = || (Value::Date(100), nullable(ScalarType::Date));
        let span = || (Value::Duration(CalendarDuration { days: 1, ..CalendarDuration::default() }), ExprType::Duration { nullable: true });
        let truth = || (Value::Bool(true), nullable(ScalarType::Bool));
        let bool_type = || nullable(ScalarType::Bool);
        for (op, left, right, result) in [
            (BinaryOp::Equal, int(), float(), bool_type()),
            (BinaryOp::Less, text(), text(), bool_type()),
            (BinaryOp::GreaterEqual, truth(), truth(), bool_type()),
            (BinaryOp::NotEqual, float(), float(), bool_type()),
            (BinaryOp::ContainsText, text(), text(), bool_type()),
            (BinaryOp::StartsWith, text(), text(), bool_type()),
            (BinaryOp::EndsWith, text(), text(), bool_type()),
            (BinaryOp::Concat, text(), text(), nullable(ScalarType::String)),
            (BinaryOp::Add, int(), int(), nullable(ScalarType::I64)),
            (BinaryOp::Multiply, int(), float(), nullable(ScalarType::F64)),
            (BinaryOp::Divide, int(), int(), nullable(ScalarType::F64)),
            (BinaryOp::IntegerDivide, int(), int(), nullable(ScalarType::I64)),
            (BinaryOp::Remainder, float(), int(), nullable(ScalarType::F64)),
            (BinaryOp::AddDuration, date(), span(), nullable(ScalarType::Date)),
            (BinaryOp::SubtractDuration, date(), span(), nullable(ScalarType::Date)),
        ] {
            let kernel = Kernel::binary(op, &left.1, &right.1, &result).unwrap();
            follow(&kernel, &[left, right], &masks, NullRule::Propagate, &format!("{op:?}"));
        }
        let list = (Value::List(vec![Value::I64(1)]), nullable_list(ScalarType::I64));
        let kernel = Kernel::is_in(&int().1, &list.1, &bool_type()).unwrap();
        follow(&kernel, &[int(), list.clone()], &masks, NullRule::Propagate, "in");
        let kernel = Kernel::list(&[int().1, float().1, int().1], &nullable_list(ScalarType::F64)).unwrap();
        follow(&kernel, &[int(), float(), int()], &masks, NullRule::Propagate, "list");
        let zero = (Value::I64(0), nullable(ScalarType::I64));
        let kernel = Kernel::list_item(&list.1, &zero.1, &nullable(ScalarType::I64)).unwrap();
        follow(&kernel, &[list, zero], &masks, NullRule::Propagate, "list[…]");
        let json = (Value::Json(serde_json::json!({"a": 1})), nullable(ScalarType::Json));
        let kernel = Kernel::json_item(&json.1, &text().1, &nullable(ScalarType::Json)).unwrap();
        follow(&kernel, &[json, text()], &masks, NullRule::Propagate, "json[…]");
    }
}

#[test]
fn the_literal_null_is_a_valid_argument() {
    for function in FUNCTIONS.iter().filter(|function| function.nulls == NullRule::Propagate) {
        let types = vec![ExprType::Null; function.required];
        let result = result(function, &vec![nullable(ScalarType::I64); function.required]);
        let kernel = Kernel::call(function.id, &types, &result).unwrap();
        let nulls: Vec<ColumnarValue> =
            types.iter().map(|ty| ColumnarValue::constant(&Value::Null, ty).unwrap()).collect();
        assert!(kernel.evaluate(&nulls, 3).unwrap().is_null_constant(), "{}", function.name);
    }
}

#[test]
fn operations_that_the_type_checker_rejects_have_no_kernel() {
    let (text, int) = (nullable(ScalarType::String), nullable(ScalarType::I64));
    let bool_type = nullable(ScalarType::Bool);
    assert!(Kernel::binary(BinaryOp::Equal, &text, &int, &bool_type).is_err());
    assert!(
        Kernel::binary(BinaryOp::Equal, &nullable(ScalarType::Json), &nullable(ScalarType::Json), &bool_type).is_err()
    );
    assert!(
        Kernel::binary(BinaryOp::Less, &nullable(ScalarType::Date), &nullable(ScalarType::DateTime), &bool_type)
            .is_err()
    );
    assert!(Kernel::binary(BinaryOp::Add, &text, &text, &text).is_err());
    assert!(Kernel::call(FunctionId::Lower, std::slice::from_ref(&int), &text).is_err());
    let vector = ExprType::Value(PropType::new(ScalarType::Vector(3)));
    assert!(Kernel::is_in(&vector, &nullable_list(ScalarType::F32), &bool_type).is_err());
    let unasked = Kernel::call(FunctionId::Lower, std::slice::from_ref(&text), &text).unwrap();
    assert!(unasked.evaluate(&[ColumnarValue::Array(Arc::new(UInt32Array::from(vec![1])))], 1).is_err());
}
