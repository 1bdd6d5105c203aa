//! From pattern to result: block, group, columns, having, distinct, union, order, paging.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{OrderKey, RankExpr, ReadBody, ReadQuery, RowCount, UnionMode};
use serde_json::Value as Json;

use super::arithmetic::widened;
use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::value::OracleValue;

/// The part of the order of [`OracleRows`] that the query determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// None: the rows are a bag.
    None,
    /// Some: rows that are equal in the order keys may be in any order.
    Partial,
    /// All of it.
    Total,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct OracleRows {
    /// Names in order.
    pub columns: Vec<String>,
    /// Cells in the order of the columns, as results print them.
    pub rows: Vec<Vec<Json>>,
    /// The part of the order that the query determines.
    pub order: RowOrder,
}

/// A row of the result before it is printed.
struct ResultLine {
    columns: Vec<OracleValue>,
    /// The row of the pattern it comes from; empty once rows are no longer those of the pattern.
    env: Bindings,
}

/// A line, its score and its order keys.
type SortableLine = (ResultLine, OracleValue, Vec<OracleValue>);

impl OracleEvaluator<'_> {
    /// Runs a read.
    pub(super) fn query(&self, query: &ReadQuery) -> Result<OracleRows, OracleError> {
        if let Some(after) = query.after
            && !self.param(after)?.is_null()
        {
            return Err(OracleError::NotSupported("cursors".to_owned()));
        }
        let mut lines = Vec::new();
        let mut patterns = Vec::new();
        for body in &query.bodies {
            patterns = self.block(&body.block, &Bindings::new())?;
            for mut line in self.body(body, &patterns)? {
                let columns = line.columns.into_iter().zip(&query.columns);
                line.columns = columns.map(|(value, column)| value.fitted(&column.ty)).collect();
                lines.push(line);
            }
        }
        if query.bodies.len() > 1 && query.union == UnionMode::Distinct {
            lines = self.distinct(lines)?;
        }
        let lines = self.page(query, self.ordered(query, lines, &patterns)?)?;
        let printer = self.printer();
        let row =
            |line: &ResultLine| line.columns.iter().map(|value| printer.cell(value)).collect::<Result<Vec<_>, _>>();
        Ok(OracleRows {
            columns: query.columns.iter().map(|column| column.name.clone()).collect(),
            rows: lines.iter().map(row).collect::<Result<_, _>>()?,
            order: order_of(query),
        })
    }

    /// Returns the rows of one body, before order.
    fn body(&self, body: &ReadBody, patterns: &[Bindings]) -> Result<Vec<ResultLine>, OracleError> {
        let mut lines = match &body.group {
            None => {
                let line = |env: &Bindings| {
                    let row = RowScope { all: patterns, ..RowScope::from_bindings(env) };
                    Ok(ResultLine { columns: self.columns(body, row)?, env: env.clone() })
                };
                patterns.iter().map(line).collect::<Result<Vec<_>, OracleError>>()?
            }
            Some(_) => self.groups(body, patterns)?,
        };
        if let Some(having) = &body.having {
            let mut kept = Vec::new();
            for line in lines {
                if self
                    .is_true(having, RowScope { columns: &line.columns, ..RowScope::from_bindings(&Bindings::new()) })?
                {
                    kept.push(line);
                }
            }
            lines = kept;
        }
        if body.distinct { self.distinct(lines) } else { Ok(lines) }
    }

    /// Returns one line for each group, in the order of first appearance.
    fn groups(&self, body: &ReadBody, patterns: &[Bindings]) -> Result<Vec<ResultLine>, OracleError> {
        let Some(group) = &body.group else { return Ok(Vec::new()) };
        let mut groups: Vec<(String, Vec<OracleValue>, Vec<Bindings>)> = Vec::new();
        if group.keys.is_empty() {
            groups.push((String::new(), Vec::new(), patterns.to_vec()));
        } else {
            for env in patterns {
                let row = RowScope { all: patterns, ..RowScope::from_bindings(env) };
                let keys = group.keys.iter().map(|key| self.expr(key, row)).collect::<Result<Vec<_>, _>>()?;
                let print = self.fingerprint(&keys)?;
                match groups.iter_mut().find(|(known, _, _)| *known == print) {
                    Some((_, _, rows)) => rows.push(env.clone()),
                    None => groups.push((print, keys, vec![env.clone()])),
                }
            }
        }
        let mut lines = Vec::new();
        for (_, keys, rows) in groups {
            let aggregates = group.aggregates.iter().map(|aggregate| self.aggregate(aggregate, &rows));
            let aggregates = aggregates.collect::<Result<Vec<_>, _>>()?;
            let env = Bindings::new();
            let row = RowScope { keys: &keys, aggregates: &aggregates, ..RowScope::from_bindings(&env) };
            lines.push(ResultLine { columns: self.columns(body, row)?, env });
        }
        Ok(lines)
    }

    fn columns(&self, body: &ReadBody, row: RowScope<'_>) -> Result<Vec<OracleValue>, OracleError> {
        body.columns.iter().map(|column| self.expr(&column.expr, row)).collect()
    }

    /// Removes duplicates.
    fn distinct(&self, lines: Vec<ResultLine>) -> Result<Vec<ResultLine>, OracleError> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for line in lines {
            if seen.insert(self.fingerprint(&line.columns)?) {
                kept.push(line);
            }
        }
        Ok(kept)
    }

    fn fingerprint(&self, values: &[OracleValue]) -> Result<String, OracleError> {
        let parts = values.iter().map(|value| self.printer().fingerprint(value)).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.join("\u{0}"))
    }

    /// Sorts lines by rank, then by the keys, then by the tie breakers. Lines without a score are removed.
    fn ordered(
        &self,
        query: &ReadQuery,
        lines: Vec<ResultLine>,
        patterns: &[Bindings],
    ) -> Result<Vec<ResultLine>, OracleError> {
        let order = &query.order;
        let keys: Vec<&OrderKey> = order.keys.iter().chain(&order.ties).collect();
        let mut sortable: Vec<SortableLine> = Vec::new();
        for line in lines {
            let row = RowScope { all: patterns, columns: &line.columns, ..RowScope::from_bindings(&line.env) };
            let score = order.rank.as_ref().map_or(Ok(OracleValue::Null), |rank| self.score(rank, row))?;
            if order.rank.is_some() && score.is_null() {
                continue;
            }
            let values = keys.iter().map(|key| self.expr(&key.expr, row)).collect::<Result<Vec<_>, _>>()?;
            sortable.push((line, score, values));
        }
        let best_first = order.rank.as_ref().is_some_and(RankExpr::descending);
        sortable.sort_by(|(_, score_a, a), (_, score_b, b)| {
            let by_score = score_a.sorted(score_b);
            let by_score = if best_first { by_score.reverse() } else { by_score };
            let by_keys = keys.iter().zip(a.iter().zip(b)).map(|(key, (a, b))| {
                let order = a.sorted(b);
                if key.descending { order.reverse() } else { order }
            });
            by_keys.fold(by_score, std::cmp::Ordering::then)
        });
        Ok(sortable.into_iter().map(|(line, _, _)| line).collect())
    }

    fn page(&self, query: &ReadQuery, lines: Vec<ResultLine>) -> Result<Vec<ResultLine>, OracleError> {
        let offset = query.offset.map_or(Ok(0), |count| self.count(count))?;
        let limit = query.limit.map_or(Ok(usize::MAX), |count| self.count(count))?;
        Ok(lines.into_iter().skip(offset).take(limit).collect())
    }

    fn count(&self, count: RowCount) -> Result<usize, OracleError> {
        let count = match count {
            RowCount::Literal(count) => OracleValue::Integer(count.into()),
            RowCount::Param(index) => self.param(index)?.clone(),
        };
        match count {
            OracleValue::Integer(count) if count >= 0 => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
            other => Err(OracleError::Request(format!("a number of rows cannot be {:?}", widened(&other)))),
        }
    }
}

fn order_of(query: &ReadQuery) -> RowOrder {
    let order = &query.order;
    let paged = query.limit.is_some() || query.offset.is_some() || query.after.is_some();
    if order.rank.is_none() && order.keys.is_empty() && !paged {
        RowOrder::None
    } else if order.total {
        RowOrder::Total
    } else {
        RowOrder::Partial
    }
}
