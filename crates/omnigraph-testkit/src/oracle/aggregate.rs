//! Aggregates over the rows of a group or of a block. Nulls are skipped.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{AggregateExpr, AggregateKind, ExprType};
use omnigraph_compiler::types::ScalarType;

use super::arithmetic::widened;
use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::value::OracleValue;

impl OracleEvaluator<'_> {
    /// Computes an aggregate over these rows.
    pub(super) fn aggregate(&self, aggregate: &AggregateExpr, rows: &[Bindings]) -> Result<OracleValue, OracleError> {
        let Some(arg) = &aggregate.arg else { return Ok(OracleValue::Integer(rows.len() as i128)) };
        let mut values = Vec::new();
        let mut seen = BTreeSet::new();
        for env in rows {
            let value = self.expr(arg, RowScope { all: rows, ..RowScope::from_bindings(env) })?;
            if value.is_null() || (aggregate.distinct && !seen.insert(self.printer().fingerprint(&value)?)) {
                continue;
            }
            values.push(value);
        }
        let least_first = |values: &mut Vec<OracleValue>| values.sort_by(OracleValue::sorted);
        let value = match aggregate.kind {
            AggregateKind::Count => OracleValue::Integer(values.len() as i128),
            AggregateKind::Sum => sum(&values, &aggregate.ty)?,
            AggregateKind::Avg => mean(&values)?,
            AggregateKind::Min => {
                least_first(&mut values);
                values.into_iter().next().unwrap_or(OracleValue::Null)
            }
            AggregateKind::Max => {
                least_first(&mut values);
                values.pop().unwrap_or(OracleValue::Null)
            }
            AggregateKind::Collect => {
                least_first(&mut values);
                OracleValue::List(values)
            }
        };
        Ok(value.fitted(&aggregate.ty))
    }
}

/// Returns the exact sum of integers, which must fit its type; the sum of floats in the order of the rows.
fn sum(values: &[OracleValue], ty: &ExprType) -> Result<OracleValue, OracleError> {
    if values.is_empty() {
        return Ok(OracleValue::Null);
    }
    let Some(integers) = integers(values) else { return Ok(OracleValue::F64(floats(values)?.iter().sum())) };
    let total: i128 = integers.iter().sum();
    let unsigned = matches!(ty, ExprType::Value(ty) if ty.scalar == ScalarType::U64);
    let fits = if unsigned { u64::try_from(total).is_ok() } else { i64::try_from(total).is_ok() };
    if fits {
        Ok(OracleValue::Integer(total))
    } else {
        Err(OracleError::run(format!("integer overflow in a sum: {total}")))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean is a double")]
fn mean(values: &[OracleValue]) -> Result<OracleValue, OracleError> {
    if values.is_empty() {
        return Ok(OracleValue::Null);
    }
    let total = match integers(values) {
        Some(integers) => integers.iter().sum::<i128>() as f64,
        None => floats(values)?.iter().sum(),
    };
    Ok(OracleValue::F64(total / values.len() as f64))
}

fn integers(values: &[OracleValue]) -> Option<Vec<i128>> {
    let integer = |value: &OracleValue| if let OracleValue::Integer(value) = value { Some(*value) } else { None };
    values.iter().map(integer).collect()
}

fn floats(values: &[OracleValue]) -> Result<Vec<f64>, OracleError> {
    let float = |value| widened(value).ok_or_else(|| OracleError::internal(format!("{value:?} is not a number")));
    values.iter().map(float).collect()
}
