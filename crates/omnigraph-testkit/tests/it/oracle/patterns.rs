//! Bindings, single hops, edge bindings, selections, walks, hop counts.

use crate::oracle::{OracleFixture, check};

#[test]
fn bindings_and_their_cross_product() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$h: Harbor => { $h.code }", &[r#""oslo""#, r#""riga""#]),
            (
                r#"$s: Sailor { handle: "ana" } $h: Harbor => { $s.rank, $h.code }"#,
                &[r#"30 | "oslo""#, r#"30 | "riga""#],
            ),
            ("$s: Sailor $h: Harbor => { count(*) as n }", &["10"]),
            (r#"$s: Sailor $s: Sailor { rank: 25 } => { $s.handle }"#, &[r#""ben""#]),
            (r#"$s: Sailor { rank: 99 } => { $s.handle }"#, &[]),
        ],
    );
}

#[test]
fn one_hop_in_every_direction() {
    check(
        &OracleFixture::fleet(),
        &[
            (r#"$s: Sailor { handle: "ana" } $s trusts $t => { $t.handle }"#, &[r#""ben""#, r#""cyd""#]),
            (r#"$t: Sailor { handle: "dot" } $s trusts $t => { $s.handle }"#, &[r#""ben""#]),
            (r#"$s: Sailor { handle: "ben" } $s <trusts> $t => { $t.handle }"#, &[r#""ana""#, r#""dot""#]),
            (r#"$h: Harbor { code: "oslo" } $h basedAt $s => { $s.handle }"#, &[r#""ana""#]),
            (
                "$a trusts $c $b trusts $c => { $a.handle, $b.handle, $c.handle }",
                &[r#""ana" | "ana" | "ben""#, r#""ana" | "ana" | "cyd""#, r#""ben" | "ben" | "dot""#],
            ),
            ("$a owes $a => { $a.handle }", &[r#""ben""#]),
            ("$a <owes> $a => { $a.handle }", &[r#""ben""#]),
            (r#"$a: Sailor { handle: "ben" } $b: Sailor { handle: "dot" } $a trusts $b => { count(*) as n }"#, &["1"]),
            ("$s: Sailor $s trusts $_ => { $s.handle }", &[r#""ana""#, r#""ana""#, r#""ben""#]),
        ],
    );
}

#[test]
fn parallel_edges_collapse_unless_bound() {
    check(
        &OracleFixture::fleet(),
        &[
            ("$a owes $b => { $a.handle, $b.handle }", &[r#""ana" | "ben""#, r#""ben" | "ben""#]),
            ("$a $k:owes $b => { $a.handle, $k.amount }", &[r#""ana" | 2"#, r#""ana" | 7"#, r#""ben" | 1"#]),
            (
                "$a $k:<owes> $b => { $a.handle, $b.handle, $k.amount }",
                &[
                    r#""ana" | "ben" | 2"#,
                    r#""ana" | "ben" | 7"#,
                    r#""ben" | "ana" | 2"#,
                    r#""ben" | "ana" | 7"#,
                    r#""ben" | "ben" | 1"#,
                ],
            ),
            (
                "$a $k:owes { amount: 2 } $b => { $k.@id, $k.@src, $k.@dst, $k.@type }",
                &[r#""o2" | "ana" | "ben" | "Owes""#],
            ),
            ("$a owes { amount: 2 } $b => { $a.handle }", &[r#""ana""#]),
            ("$a $k:trusts $b $k.since > date(\"2024-02-01\") => { $k.@id }", &[r#""t2""#]),
        ],
    );
}

#[test]
fn selections_of_edge_types() {
    check(
        &OracleFixture::fleet(),
        &[
            (
                r#"$a: Sailor { handle: "ana" } $a (trusts | basedAt) $x => { $x.@type, $x.@id }"#,
                &[r#""Harbor" | "oslo""#, r#""Sailor" | "ben""#, r#""Sailor" | "cyd""#],
            ),
            (
                r#"$a: Sailor { handle: "ana" } $a $k:* $x => { $k.@type, $x.@id }"#,
                &[
                    r#""BasedAt" | "oslo""#,
                    r#""Owes" | "ben""#,
                    r#""Owes" | "ben""#,
                    r#""Trusts" | "ben""#,
                    r#""Trusts" | "cyd""#,
                ],
            ),
        ],
    );
    // A walk over types that alternate: ana trusts ben, who is based at riga.
    let walk = r#"$a: Sailor { handle: "ana" } $x: Harbor $a $h@(trusts | basedAt){1,2} $x => { $x.@id, $h }"#;
    check(&OracleFixture::fleet(), &[(walk, &[r#""oslo" | 1"#, r#""riga" | 2"#])]);
}

#[test]
fn interfaces_range_over_their_types() {
    check(
        &OracleFixture::fleet(),
        &[
            (
                "$x: Placed => { $x.@type, $x.code }",
                &[r#""Bay" | "oslo""#, r#""Harbor" | "oslo""#, r#""Harbor" | "riga""#],
            ),
            // One id in two types: only the harbour has sailors.
            ("$x: Placed not { $s: Sailor $s basedAt $x } => { $x.@type }", &[r#""Bay""#]),
            (
                "$x: Placed $y: Placed $x = $y => { $x.@type, $x.@id }",
                &[r#""Bay" | "oslo""#, r#""Harbor" | "oslo""#, r#""Harbor" | "riga""#],
            ),
            (
                "$x: Placed => { $x }",
                &[
                    r#"{"@id":"oslo","code":"oslo","deep":true}"#,
                    r#"{"@id":"oslo","code":"oslo"}"#,
                    r#"{"@id":"riga","code":"riga"}"#,
                ],
            ),
        ],
    );
}

fn chain(edges: &str) -> OracleFixture {
    let mut lines = String::new();
    for name in ["a", "b", "c", "d", "e"] {
        lines.push_str(&format!("{{\"type\":\"N\",\"data\":{{\"k\":\"{name}\"}}}}\n"));
    }
    for (index, edge) in edges.split_whitespace().enumerate() {
        let (from, to) = edge.split_at(1);
        lines.push_str(&format!(
            "{{\"edge\":\"E\",\"from\":\"{from}\",\"to\":\"{to}\",\"data\":{{\"id\":\"{index}\",\"w\":{index}}}}}\n"
        ));
    }
    OracleFixture::new("node N { k: String @key } edge E: N -> N { w: I32 }", &lines)
}

/// Returns the ends of walks from `a`.
fn reached(edges: &str, walk: &str) -> String {
    let rows = chain(edges).ask(&format!(r#"$a: N {{ k: "a" }} $a {walk} $b => {{ $b.k }}"#));
    rows.concat().replace('"', "")
}

#[test]
fn walks_are_breadth_first() {
    assert_eq!(reached("ab bc cd de", "e{1,3}"), "bcd");
    assert_eq!(reached("ab bc cd de", "e{2,3}"), "cd");
    assert_eq!(reached("ab bc cd de", "e{2}"), "c");
    assert_eq!(reached("ab bc cd de", "e{0,2}"), "abc");
    assert_eq!(reached("ab bc cd de", "e{2,}"), "cde");
    // A cycle does not lead back to the start, and no node comes twice.
    assert_eq!(reached("ab bc ca", "e{1,5}"), "bc");
    assert_eq!(reached("ab ac bd cd", "e{2,2}"), "d");
    // At distance 1 it is not at distance 2.
    assert_eq!(reached("ab bc ac", "e{2,2}"), "");
    // A self-edge adds one hop, once.
    assert_eq!(reached("aa ab", "e"), "ab");
    assert_eq!(reached("aa ab", "e{1,1}"), "ab");
    assert_eq!(reached("aa ab", "e{1,4}"), "ab");
    assert_eq!(reached("ab bb", "e{2,2}"), "b");
    assert_eq!(reached("ab bb", "e{3,3}"), "");
    assert_eq!(reached("ba ca", "<e>{1,2}"), "bc");
    assert_eq!(reached("ba", "e{1,3}"), "");
}

#[test]
fn conditions_hold_on_every_edge_of_a_walk() {
    // The edges are numbered: ab 0, bc 1, cd 2, ad 3.
    assert_eq!(reached("ab bc cd ad", "$k:e{1,4} where $k.w < 2"), "bc");
    assert_eq!(reached("ab bc cd ad", "$k:e{1,4} where $k.w != 3"), "bcd");
    let world = chain("ab bc cd ad");
    check(
        &world,
        &[
            (
                r#"$a: N { k: "a" } $a $h@e{0,4} $b => { $b.k, $h }"#,
                &[r#""a" | 0"#, r#""b" | 1"#, r#""c" | 2"#, r#""d" | 1"#],
            ),
            (
                r#"$a: N { k: "a" } $a $k:$h@e{1,4} where $k.w < 3 $b => { $b.k, $h }"#,
                &[r#""b" | 1"#, r#""c" | 2"#, r#""d" | 3"#],
            ),
            (r#"$a: N { k: "a" } $b: N { k: "d" } $a $h@e{1,} $b ($h < 2) => { $h }"#, &["1"]),
        ],
    );
    // A self-edge that the condition refuses does not count.
    assert_eq!(reached("ab bb", "$k:e{2,2} where $k.w < 1"), "");
}
