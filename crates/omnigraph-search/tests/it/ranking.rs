//! Scores of BM25 and the ranking of rows by them.

use omnigraph_search::best::Order;
use omnigraph_search::{Best, Bm25, Corpus, Field, Hit, Rows, Segment, TextQuery, Tokenizer, fuse};
use proptest::prelude::*;

use super::{NOTES, text, tokenizer};

/// One data file: for every column its texts, and which rows are live.
struct File {
    columns: Vec<Vec<Option<String>>>,
    live: Vec<bool>,
}

/// Scores by the index, of the live rows of every file.
fn by_index(tokenizer: &Tokenizer, files: &[File], weights: &[f64], query: &str) -> Vec<Vec<(u32, f64)>> {
    let query = TextQuery::new(tokenizer, query);
    let build = |texts: &Vec<Option<String>>| Segment::build(tokenizer, texts.iter().map(Option::as_deref));
    let segments: Vec<Vec<Segment>> = files.iter().map(|file| file.columns.iter().map(build).collect()).collect();
    let mut fields = Vec::new();
    for (column, weight) in weights.iter().enumerate() {
        let mut corpus = Corpus::default();
        for (file, segments) in files.iter().zip(&segments) {
            let dead = (0..).zip(&file.live).filter(|(_, live)| !**live).map(|(row, _)| row);
            let left = Corpus::of(&segments[column], Rows::All).without(&segments[column], dead);
            assert_eq!(left, Corpus::of(&segments[column], Rows::Only(&|row| file.live[row as usize])));
            corpus = corpus.plus(left);
        }
        let mut field = Field::new(*weight, &query, corpus);
        for (file, segments) in files.iter().zip(&segments) {
            field.count(&segments[column], Rows::Only(&|row| file.live[row as usize]));
        }
        fields.push(field);
    }
    let bm25 = Bm25::new(&fields);
    let score = |(file, segments): (&File, &Vec<Segment>)| {
        let segments: Vec<&Segment> = segments.iter().collect();
        bm25.score_all(&segments, Rows::Only(&|row| file.live[row as usize]))
    };
    files.iter().zip(&segments).map(score).collect()
}

/// The same by the formula, from the tokens of every live row.
fn by_formula(tokenizer: &Tokenizer, files: &[File], weights: &[f64], query: &str) -> Vec<Vec<(u32, f64)>> {
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
fn a_score_can_be_reckoned_by_hand() {
    let file = File {
        columns: vec![column(&[Some("red fox"), Some("red red hen house"), None, Some("")])],
        live: vec![true; 4],
    };
    let scores = by_index(&tokenizer("simple"), &[file], &[1.0], "RED fox, red");
    // Two texts of 3 tokens on average; "red" is in both, "fox" in one.
    let (red, fox) = ((1.0 + 0.5 / 2.5_f64).ln(), (1.0 + 1.5 / 1.5_f64).ln());
    let first = (red + fox) * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 2.0 / 3.0));
    let second = red * 2.0 * 2.2 / (2.0 + 1.2 * (0.25 + 0.75 * 4.0 / 3.0));
    let [(0, a), (1, b)] = scores[0].as_slice() else { panic!("{scores:?}") };
    assert!((a - first).abs() < 1e-12 && (b - second).abs() < 1e-12, "{scores:?}");
}

#[test]
fn the_best_note_comes_first_and_those_without_a_word_are_left_out() {
    let file = File { columns: vec![column(&NOTES)], live: vec![true; NOTES.len()] };
    let mut scores = by_index(&tokenizer("english"), &[file], &[1.0], "harbours").remove(0);
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
        let mut scores = by_index(&english, &[File { columns: vec![texts], live }], &[1.0], "harbour").remove(0);
        scores.sort_by(|a, b| b.1.total_cmp(&a.1));
        scores.into_iter().map(|(row, _)| row).collect::<Vec<_>>()
    };
    let fused = fuse([(ranked(titles), 1.0), (ranked(bodies), 1.0)], 60.0);
    assert_eq!(fused, [(0, 1.0 / 61.0), (1, 1.0 / 61.0), (2, 1.0 / 62.0)]);
}

#[test]
fn rows_that_tie_with_the_last_are_all_given() {
    let offered = |order| {
        let mut best = Best::new(2, order);
        for row in 0..1000 {
            best.offer(Hit { part: row % 3, row, score: f64::from(row / 4) });
        }
        best.offer(Hit { part: 0, row: 5000, score: f64::NAN });
        best.finish().iter().map(|hit| (hit.part, hit.row)).collect::<Vec<_>>()
    };
    assert_eq!(offered(Order::Ascending), [(0, 0), (0, 3), (1, 1), (2, 2)]);
    assert_eq!(offered(Order::Descending), [(0, 996), (0, 999), (1, 997), (2, 998)]);
    assert!(Best::new(0, Order::Ascending).finish().is_empty());
}

#[test]
fn zeros_tie_whatever_their_sign() {
    let mut best = Best::new(1, Order::Ascending);
    best.offer(Hit { part: 0, row: 0, score: 0.0 });
    best.offer(Hit { part: 0, row: 1, score: -0.0 });
    assert_eq!(best.finish().len(), 2);
}

fn file() -> impl Strategy<Value = File> {
    let cell = || prop::option::weighted(0.9, text());
    prop::collection::vec((cell(), cell(), prop::bool::weighted(0.8)), 0..10).prop_map(|rows| File {
        columns: vec![rows.iter().map(|row| row.0.clone()).collect(), rows.iter().map(|row| row.1.clone()).collect()],
        live: rows.iter().map(|row| row.2).collect(),
    })
}

impl std::fmt::Debug for File {
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
            (by_index(&tokenizer, &files, &weights, &query), by_formula(&tokenizer, &files, &weights, &query));
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
        let file = |texts: &[Option<String>]| File { columns: vec![texts.to_vec()], live: vec![true; texts.len()] };
        let (front, back) = texts.split_at(cut.min(texts.len()));
        let whole = by_index(&tokenizer, &[file(&texts)], &[1.0], &query).remove(0);
        let mut parts = by_index(&tokenizer, &[file(front), file(back)], &[1.0], &query).into_iter();
        let mut joined = parts.next().unwrap();
        joined.extend(parts.next().unwrap().into_iter().map(|(row, score)| (row + front.len() as u32, score)));
        prop_assert_eq!(whole, joined);
    }

    #[test]
    fn the_best_are_those_of_a_full_sort(scores in prop::collection::vec(0..20_u8, 0..600), k in 0..40_usize) {
        let hits = (0..).zip(&scores).map(|(row, score)| Hit { part: 0, row, score: f64::from(*score) });
        let mut sorted: Vec<Hit> = hits.clone().collect();
        sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
        if let Some(border) = k.checked_sub(1).map(|last| sorted.get(last).copied()) {
            sorted.retain(|hit| border.is_none_or(|border| hit.score >= border.score));
        } else {
            sorted.clear();
        }
        let (mut best, mut rest) = (Best::new(k, Order::Descending), Best::new(k, Order::Descending));
        hits.for_each(|hit| if hit.row % 2 == 0 { best.offer(hit) } else { rest.offer(hit) });
        best.merge(rest);
        prop_assert_eq!(best.finish(), sorted);
    }
}
