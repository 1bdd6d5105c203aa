//! Three-valued logic against its truth table.

use arrow::array::{Array, AsArray};
use omnigraph_compiler::ir::UnaryOp;
use omnigraph_compiler::types::ScalarType;
use omnigraph_expr::{ColumnarValue, Kernel, LogicalOp, evaluate_logical};
use proptest::prelude::*;

use crate::support::{bools, nullable};

/// Returns the minimum in the order `false < null < true` for `and`, and the maximum for `or`.
fn joined(connective: LogicalOp, operands: &[Option<bool>]) -> Option<bool> {
    let rank = |value: &Option<bool>| match value {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    };
    let ranks = operands.iter().map(rank);
    let decided = if connective == LogicalOp::And { ranks.min() } else { ranks.max() };
    [Some(false), None, Some(true)][decided.unwrap()]
}

fn values(column: &ColumnarValue, rows: usize) -> Vec<Option<bool>> {
    let array = column.materialize(rows).unwrap();
    let array = array.as_boolean();
    (0..rows).map(|row| array.is_valid(row).then(|| array.value(row))).collect()
}

proptest! {
    #[test]
    fn logical_operators_follow_the_truth_table(
        rows in prop::collection::vec(any::<[Option<bool>; 3]>(), 0..70),
        constant in any::<Option<bool>>(),
    ) {
        let column = |at: usize| ColumnarValue::Array(bools(&rows.iter().map(|row| row[at]).collect::<Vec<_>>()));
        let columns = [column(0), ColumnarValue::Constant(bools(&[constant])), column(1), column(2)];
        for connective in [LogicalOp::And, LogicalOp::Or] {
            let expected: Vec<Option<bool>> =
                rows.iter().map(|row| joined(connective, &[row[0], constant, row[1], row[2]])).collect();
            let all = Kernel::logical(connective, columns.len()).evaluate(&columns, rows.len()).unwrap();
            prop_assert_eq!(&values(&all, rows.len()), &expected);
            let lazy = evaluate_logical(connective, columns.len(), rows.len(), |at, rows| rows.select(&columns[at])).unwrap();
            prop_assert_eq!(&values(&lazy, rows.len()), &expected);
        }
    }
}

#[test]
fn not_and_is_null() {
    let column = ColumnarValue::Array(bools(&[Some(true), None, Some(false)]));
    let ty = nullable(ScalarType::Bool);
    let not = Kernel::unary(UnaryOp::Not, &ty, &ty).unwrap().evaluate(std::slice::from_ref(&column), 3).unwrap();
    assert_eq!(values(&not, 3), [Some(false), None, Some(true)]);
    let is_null = Kernel::is_null(&ty).evaluate(&[column], 3).unwrap();
    assert_eq!(values(&is_null, 3), [Some(false), Some(true), Some(false)]);
}
