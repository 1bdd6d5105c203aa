//! Results of functions and operators, by example.

use std::sync::Arc;

use arrow::array::{Float32Array, UInt64Array};

use crate::support::{eval_error, evaluate_over, floats, ints, texts, value};

fn holds(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(value(text), *expected, "{text}");
    }
}

#[test]
fn text() {
    holds(&[
        (r#"lower("ÀΣ")"#, "àς"),
        (r#"upper("straße")"#, "STRASSE"),
        (r#"trim("\t a b\n")"#, "a b"),
        (r#"length("")"#, "0"),
        (r#"substring("été", 1)"#, "té"),
        (r#"substring("été", 1, 1)"#, "t"),
        (r#"substring("abc", 3)"#, ""),
        (r#"substring("abc", 1, 99)"#, "bc"),
        (r#"substring("abc", 9223372036854775807, 9223372036854775807)"#, ""),
        (r#"replace("aaa", "a", "bb")"#, "bbbbbb"),
        (r#"replace("abc", "", "x")"#, "abc"),
        (r#"split(",a,", ",")"#, "[, a, ]"),
        (r#"split("été", "")"#, "[é, t, é]"),
        (r#"size(split("", ","))"#, "1"),
        (r#"size(split("", ""))"#, "0"),
        (r#"matches("harbour", "b.u")"#, "true"),
        (r#"matches("harbour", "^b")"#, "false"),
        (r#""a" + "b" + "é""#, "abé"),
        (r#""abc" contains "bc""#, "true"),
        (r#""abc" contains """#, "true"),
        (r#""abc" starts_with "bc""#, "false"),
        (r#""abc" ends_with "bc""#, "true"),
        (r#""a%c" contains "%""#, "true"),
        (r#""abc" contains "_b""#, "false"),
        (r#""Z" < "a""#, "true"),
        (r#""｡" < "𝒳""#, "true"),
    ]);
}

#[test]
fn numbers() {
    holds(&[
        ("7 div 2", "3"),
        ("-7 div 2", "-3"),
        ("-7 % 2", "-1"),
        ("7 % -2", "1"),
        ("7.5 % -2", "1.5"),
        ("7 / 2", "3.5"),
        ("9223372036854775807 / 9223372036854775806 = 1.0", "true"),
        ("1 + 2.5", "3.5"),
        ("-(1.5)", "-1.5"),
        ("abs(-2.5)", "2.5"),
        ("round(2.5)", "3.0"),
        ("round(-2.5)", "-3.0"),
        ("round(0.49999999999999994)", "0.0"),
        ("round(1.005, 2)", "1.01"),
        ("round(-1.005, 2)", "-1.01"),
        ("round(1234.5, -2)", "1200.0"),
        ("round(1.5, 400)", "1.5"),
        ("round(95.0, -3)", "0.0"),
        ("round(950.0, -3)", "1000.0"),
        ("round(9.99, 1)", "10.0"),
        ("round(1250, -2)", "1300"),
        ("round(-1250, -2)", "-1300"),
        ("round(9223372036854775807, -30)", "0"),
        ("round(7, 3)", "7"),
        ("round(4999999999999999999, -19)", "0"),
        ("floor(5)", "5"),
        ("ceil(1.2)", "2.0"),
        ("sqrt(2.25)", "1.5"),
        ("power(2, -1)", "0.5"),
        ("power(0, 0)", "1.0"),
        ("2 = 2.0", "true"),
        ("9007199254740993 = 9007199254740992.0", "false"),
        ("0.0 = -0.0", "true"),
    ]);
    let single: Arc<Float32Array> = Arc::new(Float32Array::from(vec![2.55]));
    assert_eq!(evaluate_over("round($t.g, 1)", "g", single.clone()).unwrap(), ["2.6"]);
    assert_eq!(evaluate_over("to_string($t.g)", "g", single).unwrap(), ["2.55"]);
}

#[test]
fn unsigned_integers_beyond_the_signed() {
    let large = || Arc::new(UInt64Array::from(vec![u64::MAX, 5]));
    assert_eq!(evaluate_over("$t.u % 10", "u", large()).unwrap(), ["5", "5"]);
    assert_eq!(evaluate_over("$t.u div 4", "u", large()).unwrap(), ["4611686018427387903", "1"]);
    assert_eq!(evaluate_over("$t.u > 9223372036854775807", "u", large()).unwrap(), ["true", "false"]);
    assert_eq!(evaluate_over("-1 < $t.u", "u", large()).unwrap(), ["true", "true"]);
    assert_eq!(evaluate_over("$t.u in [5, -1]", "u", large()).unwrap(), ["false", "true"]);
    let error = evaluate_over("$t.u + 1", "u", large()).unwrap_err();
    assert_eq!((error.row, error.kind.code()), (0, "overflow"));
    assert_eq!(
        evaluate_over("-$t.u", "u", Arc::new(UInt64Array::from(vec![1 << 63]))).unwrap(),
        ["-9223372036854775808"]
    );
}

#[test]
fn casts() {
    holds(&[
        ("to_string(1500000000000000000000.0)", "1500000000000000000000"),
        ("to_string(-0.0)", "0"),
        ("to_string(0.1)", "0.1"),
        ("to_string(true)", "true"),
        (r#"to_string(date("2024-05-06"))"#, "2024-05-06"),
        (r#"to_string(datetime("2024-05-06T07:08:09.5Z"))"#, "2024-05-06T07:08:09.500Z"),
        (r#"to_int("-9223372036854775808")"#, "-9223372036854775808"),
        ("to_int(2.0)", "2"),
        (r#"to_float("-1.5E-3")"#, "-0.0015"),
        ("to_float(3)", "3.0"),
        (r#"to_bool("false")"#, "false"),
        (r#"to_date(datetime("1969-12-31T23:59:59Z"))"#, "1969-12-31"),
        (r#"to_datetime(date("1969-12-31"))"#, "1969-12-31T00:00:00Z"),
    ]);
}

#[test]
fn json() {
    let meta = || {
        let object =
            r#"{"a": {"b": 1.5}, "n": 12345678901234567890, "s": "é\n", "t": true, "z": null, "l": [1, "2024-05-06"]}"#;
        texts(&[Some(object), Some("[7, 8]"), Some("null")])
    };
    for (text, expected) in [
        (r#"to_float($t.meta["a"]["b"])"#, ["1.5", "null", "null"]),
        (r#"$t.meta["a"]"#, [r#"{"b": 1.5}"#, "null", "null"]),
        (r#"to_string($t.meta["s"])"#, ["é\n", "null", "null"]),
        (r#"to_bool($t.meta["t"])"#, ["true", "null", "null"]),
        (r#"to_int($t.meta["s"])"#, ["null", "null", "null"]),
        (r#"$t.meta["z"] is null"#, ["false", "true", "true"]),
        (r#"to_int($t.meta["z"])"#, ["null", "null", "null"]),
        (r#"$t.meta["l"][0]"#, ["1", "null", "null"]),
        (r#"to_date($t.meta["l"][1])"#, ["2024-05-06", "null", "null"]),
        ("to_int($t.meta[1])", ["null", "8", "null"]),
        ("$t.meta[2]", ["null", "null", "null"]),
        ("$t.meta[-1]", ["null", "null", "null"]),
        ("to_string($t.meta) = \"null\"", ["false", "false", "true"]),
    ] {
        assert_eq!(evaluate_over(text, "meta", meta()).unwrap(), expected, "{text}");
    }
    assert_eq!(evaluate_over(r#"to_int($t.meta["n"])"#, "meta", meta()).unwrap_err().kind.code(), "out-of-range");
}

#[test]
fn lists() {
    holds(&[
        ("1 in []", "false"),
        ("null in []", "null"),
        ("1 in [1.0, 2.5]", "true"),
        (r#""b" in ["a", "b"]"#, "true"),
        (r#""i" in ["a", "b", "c", "d", "e", "f", "g", "h", "i"]"#, "true"),
        ("[1, 2, 3][2]", "3"),
        ("[1, 2, 3][3]", "null"),
        ("[1, 2, 3][-1]", "null"),
        (r#"date("2024-05-06") in [date("2024-05-06")]"#, "true"),
    ]);
    let column = || ints(&[Some(1), None, Some(3)]);
    assert_eq!(evaluate_over("[$t.i, 2]", "i", column()).unwrap(), ["[1, 2]", "null", "[3, 2]"]);
    assert_eq!(evaluate_over("[$t.i, 2.5]", "i", column()).unwrap(), ["[1.0, 2.5]", "null", "[3.0, 2.5]"]);
    assert_eq!(evaluate_over("[$t.i, 2][0]", "i", column()).unwrap(), ["1", "null", "3"]);
    assert_eq!(evaluate_over("2 in [$t.i - 1, 5]", "i", column()).unwrap(), ["false", "null", "true"]);
    assert_eq!(evaluate_over("[$t.i] is null", "i", column()).unwrap(), ["false", "true", "false"]);
    let zeros = floats(&[Some(0.0), Some(-0.0), Some(0.5)]);
    assert_eq!(evaluate_over("$t.f in [0.0, 3.0]", "f", zeros).unwrap(), ["true", "true", "false"]);
    assert_eq!(eval_error("to_int(\"1e3\")").kind.code(), "bad-text");
}
