//! BM25 scores and the ranking of rows.

use omnigraph_search::{
    Bm25Field, Bm25Scorer, CorpusStats, InvertedIndex, RowFilter, ScoreOrder, ScoredRow, TextQuery, Tokenizer,
    TopKCollector, reciprocal_rank_fusion,
};
use proptest::prelude::*;

use super::{NOTES, text, tokenizer};

/// A data file: the texts of each column, and the live rows.
struct TestFile {
    columns: Vec<Vec<Option<String>>>,
    live: Vec<bool>,
}

/// Returns the scores of the live rows of every file, by the index.
fn index_scores(tokenizer: &Tokenizer, files: &[TestFile], weights: &[f64], query: &str) -> Vec<Vec<(u32, f64)>> {
    let query = TextQuery::new(tokenizer, query);
    let build = |texts: &Vec<Option<String>>| InvertedIndex::build(tokenizer, texts.iter().map(Option::as_deref));
    let indexes: Vec<Vec<InvertedIndex>> = files.iter().map(|file| file.columns.iter().map(build).collect()).collect();
    let mut fields = Vec::new();
    for (column, weight) in weights.iter().enumerate() {
        let mut corpus = CorpusStats::default();
        for (file, indexes) in files.iter().zip(&indexes) {
            let dead = (0..).zip(&file.live).filter(|(_, live)| !**live).map(|(row, _)| row);
            let left = CorpusStats::count(&indexes[column], RowFilter::All).subtract_rows(&indexes[column], dead);
            assert_eq!(left, CorpusStats::count(&indexes[column], RowFilter::Only(&|row| file.live[row as usize])));
            corpus = corpus.merge(left);
        }
        let mut field = Bm25Field::new(*weight, &query, corpus);
        for (file, indexes) in files.iter().zip(&indexes) {
            field.count(&indexes[column], RowFilter::Only(&|row| file.live[row as usize]));
        }
        fields.push(field);
    }
    let bm25 = Bm25Scorer::new(&fields);
    let score = |(file, indexes): (&TestFile, &Vec<InvertedIndex>)| {
        let indexes: Vec<&InvertedIndex> = indexes.iter().collect();
        bm25.score_all(&indexes, RowFilter::Only(&|row| file.live[row as usize]))
    };
    files.iter().zip(&indexes).map(score).collect()
}

/// Returns the same scores by the formula, from the tokens of every live row.
fn formula_scores(tokenizer: &Tokenizer, files: &[TestFile], weights: &[f64], query: &str) -> Vec<Vec<(u32, f64)>> {
    let query = TextQuery::new(tokenizer, query);
    let tokens = |text: &Option<String>| {
        let mut tokens = Vec::new();
        tokenizer.analyze(text.as_deref().unwrap_or(""), &mut |token, _| tokens.push(token.to_owned()));
        tokens
    };
    let mut scores: Vec<Vec<f64>> = files.iter().map(|file| vec![0.0; file.live.len()]).collect();
    for (column, weight) in weights.iter().enumerate() {
        let texts: Vec<(usize, usize, Vec<String>)> = files
            .iter()
            .enumerate()
            .flat_map(|(number, file)| {
                file.columns[column].iter().enumerate().map(move |(row, text)| (number, row, text))
            })
            .filter(|(number, row, _)| files[*number].live[*row])
            .map(|(number, row, text)| (number, row, tokens(text)))
            .filter(|(_, _, tokens)| !tokens.is_empty())
            .collect();
        let all = texts.len() as f64;
        let average = texts.iter().map(|(_, _, tokens)| tokens.len() as f64).sum::<f64>() / all;
        for word in query.words() {
            let holding = texts.iter().filter(|(_, _, tokens)| tokens.contains(word)).count() as f64;
            let idf = (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln();
            for (number, row, tokens) in &texts {
                let frequency = tokens.iter().filter(|token| *token == word).count() as f64;
                let norm = 1.2 * (1.0 - 0.75 + 0.75 * tokens.len() as f64 / average);
                scores[*number][*row] += weight * idf * frequency * 2.2 / (frequency + norm);
            }
        }
    }
    let covered = |scores: Vec<f64>| (0..).zip(scores).filter(|(_, score)| *score > 0.0).collect();
    scores.into_iter().map(covered).collect()
}

fn column(texts: &[Option<&str>]) -> Vec<Option<String>> {
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn scores_match_a_manual_calculation() {
    let file = TestFile {
        columns: vec![column(&[Some("red fox"), Some("red red hen house"), None, Some("")])],
        live: vec![true; 4],
    };
    let scores = index_scores(&tokenizer("simple"), &[file], &[1.0], "RED fox, red");
    // Two texts of 3 tokens on average; "red" is in both, "fox" in one.
    let (red, fox) = ((1.0 + 0.5 / 2.5_f64).ln(), (1.0 + 1.5 / 1.5_f64).ln());
    let first = (red + fox) * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 2.0 / 3.0));
    let second = red * 2.0 * 2.2 / (2.0 + 1.2 * (0.25 + 0.75 * 4.0 / 3.0));
    let [(0, a), (1, b)] = scores[0].as_slice() else { panic!("{scores:?}") };
    assert!((a - first).abs() < 1e-12 && (b - second).abs() < 1e-12, "{scores:?}");
}

#[test]
fn the_best_note_is_first_and_notes_without_a_word_are_omitted() {
    let file = TestFile { columns: vec![column(&NOTES)], live: vec![true; NOTES.len()] };
    let mut scores = index_scores(&tokenizer("english"), &[file], &[1.0], "harbours").remove(0);
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    assert_eq!(scores.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 0, 6]);
}

#[test]
fn fusing_two_columns_follows_the_formula() {
    let english = tokenizer("english");
    let titles = column(&[Some("harbour"), Some("lighthouse"), Some("old harbour")]);
    let bodies = column(&[Some("old"), Some("an old harbour"), None]);
    let ranked = |texts: Vec<Option<String>>| {
        let live = vec![true; texts.len()];
        let mut scores =
            index_scores(&english, &[TestFile { columns: vec![texts], live }], &[1.0], "harbour").remove(0);
        scores.sort_by(|a, b| b.1.total_cmp(&a.1));
        scores.into_iter().map(|(row, _)| row).collect::<Vec<_>>()
    };
    let fused = reciprocal_rank_fusion([(ranked(titles), 1.0), (ranked(bodies), 1.0)], 60.0);
    assert_eq!(fused, [(0, 1.0 / 61.0), (1, 1.0 / 61.0), (2, 1.0 / 62.0)]);
}

#[test]
fn all_rows_that_tie_with_the_last_are_returned() {
    let best_of = |order| {
        let mut best = TopKCollector::new(2, order);
        for row in 0..1000 {
            best.push(ScoredRow { part: row % 3, row, score: f64::from(row / 4) });
        }
        best.push(ScoredRow { part: 0, row: 5000, score: f64::NAN });
        best.finish().iter().map(|scored| (scored.part, scored.row)).collect::<Vec<_>>()
    };
    assert_eq!(best_of(ScoreOrder::Ascending), [(0, 0), (0, 3), (1, 1), (2, 2)]);
    assert_eq!(best_of(ScoreOrder::Descending), [(0, 996), (0, 999), (1, 997), (2, 998)]);
    assert!(TopKCollector::new(0, ScoreOrder::Ascending).finish().is_empty());
}

#[test]
fn zeros_tie_whatever_their_sign() {
    let mut best = TopKCollector::new(1, ScoreOrder::Ascending);
    best.push(ScoredRow { part: 0, row: 0, score: 0.0 });
    best.push(ScoredRow { part: 0, row: 1, score: -0.0 });
    assert_eq!(best.finish().len(), 2);
}

fn file() -> impl Strategy<Value = TestFile> {
    let cell = || prop::option::weighted(0.9, text());
    prop::collection::vec((cell(), cell(), prop::bool::weighted(0.8)), 0..10).prop_map(|rows| TestFile {
        columns: vec![rows.iter().map(|row| row.0.clone()).collect(), rows.iter().map(|row| row.1.clone()).collect()],
        live: rows.iter().map(|row| row.2).collect(),
    })
}

impl std::fmt::Debug for TestFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.columns, self.live)
    }
}

proptest! {
    #[test]
    fn the_index_scores_by_the_formula(files in prop::collection::vec(file(), 0..4), query in text(), analyzer in super::analyzer()) {
        let tokenizer = tokenizer(analyzer);
        let weights = [3.0, 0.5];
        let (index, formula) =
            (index_scores(&tokenizer, &files, &weights, &query), formula_scores(&tokenizer, &files, &weights, &query));
        for (index, formula) in index.iter().zip(&formula) {
            prop_assert_eq!(index.len(), formula.len());
            for (index, formula) in index.iter().zip(formula) {
                prop_assert_eq!(index.0, formula.0);
                prop_assert!((index.1 - formula.1).abs() <= 1e-12 * formula.1);
            }
        }
    }

    #[test]
    fn scores_do_not_depend_on_how_rows_are_spread_over_files(
        texts in prop::collection::vec(prop::option::weighted(0.9, text()), 0..12),
        cut in 0..12_usize,
        query in text(),
    ) {
        let tokenizer = tokenizer("english");
        let file = |texts: &[Option<String>]| TestFile { columns: vec![texts.to_vec()], live: vec![true; texts.len()] };
        let (front, back) = texts.split_at(cut.min(texts.len()));
        let whole = index_scores(&tokenizer, &[file(&texts)], &[1.0], &query).remove(0);
        let mut parts = index_scores(&tokenizer, &[file(front), file(back)], &[1.0], &query).into_iter();
        let mut joined = parts.next().unwrap();
        joined.extend(parts.next().unwrap().into_iter().map(|(row, score)| (row + front.len() as u32, score)));
        prop_assert_eq!(whole, joined);
    }

    #[test]
    fn the_best_are_those_of_a_full_sort(scores in prop::collection::vec(0..20_u8, 0..600), k in 0..40_usize) {
        let scored_rows = (0..).zip(&scores).map(|(row, score)| ScoredRow { part: 0, row, score: f64::from(*score) });
        let mut sorted: Vec<ScoredRow> = scored_rows.clone().collect();
        sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
        if let Some(last) = k.checked_sub(1).map(|position| sorted.get(position).copied()) {
            sorted.retain(|scored| last.is_none_or(|last| scored.score >= last.score));
        } else {
            sorted.clear();
        }
        let (mut best, mut rest) = (TopKCollector::new(k, ScoreOrder::Descending), TopKCollector::new(k, ScoreOrder::Descending));
        scored_rows.for_each(|scored| if scored.row % 2 == 0 { best.push(scored) } else { rest.push(scored) });
        best.merge(rest);
        prop_assert_eq!(best.finish(), sorted);
    }
}
