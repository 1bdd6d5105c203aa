//! Expressions: logic, comparison, arithmetic, lists, JSON, functions.

use crate::oracle::{OracleFixture, check};

/// One row of everything.
fn world() -> OracleFixture {
    OracleFixture::new(
        "node Item { key: String @key  i: I32? j: I64? u: U64? f: F32? d: F64? flag: Bool? day: Date? at: DateTime?
           tags: [String]? numbers: [I64] kind: enum(red, blue)? meta: Json? v: Vector(2)? }",
        r#"{"type":"Item","data":{"key":"k","i":-7,"j":9007199254740993,"u":18446744073709551615,"f":0.1,"d":0.1,"flag":true,"day":"2024-01-31","at":"2024-05-06T07:08:09.250Z","tags":["red","blue"],"numbers":[],"kind":"red","meta":{"a":[1,"x"],"n":null},"v":[0.5,1]}}"#,
    )
}

/// The value of an expression over `$x`.
fn value(expression: &str) -> String {
    world().ask(&format!("$x: Item => {{ {expression} as v }}")).concat()
}

#[test]
fn cells() {
    assert_eq!(value("$x.f"), "0.1");
    assert_eq!(value("$x.f + 0"), "0.10000000149011612");
    assert_eq!(value("$x.u"), "18446744073709551615");
    assert_eq!(value("$x.j"), "9007199254740993");
    assert_eq!(value("$x.day"), r#""2024-01-31""#);
    assert_eq!(value("$x.at"), r#""2024-05-06T07:08:09.250Z""#);
    assert_eq!(value("now()"), r#""2024-05-06T07:08:09Z""#);
    assert_eq!(value("$x.v"), "[0.5,1.0]");
    assert_eq!(value("$x.numbers"), "[]");
    assert_eq!(value("$x.meta"), r#"{"a":[1,"x"],"n":null}"#);
    let whole = value("$x");
    assert!(whole.starts_with(r#"{"@id":"k","key":"k","i":-7,"#) && !whole.contains(r#""v""#), "{whole}");
}

#[test]
fn three_valued_logic() {
    let null = "($x.i > null)";
    assert_eq!(value(&format!("{null} and false")), "false");
    assert_eq!(value(&format!("{null} and true")), "null");
    assert_eq!(value(&format!("{null} or true")), "true");
    assert_eq!(value(&format!("{null} or false")), "null");
    assert_eq!(value(&format!("not {null}")), "null");
    assert_eq!(value(&format!("{null} is null")), "true");
    assert_eq!(value("null in $x.tags"), "null");
    assert_eq!(value("null in []"), "null");
    assert_eq!(value("1 in $x.numbers"), "false");
    assert_eq!(value(r#""red" in $x.tags and not ("green" in $x.tags)"#), "true");
}

#[test]
fn comparison_is_exact() {
    assert_eq!(value("$x.j > 9007199254740992.0"), "true");
    assert_eq!(value("$x.u > $x.j"), "true");
    assert_eq!(value("$x.u > -1"), "true");
    // A single-precision value meets a decimal as it would be written, and a double exactly.
    assert_eq!(value("$x.f = 0.1"), "true");
    assert_eq!(value("$x.f = $x.d"), "false");
    assert_eq!(value("$x.i = -7.0"), "true");
    assert_eq!(value("$x.i < -6.5"), "true");
    assert_eq!(value("$x.kind = \"red\""), "true");
    assert_eq!(value("$x.flag > false"), "true");
}

#[test]
fn arithmetic() {
    assert_eq!(value("$x.i + 3 * 2 - 1"), "-2");
    assert_eq!(value("$x.i div 2"), "-3");
    assert_eq!(value("$x.i % 4"), "-3");
    assert_eq!(value("$x.i / 2"), "-3.5");
    assert_eq!(value("-$x.i"), "7");
    assert_eq!(value("$x.key + \"!\""), r#""k!""#);
    assert_eq!(value("$x.i + null"), "null");
    let fails = |expression: &str| world().failure(&format!("$x: Item => {{ {expression} as v }}"));
    assert!(fails("$x.j * $x.j").contains("overflow"));
    assert!(fails("$x.i / ($x.i + 7)").contains("division by zero"));
    assert!(fails("$x.i % ($x.i + 7)").contains("division by zero"));
}

#[test]
fn lists_and_json() {
    assert_eq!(value("$x.tags[1]"), r#""blue""#);
    assert_eq!(value("$x.tags[2]"), "null");
    assert_eq!(value("$x.tags[-1]"), "null");
    assert_eq!(value("size($x.tags)"), "2");
    assert_eq!(value(r#"any($x.tags, "red")"#), "true");
    assert_eq!(value("$x.tags contains $x.kind"), "true");
    assert_eq!(value(r#"[$x.key, "b"]"#), r#"["k","b"]"#);
    assert_eq!(value("[$x.i, 1.5]"), "[-7.0,1.5]");
    assert_eq!(value(r#"$x.meta["a"][1]"#), r#""x""#);
    assert_eq!(value(r#"to_int($x.meta["a"][0]) + 1"#), "2");
    assert_eq!(value(r#"to_int($x.meta["a"][1])"#), "null");
    assert_eq!(value(r#"$x.meta["b"] is null and $x.meta["n"] is null"#), "true");
}

#[test]
fn functions() {
    assert_eq!(value("coalesce($x.i, $x.d, 0)"), "-7.0");
    assert_eq!(value(r#"if($x.i > 0, 1 div 0, 2)"#), "2");
    assert_eq!(value(r#"if(null, "a", "b")"#), r#""b""#);
    assert_eq!(value(r#"to_string($x.day) + " " + to_string($x.f)"#), r#""2024-01-31 0.1""#);
    assert_eq!(value(r#"$x.day + duration("P1M")"#), r#""2024-02-29""#);
    assert_eq!(value(r#"$x.at - duration("PT9S")"#), r#""2024-05-06T07:08:00.250Z""#);
    assert_eq!(value(r#"$x.at < now()"#), "false");
    assert_eq!(value(r#"date_trunc("month", $x.day)"#), r#""2024-01-01""#);
    assert_eq!(value("round($x.f, 2)"), "0.1");
    assert_eq!(value(r#"upper($x.key) starts_with "K" and $x.key ends_with "k""#), "true");
    // 1 - 3.25 / sqrt(1.25 * 9.25)
    assert!(value("distance($x.v, [0.5, 3])").starts_with("0.04422099127"));
}

#[test]
fn filters_keep_only_true() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$s: Sailor $s.rank != 28 => { $s.handle }", &[r#""ana""#, r#""ben""#, r#""cyd""#]),
            ("$s: Sailor $s.rank in [25, 35.0] => { $s.handle }", &[r#""ben""#, r#""cyd""#]),
            ("$a: Sailor $b: Sailor $a.rank > $b.rank $a trusts $b => { $a.handle, $b.handle }", &[r#""ana" | "ben""#]),
            ("$s: Sailor $t: Sailor $s.handle contains $t.handle => { count(*) as n }", &["5"]),
        ],
    );
}
