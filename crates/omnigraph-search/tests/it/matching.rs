//! Text predicates: the index and the reference form agree, and both follow the language reference.

use omnigraph_search::{InvertedIndex, MatchKind, RowFilter, TextQuery};
use proptest::prelude::*;

use super::{NOTES, analyzer, text, tokenizer};

/// Returns the notes that match by the index, and asserts that the reference form agrees.
fn found_by(analyzer: &str, kind: MatchKind, query: &str) -> Vec<u32> {
    let tokenizer = tokenizer(analyzer);
    let query = TextQuery::new(&tokenizer, query);
    let found = InvertedIndex::build(&tokenizer, NOTES).matches(&query, kind, RowFilter::All);
    let reference: Vec<u32> = (0..)
        .zip(NOTES)
        .filter(|(_, text)| text.is_some_and(|text| query.matches_text(&tokenizer, kind, text)))
        .map(|(row, _)| row)
        .collect();
    assert_eq!(found, reference);
    found
}

fn found(kind: MatchKind, query: &str) -> Vec<u32> {
    found_by("english", kind, query)
}

const NONE: [u32; 0] = [];

const FUZZY: MatchKind = MatchKind::Fuzzy { edits: 2 };

#[test]
fn search_finds_exactly_the_notes_that_share_a_stem() {
    assert_eq!(found(MatchKind::Any, "harbour"), [0, 1, 6]);
    assert_eq!(found(MatchKind::Any, "glacier"), NONE);
    assert_eq!(found(MatchKind::Any, "harbour lighthouse"), [0, 1, 3, 6]);
}

#[test]
fn case_and_accents_do_not_matter() {
    assert_eq!(found(MatchKind::Any, "CAFE"), [4]);
    assert_eq!(found(MatchKind::Any, "cafe\u{301}"), [4]);
}

#[test]
fn a_query_without_tokens_matches_nothing() {
    for query in ["", "  ,;", "the of it", "was"] {
        for kind in [MatchKind::Any, MatchKind::All, MatchKind::Phrase, MatchKind::Fuzzy { edits: 9 }] {
            assert_eq!(found(kind, query), NONE, "{query:?} {kind:?}");
        }
    }
}

#[test]
fn all_takes_every_word() {
    assert_eq!(found(MatchKind::All, "old harbour"), [0, 6]);
    assert_eq!(found(MatchKind::All, "the harbour, the lighthouse"), [0]);
    assert_eq!(found(MatchKind::All, "harbour glacier"), NONE);
}

#[test]
fn a_phrase_is_in_order_and_next_to_each_other() {
    assert_eq!(found(MatchKind::Phrase, "old harbour"), [0]);
    assert_eq!(found(MatchKind::Phrase, "harbour old"), NONE);
    assert_eq!(found(MatchKind::Phrase, "harbours harbours"), [1]);
    assert_eq!(found(MatchKind::Phrase, "lighthouse"), [0, 3]);
    // A stop word within a phrase takes one position; around a phrase it does not matter.
    assert_eq!(found(MatchKind::Phrase, "keeps the old"), [6]);
    assert_eq!(found(MatchKind::Phrase, "keeps old"), NONE);
    assert_eq!(found(MatchKind::Phrase, "the harbour master and"), [6]);
}

#[test]
fn fuzzy_allows_edits_of_each_word_and_no_more() {
    assert_eq!(found(FUZZY, "harbur"), [0, 1, 6]);
    assert_eq!(found(MatchKind::Fuzzy { edits: 1 }, "harbur"), [0, 1, 6]);
    assert_eq!(found(MatchKind::Fuzzy { edits: 1 }, "habur"), NONE);
    assert_eq!(found(MatchKind::Fuzzy { edits: 0 }, "harbur"), NONE);
    assert_eq!(found(MatchKind::Fuzzy { edits: 0 }, "harbour"), [0, 1, 6]);
    assert_eq!(found(MatchKind::Fuzzy { edits: usize::MAX }, "harbour"), [0, 1, 3, 4, 6]);
}

#[test]
fn a_phrase_of_ngrams_is_a_part_of_the_text() {
    assert_eq!(found_by("ngram", MatchKind::Phrase, "arbou"), [0, 1, 6]);
    assert_eq!(found_by("ngram", MatchKind::Phrase, "light"), [0, 3, 6]);
    assert_eq!(found_by("ngram", MatchKind::Phrase, "ightho"), [0, 3]);
}

#[test]
fn filtered_rows_are_not_found() {
    let tokenizer = tokenizer("english");
    let index = InvertedIndex::build(&tokenizer, NOTES);
    let query = TextQuery::new(&tokenizer, "harbour");
    let found = index.matches(&query, MatchKind::Any, RowFilter::Only(&|row| row != 1));
    assert_eq!(found, [0, 6]);
    assert_eq!(index.document_frequencies(&query, RowFilter::All), [3]);
    assert_eq!(index.document_frequencies(&query, RowFilter::Only(&|row| row > 0)), [2]);
    assert!(index.memory_bytes() > 0 && index.rows() == NOTES.len());
}

fn kind() -> impl Strategy<Value = MatchKind> {
    prop_oneof![
        Just(MatchKind::Any),
        Just(MatchKind::All),
        Just(MatchKind::Phrase),
        (0..4_usize).prop_map(|edits| MatchKind::Fuzzy { edits }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_index_agrees_with_the_reference_form(
        texts in prop::collection::vec(prop::option::weighted(0.9, text()), 0..12),
        query in text(),
        kind in kind(),
        analyzer in analyzer(),
    ) {
        let tokenizer = tokenizer(analyzer);
        let query = TextQuery::new(&tokenizer, &query);
        let index = InvertedIndex::build(&tokenizer, texts.iter().map(Option::as_deref));
        let reference: Vec<u32> = (0..)
            .zip(&texts)
            .filter(|(_, text)| text.as_ref().is_some_and(|text| query.matches_text(&tokenizer, kind, text)))
            .map(|(row, _)| row)
            .collect();
        prop_assert_eq!(index.matches(&query, kind, RowFilter::All), reference);
    }

    #[test]
    fn a_text_that_has_tokens_matches_itself(text in text(), kind in kind(), analyzer in analyzer()) {
        let tokenizer = tokenizer(analyzer);
        let query = TextQuery::new(&tokenizer, &text);
        prop_assert_eq!(query.matches_text(&tokenizer, kind, &text), !query.is_empty());
    }
}
