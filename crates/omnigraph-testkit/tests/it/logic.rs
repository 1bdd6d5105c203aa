//! The text tests pass on the reference evaluator, and the runner reports differences.

use std::path::PathBuf;

use omnigraph_testkit::logic::{OracleEngine, run_file, run_folder};

#[tokio::test]
async fn text_tests_pass_on_the_reference() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../omnigraph/tests/logic");
    let outcomes = run_folder(&folder, OracleEngine::default).await.unwrap_or_else(|failures| panic!("{failures}"));
    let queries: usize = outcomes.iter().map(|(_, outcome)| outcome.queries).sum();
    assert!(queries > 150, "{queries} queries");
    let skipped: Vec<&str> =
        outcomes.iter().filter(|(_, outcome)| outcome.skipped.is_some()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(skipped, ["search.test"]);
}

const FILE: &str = "\
schema
node A { k: String @key }
----

load merge
{\"type\":\"A\",\"data\":{\"k\":\"x\"}}

# one
query
query q() { match { $a: A } return { $a.k } }
----
a.k
\"y\"

# two
query
query q() { match { $a: B } return { $a.k } }
----
error T1
contains: node type
contains: something else

# three
query
query q() { match { $a: A { k: \"z\" } } return { $a.k } }
----
";

#[tokio::test]
async fn differences_are_shown_and_can_be_written_back() {
    let outcome = run_file("a.test", FILE, &mut OracleEngine::default()).await.unwrap();
    assert_eq!(outcome.queries, 3);
    assert_eq!(
        outcome.failures,
        [
            "a.test:9: one\n    a.k\n  - \"y\"\n  + \"x\"\n",
            "a.test:16: two\n    error T1\n    contains: node type\n  - contains: something else\n",
            "a.test:24: three\n  + a.k\n  + (no rows)\n",
        ]
    );
    let again = run_file("a.test", &outcome.updated, &mut OracleEngine::default()).await.unwrap();
    assert_eq!(again.failures, Vec::<String>::new());
    assert_eq!(again.updated, outcome.updated);
}

#[tokio::test]
async fn what_is_refused_without_being_expected_is_a_failure() {
    let outcome = run_file("a.test", "schema\nnode a {}\n----\n", &mut OracleEngine::default()).await.unwrap();
    assert_eq!(outcome.failures.len(), 1, "{outcome:?}");
    assert!(outcome.failures[0].contains("+ error S000"), "{outcome:?}");
}
