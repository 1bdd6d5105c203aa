//! Grouping and aggregates.

use crate::oracle::{OracleFixture, check};

#[test]
fn over_all_rows() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$s: Sailor => { count(*) as a, count($s.rank) as b, count($s) as c }", &["5 | 4 | 5"]),
            (
                "$s: Sailor => { avg($s.rank) as a, sum($s.rank) as b, min($s.rank) as c, max($s.rank) as d }",
                &["29.5 | 118 | 25 | 35"],
            ),
            ("$s: Sailor => { min($s.handle) as a, max($s.handle) as b }", &[r#""ana" | "eve""#]),
            (
                r#"$s: Sailor { handle: "zoe" } => { count(*) as a, min($s.rank) as b, sum($s.rank) as c, collect($s) as d }"#,
                &["0 | null | null | []"],
            ),
            (
                r#"$s: Sailor { handle: "eve" } => { sum($s.rank) as a, avg($s.rank) as b, count($s.rank) as c }"#,
                &["null | null | 0"],
            ),
            ("$s: Sailor => { collect($s.rank) as a }", &["[25,28,30,35]"]),
            ("$s: Sailor => { sum($s.rank) + count(*) as a }", &["123"]),
        ],
    );
}

#[test]
fn by_group() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$s trusts $t => { $s.handle, count($t) as n }", &[r#""ana" | 2"#, r#""ben" | 1"#]),
            (
                "$s trusts $t => { $s, count($t) as n } order { n }",
                &[r#"{"@id":"ben","handle":"ben","rank":25} | 1"#, r#"{"@id":"ana","handle":"ana","rank":30} | 2"#],
            ),
            (r#"$s: Sailor { handle: "zoe" } => { $s.rank, count(*) as n }"#, &[]),
            ("$s: Sailor => { $s.rank > 28 as old, count(*) as n }", &["false | 2", "null | 1", "true | 2"]),
            (
                "$a $k:owes $b => { $a.handle, sum($k.amount) as s, avg($k.amount) as m }",
                &[r#""ana" | 9 | 4.5"#, r#""ben" | 1 | 1.0"#],
            ),
            ("$a $k:owes $b => { $a.handle, sum($k.amount) as s } having s > 5", &[r#""ana" | 9"#]),
        ],
    );
}

#[test]
fn distinct_counts_values_and_identities() {
    let world = OracleFixture::new(
        "node A { k: String @key x: I32? } node B { k: String @key x: I32? } edge E: A -> B",
        r#"{"type":"A","data":{"k":"1","x":5}}
           {"type":"A","data":{"k":"2","x":5}}
           {"type":"A","data":{"k":"3"}}
           {"type":"B","data":{"k":"1","x":5}}
           {"edge":"E","from":"1","to":"1"}
           {"edge":"E","from":"2","to":"1"}"#,
    );
    check(
        &world,
        &[
            ("$a: A => { count($a.x) as n, count(distinct $a.x) as d, sum(distinct $a.x) as s }", &["2 | 1 | 5"]),
            ("$a e $b => { count($b) as n, count(distinct $b) as d, collect(distinct $b.x) as c }", &["2 | 1 | [5]"]),
            ("$a: A => { $a.x, count(*) as n }", &["5 | 2", "null | 1"]),
        ],
    );
}

#[test]
fn sums_are_exact_or_fail() {
    let world = OracleFixture::new(
        "node A { x: I64 u: U64 }",
        r#"{"type":"A","data":{"x":9007199254740992,"u":18446744073709551614}}
           {"type":"A","data":{"x":1,"u":1}}"#,
    );
    assert_eq!(world.ask("$a: A => { sum($a.x) as s, sum($a.u) as u }"), ["9007199254740993 | 18446744073709551615"]);
    let world = OracleFixture::new(
        "node A { x: I64 }",
        r#"{"type":"A","data":{"x":9223372036854775807}}
           {"type":"A","data":{"x":1}}"#,
    );
    assert!(world.failure("$a: A => { sum($a.x) as s }").contains("overflow"));
}
