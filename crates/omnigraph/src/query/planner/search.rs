//! Text matches, distances and ranks.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use omnigraph_compiler::ir::{Expr, ExprKind, ExprType, RankExpr, TextMatch, TextMatchKind, VarId, VectorDistance};
use omnigraph_compiler::types::ScalarType;
use omnigraph_search::MatchKind;
use tokio::sync::OnceCell;

use super::context::{PlanContext, Planner, vector_components};
use super::expr::evaluate_constant;
use super::partial_plan::PartialPlan;
use super::scope::{ColumnId, ColumnRole};
use crate::error::{Error, Result};
use crate::query::exec::{
    GraphOperator, NearestRows, ScoreArm, ScoreMethod, ScoreRows, TextField, uses_quantized_vectors,
};

/// Appends the column of a text match, distance or rank.
pub(super) fn append_score(planner: &mut Planner, plan: PartialPlan, expr: &Expr) -> Result<PartialPlan> {
    score_rows(planner, plan, expr, false)
}

/// Appends the column of the rank that orders, and leaves out rows that it does not cover. With `fetch`, also rows after the
/// first `fetch` may be left out.
pub(super) fn append_rank(
    planner: &mut Planner,
    plan: PartialPlan,
    rank: &RankExpr,
    fetch: Option<usize>,
) -> Result<PartialPlan> {
    let expr = Expr { kind: ExprKind::Rank(Box::new(rank.clone())), ty: ExprType::scalar(ScalarType::F64) };
    if let (RankExpr::Nearest(nearest), Some(fetch)) = (rank, fetch) {
        let arm = nearest_arm(&planner.context, nearest, &plan)?;
        let indexes = planner.context.snapshot.column_indexes().clone();
        if uses_quantized_vectors(&arm, &indexes)? {
            let budget = Arc::clone(&planner.context.budget);
            let nearest = |schema| NearestRows { arm, fetch, schema, indexes, budget };
            return Ok(append_column(planner, plan, &expr, DataType::Float64, nearest));
        }
    }
    score_rows(planner, plan, &expr, true)
}

fn score_rows(planner: &mut Planner, plan: PartialPlan, expr: &Expr, covered_only: bool) -> Result<PartialPlan> {
    let context = &planner.context;
    let (arms, fusion_k, ty) = match &expr.kind {
        ExprKind::TextMatch(text) => (vec![text_arm(context, text, &plan)?], None, DataType::Boolean),
        ExprKind::Distance(nearest) => (vec![nearest_arm(context, nearest, &plan)?], None, DataType::Float64),
        ExprKind::Rank(rank) => match rank.as_ref() {
            RankExpr::Rrf(fused) => {
                let mut arms = Vec::with_capacity(fused.arms.len());
                for arm in &fused.arms {
                    arms.push(ScoreArm { weight: arm.weight, ..rank_arm(context, &arm.rank, &plan)? });
                }
                (arms, Some(fusion_constant(context, &fused.k)?), DataType::Float64)
            }
            single => (vec![rank_arm(context, single, &plan)?], None, DataType::Float64),
        },
        _ => return Err(Error::internal("a score of another kind")),
    };
    let (indexes, budget) = (context.snapshot.column_indexes().clone(), Arc::clone(&context.budget));
    let score = |schema| ScoreRows { arms, fusion_k, covered_only, schema, indexes, budget };
    Ok(append_column(planner, plan, expr, ty, score))
}

/// Appends the column of `expr` by the operator that `create` makes for the output schema.
fn append_column<O: GraphOperator + 'static>(
    planner: &mut Planner,
    plan: PartialPlan,
    expr: &Expr,
    ty: DataType,
    create: impl FnOnce(SchemaRef) -> O,
) -> PartialPlan {
    let column = planner.builder.new_column(ColumnRole::Score);
    let columns = plan.columns().append([(column.clone(), ty)]);
    let mut plan = plan.apply(create(Arc::clone(&columns.schema)), columns);
    plan.scope.computed.push((expr.clone(), column));
    plan
}

fn rank_arm(context: &PlanContext, rank: &RankExpr, plan: &PartialPlan) -> Result<ScoreArm> {
    match rank {
        RankExpr::Nearest(nearest) => nearest_arm(context, nearest, plan),
        RankExpr::Bm25(bm25) => {
            let fields = bm25.fields.iter().map(|field| TextField {
                column: field.property.name.clone(),
                analyzer: field.analyzer.clone(),
                weight: field.weight,
            });
            let query = query_text(context, &bm25.query)?;
            score_arm(bm25.var, ScoreMethod::Bm25 { fields: fields.collect(), query }, plan)
        }
        RankExpr::Rrf(_) => Err(Error::internal("a fusion within a fusion")),
    }
}

fn text_arm(context: &PlanContext, text: &TextMatch, plan: &PartialPlan) -> Result<ScoreArm> {
    let kind = match &text.kind {
        TextMatchKind::Any => MatchKind::Any,
        TextMatchKind::All => MatchKind::All,
        TextMatchKind::Phrase => MatchKind::Phrase,
        TextMatchKind::Fuzzy { edits } => {
            let edits = integer_of_at_least(context, edits, 0, "the number of edits of `fuzzy`")?;
            MatchKind::Fuzzy { edits: usize::try_from(edits).unwrap_or(usize::MAX) }
        }
    };
    let field = TextField { column: text.property.name.clone(), analyzer: text.analyzer.clone(), weight: 1.0 };
    score_arm(text.var, ScoreMethod::Match { field, kind, query: query_text(context, &text.query)? }, plan)
}

fn nearest_arm(context: &PlanContext, nearest: &VectorDistance, plan: &PartialPlan) -> Result<ScoreArm> {
    let query = evaluate_constant(context, &nearest.query)?;
    if *query.data_type() == DataType::Utf8 {
        let message = "cannot embed the query text of `nearest`: no embedding provider is configured. Pass a vector";
        return Err(Error::request(message));
    }
    let query = vector_components(&query);
    if let Some(query) = &query {
        let expected = nearest.dimension as usize;
        if query.len() != expected {
            let message = format!(
                "the query vector has {} components, and '{}' holds vectors of {expected}",
                query.len(),
                nearest.property.name
            );
            return Err(Error::request(message));
        }
        if query.iter().any(|component| !component.is_finite()) {
            return Err(Error::request("invalid query vector: a component is not finite"));
        }
    }
    let query = query.map(|query| omnigraph_search::VectorQuery::new(nearest.metric, query));
    score_arm(nearest.var, ScoreMethod::Distance { column: nearest.property.name.clone(), query }, plan)
}

fn score_arm(var: VarId, method: ScoreMethod, plan: &PartialPlan) -> Result<ScoreArm> {
    let entities = plan.scope.entities(var).cloned();
    let entities = entities.ok_or_else(|| Error::internal("a score of a value"))?;
    Ok(ScoreArm {
        column: plan.position(&ColumnId::Variable(var))?,
        entities,
        method,
        weight: 1.0,
        found: OnceCell::new(),
    })
}

/// Returns the text of a query, or `None` for null.
fn query_text(context: &PlanContext, expr: &Expr) -> Result<Option<String>> {
    let text = evaluate_constant(context, expr)?;
    Ok(text.as_string_opt::<i32>().and_then(|text| text.iter().next().flatten().map(str::to_owned)))
}

fn fusion_constant(context: &PlanContext, expr: &Expr) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a smoothing constant beyond 2^53 smooths all the same")]
    Ok(integer_of_at_least(context, expr, 1, "the `k` of `rrf`")? as f64)
}

fn integer_of_at_least(context: &PlanContext, expr: &Expr, least: i64, name: &str) -> Result<i64> {
    let array = arrow::compute::cast(&evaluate_constant(context, expr)?, &DataType::Int64)?;
    let number = array.as_primitive::<Int64Type>();
    match number.is_valid(0).then(|| number.value(0)) {
        Some(number) if number >= least => Ok(number),
        Some(number) => Err(Error::request(format!("{name} must be at least {least}; it is {number}"))),
        None => Err(Error::request(format!("{name} must be at least {least}; it is null"))),
    }
}
