//! Paths.

use crate::oracle::{OracleFixture, check};

/// a→b→d, a→c→d, a→d dear; a second edge b→d.
fn world() -> OracleFixture {
    let nodes = ["a", "b", "c", "d", "z"].map(|name| format!(r#"{{"type":"N","data":{{"k":"{name}"}}}}"#));
    let edges = [("ab", 1), ("ac", 2), ("bd", 5), ("cd", 2), ("ad", 9), ("bd", 3)];
    let edges = edges.iter().enumerate().map(|(index, (ends, cost))| {
        let (from, to) = ends.split_at(1);
        format!(r#"{{"edge":"E","from":"{from}","to":"{to}","data":{{"id":"e{index}","cost":{cost}}}}}"#)
    });
    OracleFixture::new(
        "node N { k: String @key } edge E: N -> N { cost: F64 }",
        &nodes.into_iter().chain(edges).collect::<Vec<_>>().join("\n"),
    )
}

const ENDS: &str = r#"$a: N { k: "a" } $d: N { k: "d" }"#;

#[test]
fn shortest_is_fewest_edges_then_least_ids() {
    let ask = |path: &str, returned: &str| world().ask(&format!("{ENDS} path $p = {path} => {{ {returned} }}"));
    assert_eq!(ask("shortest $a e{1,3} $d", "length($p), cost($p)"), ["1 | 1.0"]);
    // Without the direct edge: over b, with the lesser of its two edges.
    let two = ask("shortest $a $k:e{1,3} where $k.cost < 9 $d", "$p");
    assert_eq!(
        two,
        [
            r#"{"nodes":[{"@id":"a","k":"a"},{"@id":"b","k":"b"},{"@id":"d","k":"d"}],"edges":[{"@id":"e0","@src":"a","@dst":"b","@type":"E","cost":1.0},{"@id":"e2","@src":"b","@dst":"d","@type":"E","cost":5.0}]}"#
        ]
    );
    assert_eq!(ask("all_shortest $a $k:e{1,3} where $k.cost < 9 $d", "size(edges($p)) as n"), ["2", "2", "2"]);
    assert_eq!(ask("shortest $d e{1,3} $a", "length($p)"), Vec::<String>::new());
    assert_eq!(ask("shortest $d <e>{1,3} $a", "length($p)"), ["1"]);
}

#[test]
fn cheapest_is_the_least_sum() {
    let costs = |walk: &str| {
        let rows = world().ask(&format!(
            "{ENDS} path $p = cheapest $a $k:{walk} $d by $k.cost => {{ cost($p), nodes($p)[1] as via }}"
        ));
        rows.concat()
    };
    // Both a→b→d by the cheaper edge and a→c→d cost 4; b is less than c.
    assert_eq!(costs("e{1,3}"), r#"4.0 | {"@id":"b","k":"b"}"#);
    assert_eq!(costs("e{1,1}"), r#"9.0 | {"@id":"d","k":"d"}"#);
    let negative = format!("{ENDS} path $p = cheapest $a $k:e{{1,3}} $d by $k.cost - 2 => {{ cost($p) }}");
    assert!(world().failure(&negative).contains("negative"));
}

#[test]
fn every_pair_has_its_path() {
    let question = "$a: N $b: N path $p = shortest $a e{0,2} $b => { $a.k, $b.k, length($p) as n }";
    let expected = [
        r#""a" | "a" | 0"#,
        r#""a" | "b" | 1"#,
        r#""a" | "c" | 1"#,
        r#""a" | "d" | 1"#,
        r#""b" | "b" | 0"#,
        r#""b" | "d" | 1"#,
        r#""c" | "c" | 0"#,
        r#""c" | "d" | 1"#,
        r#""d" | "d" | 0"#,
        r#""z" | "z" | 0"#,
    ];
    check(&world(), &[(question, &expected)]);
}
