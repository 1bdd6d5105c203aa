//! Short-circuit evaluation: operands that are not needed are not evaluated.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, ListBuilder};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{ExprType, Value};
use omnigraph_compiler::types::ScalarType;
use omnigraph_expr::{ColumnarValue, Kernel};

use crate::support::{cells, evaluate_over, ints, nullable};

fn numbers(lists: &[Option<&[i64]>]) -> ArrayRef {
    let mut builder = ListBuilder::new(Int64Builder::new());
    for list in lists {
        builder.append_option(list.map(|items| items.iter().copied().map(Some)));
    }
    Arc::new(builder.finish())
}

fn divisors() -> ArrayRef {
    ints(&[Some(2), Some(0), None, Some(-1)])
}

#[test]
fn a_branch_that_is_not_selected_does_not_fail() {
    assert_eq!(evaluate_over("if($t.i = 0, null, 6 div $t.i)", "i", divisors()).unwrap(), ["3", "null", "null", "-6"]);
    assert_eq!(evaluate_over("if($t.i != 0, 6 div $t.i, 9)", "i", divisors()).unwrap(), ["3", "9", "9", "-6"]);
    assert_eq!(evaluate_over("if($t.i > 100, 1 / 0, $t.i)", "i", divisors()).unwrap(), ["2.0", "0.0", "null", "-1.0"]);
}

#[test]
fn an_error_in_a_branch_has_its_row_of_the_batch() {
    let error = evaluate_over("if($t.i is null or $t.i != 2, 6 div $t.i, 1)", "i", divisors()).unwrap_err();
    assert_eq!(error.row, 1);
    let nested = "if($t.i < 2, if($t.i < 0, to_int(\"x\"), 1), 2)";
    assert_eq!(evaluate_over(nested, "i", divisors()).unwrap_err().row, 3);
}

#[test]
fn coalesce_stops_at_the_first_value() {
    assert_eq!(evaluate_over("coalesce($t.i, 5)", "i", divisors()).unwrap(), ["2", "0", "5", "-1"]);
    assert_eq!(evaluate_over("coalesce($t.i, 2.5)", "i", divisors()).unwrap(), ["2.0", "0.0", "2.5", "-1.0"]);
    assert_eq!(evaluate_over("coalesce(1, 1 div 0)", "i", divisors()).unwrap(), ["1"; 4]);
    assert_eq!(evaluate_over("coalesce(null, null)", "i", divisors()).unwrap(), ["null"; 4]);
    assert_eq!(evaluate_over("coalesce($t.i, 1 div 0)", "i", divisors()).unwrap_err().row, 2);
}

#[test]
fn logical_operators_stop_when_the_result_is_known() {
    assert_eq!(
        evaluate_over("$t.i != 0 and 6 div $t.i > 0", "i", divisors()).unwrap(),
        ["true", "false", "null", "false"]
    );
    assert_eq!(
        evaluate_over("$t.i = 0 or 6 div $t.i > 0", "i", divisors()).unwrap(),
        ["true", "true", "null", "false"]
    );
    assert_eq!(evaluate_over("6 div $t.i > 0 and $t.i != 0", "i", divisors()).unwrap_err().row, 1);
}

#[test]
fn lists_of_numbers_widen_to_the_common_type() {
    let column = || numbers(&[Some(&[1, -2]), None, Some(&[])]);
    assert_eq!(
        evaluate_over("coalesce($t.numbers, [0.5])", "numbers", column()).unwrap(),
        ["[1.0, -2.0]", "[0.5]", "[]"]
    );
    // Values outside a slice are ignored.
    let tail = column().slice(1, 2);
    assert_eq!(evaluate_over("coalesce($t.numbers, [0.5])", "numbers", tail).unwrap(), ["[0.5]", "[]"]);
}

#[test]
fn a_negative_number_does_not_widen_to_unsigned() {
    let columns = |values: &[Option<i64>]| {
        let large = ColumnarValue::constant(&Value::U64(u64::MAX), &ExprType::scalar(ScalarType::U64)).unwrap();
        [ColumnarValue::Array(ints(values)), large]
    };
    let types = [nullable(ScalarType::I64), nullable(ScalarType::U64)];
    let kernel = Kernel::call(FunctionId::Coalesce, &types, &nullable(ScalarType::U64)).unwrap();
    let found = kernel.evaluate(&columns(&[Some(1), None]), 2).unwrap();
    assert_eq!(cells(&found, 2), ["1", "18446744073709551615"]);
    let error = kernel.evaluate(&columns(&[None, Some(-1)]), 2).unwrap_err();
    assert_eq!((error.row, error.kind.code()), (1, "out-of-range"));
}
