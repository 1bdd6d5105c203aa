//! The behavior of text and vector search, one module per topic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod analysis;
mod matching;
mod quantization;
mod ranking;
mod vectors;

use omnigraph_compiler::catalog::TextAnalyzer;
use omnigraph_search::Tokenizer;
use proptest::prelude::*;

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::new(&TextAnalyzer(name.to_owned())).unwrap()
}

/// The notes that the scenarios search.
const NOTES: [Option<&str>; 8] = [
    Some("The old harbour lies behind the lighthouse."),
    Some("Harbours, harbours and more HARBOURS"),
    None,
    Some("A lighthouse keeper writes a letter"),
    Some("Café au lait in the old town"),
    Some(""),
    Some("The harbour master keeps the old light"),
    Some("it is as it was, and will be"),
];

/// Generates texts with likely matches and edge cases.
fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "harbour",
        "Harbours",
        "old",
        "older",
        "the",
        "of",
        "CAFÉ",
        "cafe",
        "cafe\u{301}",
        "parseHTTPRequest2",
        "http_request",
        "__init__",
        "東京都",
        "とうきょう",
        "naïve",
        "Straße",
        "x86_64",
        "a",
        "ab",
        "abc",
        "abcd",
        "don't",
        "İI",
        "தமிழ்",
        "ﬁne",
        "42",
        "é",
        "\u{301}",
        "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
    ]);
    let gap = prop::sample::select(vec![" ", " ", " ", "-", ", ", "", "\u{a0}", "\n"]);
    let words = prop::collection::vec((piece, gap), 0..8)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, gap)| format!("{piece}{gap}")).collect());
    prop_oneof![6 => words, 1 => any::<String>()]
}

fn analyzer() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "english",
        "simple",
        "whitespace",
        "ngram",
        "code",
        "german",
        "turkish",
        "greek",
        "tamil",
    ])
}
