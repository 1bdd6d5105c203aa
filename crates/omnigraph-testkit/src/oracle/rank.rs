//! Distances and scores.
//!
//! Distances of vectors are computed here. What analyses text is the caller's, behind [`Search`].

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::Metric;
use omnigraph_compiler::ir::{Bm25, Fused, Nearest, Rank, TextMatch, TextMatchKind};

use super::arithmetic::widened;
use super::evaluator::{Env, Evaluator, Row};
use super::expression::variable;
use super::failure::Failure;
use super::value::{Entity, Value};

/// A text predicate on one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// Any token of the query.
    Any,
    /// Every token of the query.
    All,
    /// The tokens of the query side by side in order.
    Phrase,
    /// Any token of the query within this edit distance.
    Fuzzy(u64),
}

/// A field of a relevance score.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name of the analyzer of both sides.
    pub analyzer: String,
    /// Factor of the field's score.
    pub weight: f64,
}

/// Analysis of text. By default there is none: every method fails with [`Failure::NotSupported`].
pub trait Search {
    /// Whether `text` matches `query`, both seen through the analyzer of that name.
    ///
    /// # Errors
    /// Where this is not supported.
    fn matches(&self, test: TextTest, analyzer: &str, text: &str, query: &str) -> Result<bool, Failure> {
        let _ = (test, analyzer, text, query);
        Err(Failure::NotSupported("text search".to_owned()))
    }

    /// The BM25 score of every document of `corpus` (its fields in the order of `fields`), in the order of the corpus; 0 of
    /// what does not match.
    ///
    /// # Errors
    /// Where this is not supported.
    fn bm25(&self, fields: &[Field], corpus: &[Vec<Option<String>>], query: &str) -> Result<Vec<f64>, Failure> {
        let _ = (fields, corpus, query);
        Err(Failure::NotSupported("bm25".to_owned()))
    }

    /// The vector of a text.
    ///
    /// # Errors
    /// Where this is not supported, or `model` is another than the embedder's.
    fn embed(&self, model: Option<&str>, dimension: u32, text: &str) -> Result<Vec<f32>, Failure> {
        let _ = (model, dimension, text);
        Err(Failure::NotSupported("embedding of text".to_owned()))
    }
}

/// No analysis of text at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSearch;

impl Search for NoSearch {}

impl Evaluator<'_> {
    /// A text predicate; null where the text or the query is.
    pub(super) fn text_match(&self, text: &TextMatch, row: Row<'_>) -> Result<Value, Failure> {
        let test = match &text.kind {
            TextMatchKind::Any => TextTest::Any,
            TextMatchKind::All => TextTest::All,
            TextMatchKind::Phrase => TextTest::Phrase,
            TextMatchKind::Fuzzy { edits } => match self.expr(edits, row)? {
                Value::Integer(edits) => {
                    TextTest::Fuzzy(u64::try_from(edits).map_err(|_| Failure::run("a negative number of edits"))?)
                }
                _ => return Ok(Value::Null),
            },
        };
        match (self.property(text.var, &text.property.name, row)?, self.expr(&text.query, row)?) {
            (Value::Text(field), Value::Text(query)) => {
                self.search.matches(test, &text.analyzer.0, &field, &query).map(Value::Bool)
            }
            _ => Ok(Value::Null),
        }
    }

    /// The distance of a vector from the query; null where one of them is.
    pub(super) fn nearest(&self, nearest: &Nearest, row: Row<'_>) -> Result<Value, Failure> {
        let stored = self.property(nearest.var, &nearest.property.name, row)?;
        let query = match self.expr(&nearest.query, row)? {
            Value::Text(text) => {
                Value::Vector(self.search.embed(nearest.model.as_deref(), nearest.dimension, &text)?)
            }
            other => other,
        };
        match (stored, query) {
            (Value::Vector(stored), Value::Vector(query)) => Ok(Value::F64(distance(nearest.metric, &stored, &query))),
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            (stored, query) => Err(Failure::internal(format!("the distance of {stored:?} from {query:?}"))),
        }
    }

    /// The score of the row at hand among all rows; null where the rank does not cover it.
    pub(super) fn score(&self, rank: &Rank, row: Row<'_>) -> Result<Value, Failure> {
        match rank {
            Rank::Nearest(nearest) => self.nearest(nearest, row),
            Rank::Bm25(bm25) => self.bm25(bm25, row),
            Rank::Rrf(fused) => self.fused(fused, row),
        }
    }

    /// The score among all nodes of the types that the variable may stand for.
    fn bm25(&self, bm25: &Bm25, row: Row<'_>) -> Result<Value, Failure> {
        let (Value::Node(node), Value::Text(query)) = (variable(bm25.var, row)?, self.expr(&bm25.query, row)?) else {
            return Ok(Value::Null);
        };
        let types =
            bm25.fields.iter().flat_map(|field| field.property.ids.iter().map(|(ty, _)| *ty)).collect::<Vec<_>>();
        let named = self.catalog.nodes.values().filter(|node| types.contains(&node.id));
        let nodes: Vec<Entity> = named.flat_map(|ty| self.graph.nodes_of(&ty.name)).collect();
        let document = |node: &Entity| {
            let properties = self.graph.node(node);
            let text = |name: &str| match properties.and_then(|properties| properties.get(name)) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            };
            bm25.fields.iter().map(|field| text(&field.property.name)).collect()
        };
        let corpus: Vec<Vec<Option<String>>> = nodes.iter().map(document).collect();
        let fields = bm25.fields.iter().map(|field| Field { analyzer: field.analyzer.0.clone(), weight: field.weight });
        let scores = self.search.bm25(&fields.collect::<Vec<_>>(), &corpus, &query)?;
        let score = nodes.iter().zip(scores).find(|(other, _)| *other == node).map(|(_, score)| score);
        Ok(score.filter(|score| *score > 0.0).map_or(Value::Null, Value::F64))
    }

    fn fused(&self, fused: &Fused, row: Row<'_>) -> Result<Value, Failure> {
        let k = match self.expr(&fused.k, row)? {
            Value::Integer(k) if k > 0 => widened(&Value::Integer(k)).unwrap_or(1.0),
            _ => return Err(Failure::run("the k of rrf must be positive")),
        };
        let mut total = None;
        for (arm, weight) in &fused.arms {
            if let Some(place) = self.place(arm, row)? {
                total = Some(total.unwrap_or(0.0) + weight / (k + place));
            }
        }
        Ok(total.map_or(Value::Null, Value::F64))
    }

    /// The place, from 1, of the row's entity among the distinct entities of all rows that the arm covers; ties by id.
    #[expect(clippy::cast_precision_loss, reason = "places are small")]
    fn place(&self, arm: &Rank, row: Row<'_>) -> Result<Option<f64>, Failure> {
        let Some(own) = self.entity(arm, row.env)? else { return Ok(None) };
        let mut seen = BTreeSet::new();
        let mut covered = Vec::new();
        for env in row.all {
            let score = self.score(arm, Row { env, ..row })?;
            let Some(entity) = self.entity(arm, env)? else { continue };
            if let Some(score) = widened(&score)
                && seen.insert(entity.clone())
            {
                covered.push((if arm.descending() { -score } else { score }, entity));
            }
        }
        covered.sort_by(|(a, first), (b, second)| a.total_cmp(b).then_with(|| first.cmp(second)));
        Ok(covered.iter().position(|(_, entity)| *entity == own).map(|index| (index + 1) as f64))
    }

    fn entity(&self, arm: &Rank, env: &Env) -> Result<Option<Entity>, Failure> {
        let var = match arm {
            Rank::Nearest(nearest) => nearest.var,
            Rank::Bm25(bm25) => bm25.var,
            Rank::Rrf(_) => return Err(Failure::internal("a fused rank within a fused rank")),
        };
        match variable(var, Row::of(env))? {
            Value::Node(entity) => Ok(Some(entity.clone())),
            _ => Ok(None),
        }
    }
}

/// The distance of two vectors of one length, in double precision. The cosine with a vector without direction is 0.
fn distance(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    let sum = |of: fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| of(f64::from(*a), f64::from(*b))).sum::<f64>();
    match metric {
        Metric::L2 => sum(|a, b| (a - b) * (a - b)),
        Metric::Dot => -sum(|a, b| a * b),
        Metric::Cosine => {
            let lengths = sum(|a, _| a * a).sqrt() * sum(|_, b| b * b).sqrt();
            if lengths == 0.0 { 1.0 } else { 1.0 - sum(|a, b| a * b) / lengths }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance(Metric::L2, &[1.0, 2.0], &[4.0, 6.0]), 25.0);
        assert_eq!(distance(Metric::Dot, &[1.0, 2.0], &[4.0, 6.0]), -16.0);
        assert_eq!(distance(Metric::Cosine, &[1.0, 0.0], &[0.0, 3.0]), 1.0);
        assert_eq!(distance(Metric::Cosine, &[1.0, 0.0], &[-2.0, 0.0]), 2.0);
        assert_eq!(distance(Metric::Cosine, &[0.0, 0.0], &[-2.0, 0.0]), 1.0);
    }
}
