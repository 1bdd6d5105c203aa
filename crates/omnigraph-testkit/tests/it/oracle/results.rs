//! Order, paging, distinct, having, union.

use serde_json::json;

use crate::oracle::{OracleFixture, check};

#[test]
fn order_and_nulls() {
    check(
        &OracleFixture::fleet(),
        &[
            (
                "$s: Sailor => { $s.handle } order { $s.rank }",
                &[r#""eve""#, r#""ben""#, r#""dot""#, r#""ana""#, r#""cyd""#],
            ),
            (
                "$s: Sailor => { $s.handle } order { $s.rank desc }",
                &[r#""cyd""#, r#""ana""#, r#""dot""#, r#""ben""#, r#""eve""#],
            ),
            (
                "$s: Sailor => { $s.handle } order { $s.rank > 28 desc }",
                &[r#""ana""#, r#""cyd""#, r#""ben""#, r#""dot""#, r#""eve""#],
            ),
            ("$s: Sailor => { $s.handle as name } order { name desc } limit 2", &[r#""eve""#, r#""dot""#]),
            ("$s: Sailor => { $s.handle } order { $s.handle } limit 2 offset 3", &[r#""dot""#, r#""eve""#]),
            ("$s: Sailor => { $s.handle } limit 2", &[r#""ana""#, r#""ben""#]),
            ("$s: Sailor => { $s.handle } limit 0", &[]),
            ("$a $k:owes $b => { $k.@id } order { $a.handle }", &[r#""o1""#, r#""o2""#, r#""o3""#]),
        ],
    );
}

#[test]
fn limits_from_parameters() {
    let question = "query q($n: I64) { match { $s: Sailor } return { $s.handle } order { $s.handle desc } limit $n }";
    assert_eq!(OracleFixture::fleet().ask_with(question, &json!({"n": 1})), [r#""eve""#]);
    let negative =
        OracleFixture::fleet().result(question, &json!({"n": -1}), &omnigraph_testkit::oracle::NoTextBackend);
    assert!(negative.is_err());
}

#[test]
fn distinct_rows() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$s trusts $t => distinct { $s.handle }", &[r#""ana""#, r#""ben""#]),
            ("$s: Sailor => distinct { $s.rank > 28 as old } order { old }", &["null", "false", "true"]),
            ("$x: Placed => distinct { $x.code }", &[r#""oslo""#, r#""riga""#]),
        ],
    );
}

#[test]
fn union_of_bodies() {
    let union = |word: &str| {
        format!(
            "query q() {{ match {{ $s: Sailor $s.rank < 30 }} return {{ $s.rank as x }} {word}
               match {{ $a $k:owes $b }} return {{ $k.amount + 0.5 as x }} {word}
               match {{ $s: Sailor {{ handle: \"ben\" }} }} return {{ $s.rank as x }} order {{ x desc }} }}"
        )
    };
    check(
        &OracleFixture::fleet(),
        &[
            (&union("union"), &["28.0", "25.0", "7.5", "2.5", "1.5"]),
            (&union("union all"), &["28.0", "25.0", "25.0", "7.5", "2.5", "1.5"]),
        ],
    );
}

#[test]
fn having_reads_columns() {
    check(
        &OracleFixture::fleet(),
        &[(
            "$s: Sailor => { $s.handle, $s.rank + 1 as r } having r > 30 order { r }",
            &[r#""ana" | 31"#, r#""cyd" | 36"#],
        )],
    );
}
