//! Correlated blocks.

use crate::oracle::{OracleFixture, check};

#[test]
fn not_and_exists() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$s: Sailor not { $s trusts $_ } => { $s.handle }", &[r#""cyd""#, r#""dot""#, r#""eve""#]),
            ("$s: Sailor exists { $s trusts $_ } => { $s.handle }", &[r#""ana""#, r#""ben""#]),
            // Null is not greater, so eve stays.
            ("$s: Sailor not { $s.rank > 28 } => { $s.handle }", &[r#""ben""#, r#""dot""#, r#""eve""#]),
            // Every trusted sailor has a base. The condition holds for sailors without trust too.
            (
                "$s: Sailor not { $s trusts $t not { $t basedAt $_ } } => { $s.handle }",
                &[r#""cyd""#, r#""dot""#, r#""eve""#],
            ),
            (
                "$s: Sailor not { $s trusts $t  $t.rank > 30 } => { $s.handle }",
                &[r#""ben""#, r#""cyd""#, r#""dot""#, r#""eve""#],
            ),
            ("$s: Sailor not { $s trusts{2,2} $_ } => { count(*) as n }", &["4"]),
            ("$s: Sailor exists { $s $k:owes $_ $k.amount > $s.rank - 24 } => { $s.handle }", &[r#""ana""#]),
        ],
    );
}

#[test]
fn optional_keeps_the_row() {
    check(
        &OracleFixture::fleet(),
        &[
            (
                "$s: Sailor optional { $s basedAt $h } => { $s.handle, $h.code, $h }",
                &[
                    r#""ana" | "oslo" | {"@id":"oslo","code":"oslo"}"#,
                    r#""ben" | "riga" | {"@id":"riga","code":"riga"}"#,
                    r#""cyd" | null | null"#,
                    r#""dot" | null | null"#,
                    r#""eve" | null | null"#,
                ],
            ),
            // Variables of a block within a block that has no rows are null as well.
            (
                r#"$s: Sailor { handle: "dot" } optional { $s trusts $t optional { $t basedAt $h } } => { $t.@id, $h.@id }"#,
                &["null | null"],
            ),
            (
                r#"$s: Sailor { handle: "ana" } optional { $s trusts $t optional { $t basedAt $h } } => { $t.@id, $h.@id }"#,
                &[r#""ben" | "riga""#, r#""cyd" | null"#],
            ),
            // A null end is connected with nothing.
            ("$s: Sailor optional { $s trusts $t } $t basedAt $h => { $s.handle, $h.code }", &[r#""ana" | "riga""#]),
            ("$s: Sailor optional { $s basedAt $h } ($h is null) => { count(*) as n }", &["3"]),
            (
                "$s: Sailor optional { $s $k:owes $t $k.amount > 5 } => { $s.handle, $k.amount }",
                &[r#""ana" | 7"#, r#""ben" | null"#, r#""cyd" | null"#, r#""dot" | null"#, r#""eve" | null"#],
            ),
        ],
    );
}

#[test]
fn aggregates_of_blocks() {
    check(
        &OracleFixture::fleet(),
        &[
            (
                "$s: Sailor => { $s.handle, count { $s trusts $_ } as n }",
                &[r#""ana" | 2"#, r#""ben" | 1"#, r#""cyd" | 0"#, r#""dot" | 0"#, r#""eve" | 0"#],
            ),
            ("$s: Sailor count { $s trusts $_ } >= 2 => { $s.handle }", &[r#""ana""#]),
            (
                "$s: Sailor sum($k.amount) { $s $k:owes $_ } > 0 => { $s.handle, sum($k.amount) { $s $k:owes $_ } as owed }",
                &[r#""ana" | 9"#, r#""ben" | 1"#],
            ),
            (
                r#"$s: Sailor { handle: "cyd" } => { sum($k.amount) { $s $k:owes $_ } as a, collect($k.amount) { $s $k:owes $_ } as b }"#,
                &["null | []"],
            ),
            (
                r#"$s: Sailor { handle: "ana" } => { max($t.rank) { $s trusts $t } as a, collect($t) { $s trusts $t } as b }"#,
                &[r#"35 | [{"@id":"ben","handle":"ben","rank":25},{"@id":"cyd","handle":"cyd","rank":35}]"#],
            ),
            (
                "$s: Sailor (exists { $s basedAt $_ } or $s.rank is null) => { $s.handle }",
                &[r#""ana""#, r#""ben""#, r#""eve""#],
            ),
        ],
    );
}
