//! Evaluation errors: row, stable code and message.

use crate::support::{eval_error, evaluate_over, floats, ints, texts};

#[test]
fn constants_without_a_value() {
    for (text, code) in [
        ("9223372036854775807 + 1", "overflow"),
        ("-9223372036854775807 - 2", "overflow"),
        ("4611686018427387904 * 2", "overflow"),
        ("-(-9223372036854775807 - 1)", "overflow"),
        ("(-9223372036854775807 - 1) div -1", "overflow"),
        ("abs(-9223372036854775807 - 1)", "overflow"),
        ("1e308 * 10.0", "overflow"),
        ("1e308 / 0.1", "overflow"),
        ("1 / 0", "division-by-zero"),
        ("1.0 / 0.0", "division-by-zero"),
        ("1 div 0", "division-by-zero"),
        ("1 % 0", "division-by-zero"),
        ("1.5 % 0", "division-by-zero"),
        ("sqrt(-1)", "undefined"),
        ("power(-1, 0.5)", "undefined"),
        ("power(0, -1)", "undefined"),
        ("power(10, 400)", "overflow"),
        ("round(1.7e308, -308)", "overflow"),
        ("round(9223372036854775807, -1)", "overflow"),
        (r#"substring("abc", -1)"#, "negative"),
        (r#"substring("abc", 0, -1)"#, "negative"),
        (r#"to_int("")"#, "bad-text"),
        (r#"to_int("+1")"#, "bad-text"),
        (r#"to_int("9223372036854775808")"#, "out-of-range"),
        ("to_int(1.5)", "out-of-range"),
        ("to_int(9223372036854775808.0)", "out-of-range"),
        (r#"to_float("inf")"#, "bad-text"),
        (r#"to_float("1.")"#, "bad-text"),
        (r#"to_float(".5")"#, "bad-text"),
        (r#"to_float("1e400")"#, "out-of-range"),
        (r#"to_bool("yes")"#, "bad-text"),
        (r#"to_date("2024-02-30")"#, "bad-text"),
        (r#"to_datetime("noon")"#, "bad-text"),
        (r#"date("2024-05-06") + duration(trim("PT1H"))"#, "part-of-day"),
        (r#"now() + duration(trim("P1H"))"#, "bad-text"),
        (r#"date_trunc(trim("hour"), date("2024-05-06"))"#, "bad-unit"),
        (r#"date_trunc(trim("decade"), now())"#, "bad-unit"),
        (r#"matches("a", trim("("))"#, "bad-pattern"),
        (r#"date("2024-05-06") + duration("P999999Y")"#, "overflow"),
    ] {
        let error = eval_error(text);
        assert_eq!(error.kind.code(), code, "{text}: {error}");
        assert_eq!(error.row, 0, "{text}");
    }
}

#[test]
fn an_error_has_the_first_row_that_is_not_null() {
    let divisors = || ints(&[Some(1), None, Some(0), Some(0)]);
    for text in ["1 / $t.i", "1 div $t.i", "1 % $t.i", "1.5 % $t.i"] {
        assert_eq!(evaluate_over(text, "i", divisors()).unwrap_err().row, 2, "{text}");
    }
    assert_eq!(evaluate_over("1 div $t.i", "i", ints(&[Some(1), None])).unwrap(), ["1", "null"]);
    assert_eq!(evaluate_over("sqrt($t.f)", "f", floats(&[Some(4.0), None, Some(-4.0)])).unwrap_err().row, 2);
    assert_eq!(evaluate_over("to_int($t.handle)", "handle", texts(&[Some("1"), None, Some("x")])).unwrap_err().row, 2);
}

#[test]
fn an_empty_batch_does_not_fail() {
    for text in ["1 / 0 + $t.i", "1 div 0", "to_int(\"x\")", "sqrt(-1)", "[1 div 0]"] {
        assert_eq!(evaluate_over(text, "i", ints(&[])).unwrap(), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn messages_state_the_next_step() {
    let shown = |text| eval_error(text).to_string();
    assert_eq!(shown("1 / 0"), "`/` divides by zero; leave such rows out, or write `if(divisor = 0, null, …)`");
    assert_eq!(
        shown("9223372036854775807 + 1"),
        "the result of `+` is out of the range of I64; use smaller numbers, or floats with `to_float` where rounding does no harm"
    );
    assert_eq!(shown(r#"to_int("abc")"#), r#"cannot read "abc" as a decimal integer; write it like "42""#);
    assert_eq!(
        shown("to_int(1.5)"),
        "1.5 does not fit I64; an integer has no fraction; use `round`, `floor` or `ceil` first"
    );
}
