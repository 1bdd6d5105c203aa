//! Benchmark: indexes short texts, ranks them, and finds the nearest vectors.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]
#![allow(clippy::unwrap_used, reason = "a bench may fail")]

use std::hint::black_box;
use std::time::Instant;

use omnigraph_compiler::catalog::{DistanceMetric, TextAnalyzer};
use omnigraph_search::{
    Bm25Field, Bm25Scorer, CorpusStats, InvertedIndex, MatchKind, RowFilter, ScoreOrder, TextQuery, Tokenizer,
    TopKCollector, VectorQuery,
};

const TEXTS: usize = 64 * 1024;
const WORDS_PER_TEXT: usize = 20;
const DICTIONARY: u64 = 50_000;
const VECTORS: usize = 100_000;
const DIMENSION: usize = 256;

/// Number of runs; the fastest counts.
const RUNS: usize = 5;

fn main() {
    let mut random = XorShift(1);
    texts(&mut random);
    vectors(&mut random);
}

fn texts(random: &mut XorShift) {
    let tokenizer = Tokenizer::new(&TextAnalyzer("english".to_owned())).unwrap();
    let texts: Vec<String> = (0..TEXTS).map(|_| random.text()).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let index = measure("build", || InvertedIndex::build(&tokenizer, texts.iter().map(|text| Some(text.as_str()))));
    println!("{:>24} {:>12} of {bytes} bytes of text, {} tokens", "memory", index.memory_bytes(), index.term_count());

    let corpus = measure("corpus", || CorpusStats::count(&index, RowFilter::All));
    for (name, text) in [("top 10, common words", "word0 word1 word2"), ("top 10, rare words", "word30000 word40000")] {
        let query = TextQuery::new(&tokenizer, text);
        let rows = measure(name, || {
            let mut field = Bm25Field::new(1.0, &query, corpus);
            field.count(&index, RowFilter::All);
            let mut best = TopKCollector::new(10, ScoreOrder::Descending);
            Bm25Scorer::new(&[field]).rank(0, &[&index], RowFilter::All, &mut best);
            best.finish()
        });
        assert!(!rows.is_empty());
    }
    let query = TextQuery::new(&tokenizer, "word1 word2");
    let kinds = [("any", MatchKind::Any), ("all", MatchKind::All), ("phrase", MatchKind::Phrase)];
    for (name, kind) in kinds.into_iter().chain([("fuzzy, 2 edits", MatchKind::Fuzzy { edits: 2 })]) {
        measure(name, || index.matches(&query, kind, RowFilter::All));
    }
}

fn vectors(random: &mut XorShift) {
    let flat: Vec<f32> = (0..VECTORS * DIMENSION).map(|_| random.component()).collect();
    let query: Vec<f32> = (0..DIMENSION).map(|_| random.component()).collect();
    for metric in [DistanceMetric::Cosine, DistanceMetric::L2, DistanceMetric::Dot] {
        measure(&format!("nearest 10, {}", metric.word()), || {
            let mut best = TopKCollector::new(10, ScoreOrder::Ascending);
            VectorQuery::new(metric, query.clone()).rank(0, &flat, RowFilter::All, &mut best);
            best.finish()
        });
    }
}

fn measure<T>(name: &str, mut run: impl FnMut() -> T) -> T {
    let mut result = run();
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        result = black_box(run());
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    println!("{name:>24} {:>12.3} ms", fastest * 1e3);
    result
}

/// A deterministic random number generator (xorshift).
struct XorShift(u64);

impl XorShift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a component from -1 to 1.
    fn component(&mut self) -> f32 {
        (self.next() % 20_001) as f32 / 10_000.0 - 1.0
    }

    /// Returns a text of words with a skewed distribution: few are common, most are rare.
    fn text(&mut self) -> String {
        let words: Vec<String> = (0..WORDS_PER_TEXT)
            .map(|_| {
                let share = (self.next() % 1_000_000) as f64 / 1e6;
                format!("word{}", (DICTIONARY as f64).powf(share) as u64 - 1)
            })
            .collect();
        words.join(" ")
    }
}
