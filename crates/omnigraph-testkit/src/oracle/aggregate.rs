//! Aggregates over the rows of a group or of a block. What is null is left out.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{Aggregate, AggregateKind, Type};
use omnigraph_compiler::types::Scalar;

use super::arithmetic::widened;
use super::evaluator::{Env, Evaluator, Row};
use super::failure::Failure;
use super::value::Value;

impl Evaluator<'_> {
    /// The aggregate over these rows.
    pub(super) fn aggregate(&self, aggregate: &Aggregate, rows: &[Env]) -> Result<Value, Failure> {
        let Some(arg) = &aggregate.arg else { return Ok(Value::Integer(rows.len() as i128)) };
        let mut values = Vec::new();
        let mut seen = BTreeSet::new();
        for env in rows {
            let value = self.expr(arg, Row { all: rows, ..Row::of(env) })?;
            if value.is_null() || (aggregate.distinct && !seen.insert(self.printer().fingerprint(&value)?)) {
                continue;
            }
            values.push(value);
        }
        let least_first = |values: &mut Vec<Value>| values.sort_by(Value::sorted);
        let value = match aggregate.kind {
            AggregateKind::Count => Value::Integer(values.len() as i128),
            AggregateKind::Sum => sum(&values, &aggregate.ty)?,
            AggregateKind::Avg => mean(&values)?,
            AggregateKind::Min => {
                least_first(&mut values);
                values.into_iter().next().unwrap_or(Value::Null)
            }
            AggregateKind::Max => {
                least_first(&mut values);
                values.pop().unwrap_or(Value::Null)
            }
            AggregateKind::Collect => {
                least_first(&mut values);
                Value::List(values)
            }
        };
        Ok(value.fitted(&aggregate.ty))
    }
}

/// The exact sum of integers, which must fit its type in the end; the sum of floats in the order of the rows.
fn sum(values: &[Value], ty: &Type) -> Result<Value, Failure> {
    if values.is_empty() {
        return Ok(Value::Null);
    }
    let Some(integers) = integers(values) else { return Ok(Value::F64(floats(values)?.iter().sum())) };
    let total: i128 = integers.iter().sum();
    let unsigned = matches!(ty, Type::Value(ty) if ty.scalar == Scalar::U64);
    let fits = if unsigned { u64::try_from(total).is_ok() } else { i64::try_from(total).is_ok() };
    if fits { Ok(Value::Integer(total)) } else { Err(Failure::run(format!("integer overflow in a sum: {total}"))) }
}

#[expect(clippy::cast_precision_loss, reason = "a mean is a double")]
fn mean(values: &[Value]) -> Result<Value, Failure> {
    if values.is_empty() {
        return Ok(Value::Null);
    }
    let total = match integers(values) {
        Some(integers) => integers.iter().sum::<i128>() as f64,
        None => floats(values)?.iter().sum(),
    };
    Ok(Value::F64(total / values.len() as f64))
}

fn integers(values: &[Value]) -> Option<Vec<i128>> {
    let integer = |value: &Value| if let Value::Integer(value) = value { Some(*value) } else { None };
    values.iter().map(integer).collect()
}

fn floats(values: &[Value]) -> Result<Vec<f64>, Failure> {
    let float = |value| widened(value).ok_or_else(|| Failure::internal(format!("{value:?} is no number")));
    values.iter().map(float).collect()
}
