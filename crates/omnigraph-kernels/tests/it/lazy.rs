//! What is not chosen is not evaluated.

use crate::support::{ints, over};

fn divisors() -> arrow::array::ArrayRef {
    ints(&[Some(2), Some(0), None, Some(-1)])
}

#[test]
fn the_branch_that_is_not_chosen_does_not_fail() {
    assert_eq!(over("if($t.i = 0, null, 6 div $t.i)", "i", divisors()).unwrap(), ["3", "null", "null", "-6"]);
    assert_eq!(over("if($t.i != 0, 6 div $t.i, 9)", "i", divisors()).unwrap(), ["3", "9", "9", "-6"]);
    assert_eq!(over("if($t.i > 100, 1 / 0, $t.i)", "i", divisors()).unwrap(), ["2.0", "0.0", "null", "-1.0"]);
}

#[test]
fn a_failure_in_a_branch_is_at_its_row_of_the_batch() {
    let failure = over("if($t.i is null or $t.i != 2, 6 div $t.i, 1)", "i", divisors()).unwrap_err();
    assert_eq!(failure.row, 1);
    let nested = "if($t.i < 2, if($t.i < 0, to_int(\"x\"), 1), 2)";
    assert_eq!(over(nested, "i", divisors()).unwrap_err().row, 3);
}

#[test]
fn coalesce_stops_at_the_first_value() {
    assert_eq!(over("coalesce($t.i, 5)", "i", divisors()).unwrap(), ["2", "0", "5", "-1"]);
    assert_eq!(over("coalesce($t.i, 2.5)", "i", divisors()).unwrap(), ["2.0", "0.0", "2.5", "-1.0"]);
    assert_eq!(over("coalesce(1, 1 div 0)", "i", divisors()).unwrap(), ["1"; 4]);
    assert_eq!(over("coalesce(null, null)", "i", divisors()).unwrap(), ["null"; 4]);
    assert_eq!(over("coalesce($t.i, 1 div 0)", "i", divisors()).unwrap_err().row, 2);
}

#[test]
fn connectives_stop_where_the_answer_is_known() {
    assert_eq!(over("$t.i != 0 and 6 div $t.i > 0", "i", divisors()).unwrap(), ["true", "false", "null", "false"]);
    assert_eq!(over("$t.i = 0 or 6 div $t.i > 0", "i", divisors()).unwrap(), ["true", "true", "null", "false"]);
    assert_eq!(over("6 div $t.i > 0 and $t.i != 0", "i", divisors()).unwrap_err().row, 1);
}
