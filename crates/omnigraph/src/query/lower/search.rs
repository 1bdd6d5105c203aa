//! Text matches, distances and ranks.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field as ArrowField, Int64Type, SchemaRef};
use omnigraph_compiler::ir::{Expr, ExprKind, Nearest, Rank, TextMatch, TextMatchKind, Type, VarId};
use omnigraph_compiler::types::Scalar as Base;
use omnigraph_search::MatchKind;

use super::Lowering;
use super::flow::{Flow, extended};
use super::scope::column;
use super::value::floats;
use crate::error::{Error, Result};
use crate::query::operator::{Arm, NearestRows, Operator, Score, Scoring, TextField, is_sketched, node};

impl Lowering {
    /// Adds the column of a text match, a distance or a rank.
    pub(super) async fn score(&mut self, flow: Flow, expr: &Expr) -> Result<Flow> {
        self.scored(flow, expr, false)
    }

    /// Adds the column of the rank that orders, and leaves out the rows that it does not cover; those beyond the first `fetch` may
    /// be left out as well.
    pub(super) fn rank(&mut self, flow: Flow, rank: &Rank, fetch: Option<usize>) -> Result<Flow> {
        let ty = Type::scalar(Base::F64);
        let expr = Expr { kind: ExprKind::Rank(Box::new(rank.clone())), ty };
        match (rank, fetch) {
            (Rank::Nearest(nearest), Some(fetch)) => self.nearest_rows(flow, expr, nearest, fetch),
            _ => self.scored(flow, &expr, true),
        }
    }

    fn nearest_rows(&mut self, flow: Flow, expr: Expr, nearest: &Nearest, fetch: usize) -> Result<Flow> {
        let arm = self.nearest_arm(nearest, &flow)?;
        let indexes = self.graph.snapshot.shared.indexes.clone();
        if !is_sketched(&arm, &indexes)? {
            return self.scored(flow, &expr, true);
        }
        let budget = Arc::clone(&self.budget);
        let rows = |schema| NearestRows { arm, fetch, schema, indexes, budget };
        Ok(self.with_score(flow, &expr, DataType::Float64, rows))
    }

    fn scored(&mut self, flow: Flow, expr: &Expr, covered_only: bool) -> Result<Flow> {
        let (arms, fused, ty) = match &expr.kind {
            ExprKind::TextMatch(text) => (vec![self.text_arm(text, &flow)?], None, DataType::Boolean),
            ExprKind::Distance(nearest) => (vec![self.nearest_arm(nearest, &flow)?], None, DataType::Float64),
            ExprKind::Rank(rank) => match rank.as_ref() {
                Rank::Rrf(fused) => {
                    let mut arms = Vec::with_capacity(fused.arms.len());
                    for (rank, weight) in &fused.arms {
                        arms.push(Arm { weight: *weight, ..self.arm(rank, &flow)? });
                    }
                    (arms, Some(self.positive(&fused.k)?), DataType::Float64)
                }
                single => (vec![self.arm(single, &flow)?], None, DataType::Float64),
            },
            _ => return Err(Error::internal("a score of no kind")),
        };
        let (indexes, budget) = (self.graph.snapshot.shared.indexes.clone(), Arc::clone(&self.budget));
        let score = |schema| Score { arms, fused, covered_only, schema, indexes, budget };
        Ok(self.with_score(flow, expr, ty, score))
    }

    /// Adds the column of a score by the operator that is made for the columns of the flow and that one.
    fn with_score<O: Operator + 'static>(
        &mut self,
        flow: Flow,
        expr: &Expr,
        ty: DataType,
        operator: impl FnOnce(SchemaRef) -> O,
    ) -> Flow {
        let name = self.fresh("score");
        let schema = extended(&flow.schema(), [ArrowField::new(&name, ty, true)]);
        let mut scope = flow.scope;
        scope.computed.push((expr.clone(), name));
        Flow { plan: node(operator(Arc::clone(&schema)), vec![flow.plan], schema), scope }
    }

    fn arm(&self, rank: &Rank, flow: &Flow) -> Result<Arm> {
        match rank {
            Rank::Nearest(nearest) => self.nearest_arm(nearest, flow),
            Rank::Bm25(bm25) => {
                let fields = bm25.fields.iter().map(|field| TextField {
                    column: field.property.name.clone(),
                    analyzer: field.analyzer.clone(),
                    weight: field.weight,
                });
                let scoring = Scoring::Bm25 { fields: fields.collect(), query: self.text(&bm25.query)? };
                of_variable(bm25.var, scoring, flow)
            }
            Rank::Rrf(_) => Err(Error::internal("a fusion within a fusion")),
        }
    }

    fn text_arm(&self, text: &TextMatch, flow: &Flow) -> Result<Arm> {
        let kind = match &text.kind {
            TextMatchKind::Any => MatchKind::Any,
            TextMatchKind::All => MatchKind::All,
            TextMatchKind::Phrase => MatchKind::Phrase,
            TextMatchKind::Fuzzy { edits } => {
                let edits = self.whole(edits, 0, "the number of edits of `fuzzy`")?;
                MatchKind::Fuzzy { edits: usize::try_from(edits).unwrap_or(usize::MAX) }
            }
        };
        let field = TextField { column: text.property.name.clone(), analyzer: text.analyzer.clone(), weight: 1.0 };
        of_variable(text.var, Scoring::Match { field, kind, query: self.text(&text.query)? }, flow)
    }

    fn nearest_arm(&self, nearest: &Nearest, flow: &Flow) -> Result<Arm> {
        let query = self.constant(&nearest.query)?;
        if *query.data_type() == DataType::Utf8 {
            let message = "the query of `nearest` is text, and no embedding provider is configured; pass a vector";
            return Err(Error::request(message));
        }
        let query = floats(&query);
        if let Some(query) = &query {
            let expected = nearest.dimension as usize;
            if query.len() != expected {
                let message = format!(
                    "the query vector has {} numbers, and '{}' holds vectors of {expected}",
                    query.len(),
                    nearest.property.name
                );
                return Err(Error::request(message));
            }
            if query.iter().any(|number| !number.is_finite()) {
                return Err(Error::request("the query vector holds a number that is not finite"));
            }
        }
        let query = query.map(|query| omnigraph_search::Nearest::new(nearest.metric, query));
        of_variable(nearest.var, Scoring::Distance { column: nearest.property.name.clone(), query }, flow)
    }

    /// The text of a query; `None` if it is null.
    fn text(&self, expr: &Expr) -> Result<Option<String>> {
        let text = self.constant(expr)?;
        Ok(text.as_string_opt::<i32>().and_then(|text| text.iter().next().flatten().map(str::to_owned)))
    }

    fn positive(&self, expr: &Expr) -> Result<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a smoothing constant beyond 2^53 smooths all the same")]
        Ok(self.whole(expr, 1, "the `k` of `rrf`")? as f64)
    }

    fn whole(&self, expr: &Expr, least: i64, what: &str) -> Result<i64> {
        let array = arrow::compute::cast(&self.constant(expr)?, &DataType::Int64)?;
        let number = array.as_primitive::<Int64Type>();
        match number.is_valid(0).then(|| number.value(0)) {
            Some(number) if number >= least => Ok(number),
            Some(number) => Err(Error::request(format!("{what} must be at least {least}; it is {number}"))),
            None => Err(Error::request(format!("{what} must be at least {least}; it is null"))),
        }
    }
}

fn of_variable(var: VarId, scoring: Scoring, flow: &Flow) -> Result<Arm> {
    let entities = flow.scope.entities(var).cloned();
    let entities = entities.ok_or_else(|| Error::internal("a score of no node"))?;
    Ok(Arm { column: flow.place(&column(var))?, entities, scoring, weight: 1.0, found: tokio::sync::OnceCell::new() })
}
