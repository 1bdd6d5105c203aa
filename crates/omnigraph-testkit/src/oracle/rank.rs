//! Distances and scores.
//!
//! Distances of vectors are computed here. The caller analyzes text, behind [`TextBackend`].

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::DistanceMetric;
use omnigraph_compiler::ir::{Bm25Score, RankExpr, RankFusion, TextMatch, TextMatchKind, VectorDistance};

use super::arithmetic::widened;
use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::expression::variable;
use super::value::{EntityRef, OracleValue};

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
pub struct ScoredField {
    /// Name of the analyzer of both sides.
    pub analyzer: String,
    /// Factor of the field's score.
    pub weight: f64,
}

/// Analysis of text. By default every method fails with [`OracleError::NotSupported`].
pub trait TextBackend {
    /// Returns true if `text` matches `query`, both tokenized by the analyzer of that name.
    ///
    /// # Errors
    /// Where this is not supported.
    fn matches(&self, test: TextTest, analyzer: &str, text: &str, query: &str) -> Result<bool, OracleError> {
        let _ = (test, analyzer, text, query);
        Err(OracleError::NotSupported("text search".to_owned()))
    }

    /// Returns the BM25 score of every document of `corpus` (its fields in the order of `fields`), in the order of the corpus; 0 for
    /// documents that do not match.
    ///
    /// # Errors
    /// Where this is not supported.
    fn bm25(
        &self,
        fields: &[ScoredField],
        corpus: &[Vec<Option<String>>],
        query: &str,
    ) -> Result<Vec<f64>, OracleError> {
        let _ = (fields, corpus, query);
        Err(OracleError::NotSupported("bm25".to_owned()))
    }

    /// Returns the vector of a text.
    ///
    /// # Errors
    /// Where this is not supported, or `model` is another than the embedder's.
    fn embed(&self, model: Option<&str>, dimension: u32, text: &str) -> Result<Vec<f32>, OracleError> {
        let _ = (model, dimension, text);
        Err(OracleError::NotSupported("embedding of text".to_owned()))
    }
}

/// A backend without analysis of text.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTextBackend;

impl TextBackend for NoTextBackend {}

impl OracleEvaluator<'_> {
    /// Evaluates a text predicate; null if the text or the query is null.
    pub(super) fn text_match(&self, text: &TextMatch, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let test = match &text.kind {
            TextMatchKind::Any => TextTest::Any,
            TextMatchKind::All => TextTest::All,
            TextMatchKind::Phrase => TextTest::Phrase,
            TextMatchKind::Fuzzy { edits } => match self.expr(edits, row)? {
                OracleValue::Integer(edits) => {
                    TextTest::Fuzzy(u64::try_from(edits).map_err(|_| OracleError::run("a negative number of edits"))?)
                }
                _ => return Ok(OracleValue::Null),
            },
        };
        match (self.property(text.var, &text.property.name, row)?, self.expr(&text.query, row)?) {
            (OracleValue::Text(field), OracleValue::Text(query)) => {
                self.search.matches(test, &text.analyzer.0, &field, &query).map(OracleValue::Bool)
            }
            _ => Ok(OracleValue::Null),
        }
    }

    /// Returns the distance of a vector from the query; null if one of them is null.
    pub(super) fn nearest(&self, nearest: &VectorDistance, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let stored = self.property(nearest.var, &nearest.property.name, row)?;
        let query = match self.expr(&nearest.query, row)? {
            OracleValue::Text(text) => {
                OracleValue::Vector(self.search.embed(nearest.model.as_deref(), nearest.dimension, &text)?)
            }
            other => other,
        };
        match (stored, query) {
            (OracleValue::Vector(stored), OracleValue::Vector(query)) => {
                Ok(OracleValue::F64(distance(nearest.metric, &stored, &query)))
            }
            (OracleValue::Null, _) | (_, OracleValue::Null) => Ok(OracleValue::Null),
            (stored, query) => Err(OracleError::internal(format!("the distance of {stored:?} from {query:?}"))),
        }
    }

    /// Returns the score of the current row among all rows; null if the rank does not cover it.
    pub(super) fn score(&self, rank: &RankExpr, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        match rank {
            RankExpr::Nearest(nearest) => self.nearest(nearest, row),
            RankExpr::Bm25(bm25) => self.bm25(bm25, row),
            RankExpr::Rrf(fused) => self.fused(fused, row),
        }
    }

    /// Returns the score among all nodes of the types of the variable.
    fn bm25(&self, bm25: &Bm25Score, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let (OracleValue::Node(node), OracleValue::Text(query)) =
            (variable(bm25.var, row)?, self.expr(&bm25.query, row)?)
        else {
            return Ok(OracleValue::Null);
        };
        let types =
            bm25.fields.iter().flat_map(|field| field.property.ids.iter().map(|(ty, _)| *ty)).collect::<Vec<_>>();
        let named = self.catalog.nodes.values().filter(|node| types.contains(&node.id));
        let nodes: Vec<EntityRef> = named.flat_map(|ty| self.graph.nodes_of(&ty.name)).collect();
        let document = |node: &EntityRef| {
            let properties = self.graph.node(node);
            let text = |name: &str| match properties.and_then(|properties| properties.get(name)) {
                Some(OracleValue::Text(text)) => Some(text.clone()),
                _ => None,
            };
            bm25.fields.iter().map(|field| text(&field.property.name)).collect()
        };
        let corpus: Vec<Vec<Option<String>>> = nodes.iter().map(document).collect();
        let fields =
            bm25.fields.iter().map(|field| ScoredField { analyzer: field.analyzer.0.clone(), weight: field.weight });
        let scores = self.search.bm25(&fields.collect::<Vec<_>>(), &corpus, &query)?;
        let score = nodes.iter().zip(scores).find(|(other, _)| *other == node).map(|(_, score)| score);
        Ok(score.filter(|score| *score > 0.0).map_or(OracleValue::Null, OracleValue::F64))
    }

    fn fused(&self, fused: &RankFusion, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let k = match self.expr(&fused.k, row)? {
            OracleValue::Integer(k) if k > 0 => widened(&OracleValue::Integer(k)).unwrap_or(1.0),
            _ => return Err(OracleError::run("the k of rrf must be positive")),
        };
        let mut total = None;
        for arm in &fused.arms {
            if let Some(place) = self.place(&arm.rank, row)? {
                total = Some(total.unwrap_or(0.0) + arm.weight / (k + place));
            }
        }
        Ok(total.map_or(OracleValue::Null, OracleValue::F64))
    }

    /// Returns the place, from 1, of the row's entity among the distinct entities of all rows that the arm covers; ties by id.
    #[expect(clippy::cast_precision_loss, reason = "places are small")]
    fn place(&self, arm: &RankExpr, row: RowScope<'_>) -> Result<Option<f64>, OracleError> {
        let Some(own) = self.entity(arm, row.env)? else { return Ok(None) };
        let mut seen = BTreeSet::new();
        let mut covered = Vec::new();
        for env in row.all {
            let score = self.score(arm, RowScope { env, ..row })?;
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

    fn entity(&self, arm: &RankExpr, env: &Bindings) -> Result<Option<EntityRef>, OracleError> {
        let var = match arm {
            RankExpr::Nearest(nearest) => nearest.var,
            RankExpr::Bm25(bm25) => bm25.var,
            RankExpr::Rrf(_) => return Err(OracleError::internal("a fused rank within a fused rank")),
        };
        match variable(var, RowScope::from_bindings(env))? {
            OracleValue::Node(entity) => Ok(Some(entity.clone())),
            _ => Ok(None),
        }
    }
}

/// Returns the distance of two vectors of one length, in double precision. The cosine of a zero vector is 0.
fn distance(metric: DistanceMetric, a: &[f32], b: &[f32]) -> f64 {
    let sum = |of: fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| of(f64::from(*a), f64::from(*b))).sum::<f64>();
    match metric {
        DistanceMetric::L2 => sum(|a, b| (a - b) * (a - b)),
        DistanceMetric::Dot => -sum(|a, b| a * b),
        DistanceMetric::Cosine => {
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
        assert_eq!(distance(DistanceMetric::L2, &[1.0, 2.0], &[4.0, 6.0]), 25.0);
        assert_eq!(distance(DistanceMetric::Dot, &[1.0, 2.0], &[4.0, 6.0]), -16.0);
        assert_eq!(distance(DistanceMetric::Cosine, &[1.0, 0.0], &[0.0, 3.0]), 1.0);
        assert_eq!(distance(DistanceMetric::Cosine, &[1.0, 0.0], &[-2.0, 0.0]), 2.0);
        assert_eq!(distance(DistanceMetric::Cosine, &[0.0, 0.0], &[-2.0, 0.0]), 1.0);
    }
}
