//! The tokens of each analyzer.

use omnigraph_compiler::catalog::{ANALYZERS, TextAnalyzer};
use omnigraph_search::{Tokenizer, UnknownAnalyzer};
use proptest::prelude::*;

use super::{text, tokenizer};

/// Returns tokens with their positions, as `token@position`.
fn tokens(analyzer: &str, text: &str) -> String {
    let mut tokens = Vec::new();
    tokenizer(analyzer).analyze(text, &mut |token, position| tokens.push(format!("{token}@{position}")));
    tokens.join(" ")
}

#[test]
fn every_analyzer_of_the_schema_language_exists() {
    for name in ANALYZERS {
        assert!(!tokens(name, "word").is_empty(), "{name}");
    }
    let unknown = Tokenizer::new(&TextAnalyzer("klingon".to_owned())).unwrap_err();
    assert_eq!(unknown, UnknownAnalyzer("klingon".to_owned()));
}

#[test]
fn english_drops_stop_words_keeps_their_positions_and_stems() {
    assert_eq!(tokens("english", "The state of the art: RUNNING harbours!"), "state@1 art@4 run@5 harbour@6");
    assert_eq!(tokens("english", "Cafés, naïve & CAFE"), "cafe@0 naiv@1 cafe@2");
    assert_eq!(tokens("english", "it is the a"), "");
}

#[test]
fn languages_know_their_own_words() {
    assert_eq!(tokens("german", "Die Häuser und das Haus"), "haus@1 haus@4");
    assert_eq!(tokens("french", "l'élève et les élèves"), "elev@1 elev@4");
    assert_eq!(tokens("russian", "книги и книга"), "книг@0 книг@2");
    assert_eq!(tokens("turkish", "ISPARTA ve ısparta"), tokens("turkish", "ısparta ve ISPARTA"));
    assert_eq!(tokens("greek", "Ο δρόμος ΔΡΟΜΟΣ"), "δρομ@1 δρομ@2");
}

#[test]
fn simple_only_cuts_and_folds() {
    assert_eq!(tokens("simple", "The Straße, don't! x_1"), "the@0 strasse@1 don@2 t@3 x@4 1@5");
    assert_eq!(tokens("simple", "東京タワーです"), "東@0 京@1 タワー@2 で@3 す@4");
}

#[test]
fn whitespace_cuts_at_white_space_only() {
    assert_eq!(tokens("whitespace", " A-1/b\u{a0}C++\n(d) "), "a-1/b@0 c++@1 (d)@2");
}

#[test]
fn ngram_emits_runs_of_three() {
    assert_eq!(tokens("ngram", "Harbour of ab"), "har@0 arb@1 rbo@2 bou@3 our@4 of@5 ab@6");
    assert_eq!(tokens("ngram", "Été"), "ete@0");
}

#[test]
fn code_keeps_an_identifier_and_its_parts() {
    assert_eq!(
        tokens("code", "parseHTTPRequest2_fast(x)"),
        "parsehttprequest2_fast@0 parse@0 http@1 request@2 2@3 fast@4 x@5"
    );
    assert_eq!(tokens("code", "__init__ _ self.x86"), "__init__@0 init@0 self@1 x86@2 x@2 86@3");
    assert_eq!(tokens("code", "Word WORD word"), "word@0 word@1 word@2");
}

#[test]
fn a_piece_that_is_too_long_has_a_position_and_no_token() {
    let (fits, long) = ("é".repeat(40), "é".repeat(41));
    for analyzer in ["english", "simple", "german"] {
        assert_eq!(tokens(analyzer, &format!("{long} {fits} x")).split('@').count(), 3, "{analyzer}");
        assert!(tokens(analyzer, &format!("{long} x")).ends_with("x@1"));
    }
    assert_eq!(tokens("ngram", &format!("{long} x")), "x@1");
    assert_eq!(tokens("whitespace", &format!("{long} {} x", "y".repeat(257))), format!("{}@0 x@2", "e".repeat(41)));
}

proptest! {
    #[test]
    fn any_text_gives_tokens_that_are_not_empty_at_ascending_positions(text in text(), index in 0..ANALYZERS.len()) {
        let mut last = 0;
        let mut bad = None;
        tokenizer(ANALYZERS[index]).analyze(&text, &mut |token, position| {
            if token.is_empty() || position < last {
                bad = Some((token.to_owned(), position));
            }
            last = position;
        });
        prop_assert_eq!(bad, None);
    }

    #[test]
    fn case_and_encoding_of_ascii_and_latin_text_do_not_matter(text in "[a-zA-Zéöàñç ,.']{0,40}", index in 0..ANALYZERS.len()) {
        use unicode_normalization::UnicodeNormalization as _;
        let name = ANALYZERS[index];
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(tokens(name, &text), tokens(name, &decomposed));
        // Case separates the parts of an identifier, and distinguishes the letters `I` of Turkish.
        if !matches!(name, "code" | "turkish") {
            prop_assert_eq!(tokens(name, &text), tokens(name, &text.to_uppercase()));
        }
    }
}
