//! Three-valued logic against its truth table.

use arrow::array::{Array, AsArray};
use omnigraph_compiler::ir::UnaryOp;
use omnigraph_compiler::types::Scalar;
use omnigraph_kernels::{Column, Connective, Kernel, connect};
use proptest::prelude::*;

use crate::support::{bools, nullable};

/// Least of `false < null < true`, which is what `and` is; `or` is the greatest.
fn joined(connective: Connective, operands: &[Option<bool>]) -> Option<bool> {
    let rank = |value: &Option<bool>| match value {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    };
    let ranks = operands.iter().map(rank);
    let decided = if connective == Connective::And { ranks.min() } else { ranks.max() };
    [Some(false), None, Some(true)][decided.unwrap()]
}

fn values(column: &Column, rows: usize) -> Vec<Option<bool>> {
    let array = column.materialize(rows).unwrap();
    let array = array.as_boolean();
    (0..rows).map(|row| array.is_valid(row).then(|| array.value(row))).collect()
}

proptest! {
    #[test]
    fn connectives_follow_the_truth_table(
        rows in prop::collection::vec(any::<[Option<bool>; 3]>(), 0..70),
        constant in any::<Option<bool>>(),
    ) {
        let column = |at: usize| Column::Array(bools(&rows.iter().map(|row| row[at]).collect::<Vec<_>>()));
        let columns = [column(0), Column::Constant(bools(&[constant])), column(1), column(2)];
        for connective in [Connective::And, Connective::Or] {
            let expected: Vec<Option<bool>> =
                rows.iter().map(|row| joined(connective, &[row[0], constant, row[1], row[2]])).collect();
            let all = Kernel::connective(connective, columns.len()).evaluate(&columns, rows.len()).unwrap();
            prop_assert_eq!(&values(&all, rows.len()), &expected);
            let lazy = connect(connective, columns.len(), rows.len(), |at, rows| rows.pick(&columns[at])).unwrap();
            prop_assert_eq!(&values(&lazy, rows.len()), &expected);
        }
    }
}

#[test]
fn not_and_is_null() {
    let column = Column::Array(bools(&[Some(true), None, Some(false)]));
    let ty = nullable(Scalar::Bool);
    let not = Kernel::unary(UnaryOp::Not, &ty, &ty).unwrap().evaluate(std::slice::from_ref(&column), 3).unwrap();
    assert_eq!(values(&not, 3), [Some(false), None, Some(true)]);
    let is_null = Kernel::is_null(&ty).evaluate(&[column], 3).unwrap();
    assert_eq!(values(&is_null, 3), [Some(false), Some(true), Some(false)]);
}
