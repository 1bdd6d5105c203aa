//! Ranks: vectors, and text with a simple substitute for its analysis.

use omnigraph_testkit::oracle::{NoTextBackend, OracleError, ScoredField, TextBackend, TextTest};
use serde_json::json;

use crate::oracle::{OracleFixture, check, lines};

fn world() -> OracleFixture {
    OracleFixture::new(
        "node Note { slug: String @key  body: String? @index  v: Vector(2)? @index(metric=l2) w: Vector(2)? }",
        r#"{"type":"Note","data":{"slug":"a","body":"red red blue","v":[0,1]}}
           {"type":"Note","data":{"slug":"b","body":"red","v":[3,4],"w":[1,0]}}
           {"type":"Note","data":{"slug":"c","body":"green","v":[0,1],"w":[0,1]}}
           {"type":"Note","data":{"slug":"d","w":[1,1]}}"#,
    )
}

/// Words split at blanks; a document's score is how often it holds words of the query.
struct WordCount;

impl TextBackend for WordCount {
    fn matches(&self, test: TextTest, _: &str, text: &str, query: &str) -> Result<bool, OracleError> {
        let words: Vec<&str> = text.split(' ').collect();
        let mut asked = query.split(' ');
        Ok(match test {
            TextTest::All => asked.all(|word| words.contains(&word)),
            _ => asked.any(|word| words.contains(&word)),
        })
    }

    fn bm25(
        &self,
        fields: &[ScoredField],
        corpus: &[Vec<Option<String>>],
        query: &str,
    ) -> Result<Vec<f64>, OracleError> {
        let count = |text: &Option<String>| {
            let words =
                text.as_deref().unwrap_or("").split(' ').filter(|word| query.split(' ').any(|asked| asked == *word));
            words.count() as f64
        };
        let score = |document: &Vec<Option<String>>| {
            document.iter().zip(fields).map(|(text, field)| count(text) * field.weight).sum()
        };
        Ok(corpus.iter().map(score).collect())
    }
}

fn words(question: &str) -> Vec<String> {
    lines(&world().result(question, &json!({}), &WordCount).unwrap())
}

#[test]
fn nearest_orders_and_leaves_out_what_has_no_vector() {
    check(
        &world(),
        &[
            (
                "$n: Note => { $n.slug, nearest($n.v, [0, 0]) as d } order { d } limit 9",
                &[r#""a" | 1.0"#, r#""c" | 1.0"#, r#""b" | 25.0"#],
            ),
            ("$n: Note => { $n.slug } order { nearest($n.v, [0, 0]), $n.slug desc } limit 2", &[r#""c""#, r#""a""#]),
            // Filters first: two rows qualify and two rows come.
            (
                r#"$n: Note $n.slug != "a" => { $n.slug } order { nearest($n.v, [0, 0]) } limit 2"#,
                &[r#""c""#, r#""b""#],
            ),
            ("$n: Note distance($n.v, [0, 0]) < 2 => { $n.slug }", &[r#""a""#, r#""c""#]),
            ("$n: Note => { $n.slug } order { nearest($n.w, [1, 0]) } limit 0", &[]),
        ],
    );
}

#[test]
fn text_needs_the_callers_analysis() {
    let question = r#"$n: Note search($n.body, "red") => { $n.slug }"#;
    assert!(matches!(world().result(question, &json!({}), &NoTextBackend), Err(OracleError::NotSupported(_))));
    assert_eq!(words(question), [r#""a""#, r#""b""#]);
    assert_eq!(words(r#"$n: Note match_all($n.body, "red blue") => { $n.slug }"#), [r#""a""#]);
    // Without a text the predicate is null, and so is its negation.
    assert_eq!(words(r#"$n: Note not search($n.body, "red") => { $n.slug }"#), [r#""c""#]);
    let scores = words(r#"$n: Note => { $n.slug, bm25($n.body, "red") as s } order { s }"#);
    assert_eq!(scores, [r#""a" | 2.0"#, r#""b" | 1.0"#]);
}

#[test]
fn fusion_adds_places() {
    // By text: a 1, b 2. By vector: b 1, d 2, c 3. With k = 1: b 1/3 + 1/2, a 1/2, d 1/3, c 1/4.
    let rows =
        words(r#"$n: Note => { $n.slug } order { rrf(bm25($n.body, "red"), nearest($n.w, [1, 0]), k = 1) } limit 9"#);
    assert_eq!(rows, [r#""b""#, r#""a""#, r#""d""#, r#""c""#]);
}
