//! From pattern to result: block, group, columns, having, distinct, union, order, paging.

use std::collections::BTreeSet;

use omnigraph_compiler::ir::{Body, Count, OrderKey, Query, Rank, Union};
use serde_json::Value as Json;

use super::arithmetic::widened;
use super::evaluator::{Env, Evaluator, Row};
use super::failure::Failure;
use super::value::Value;

/// How much of the order of [`Rows`] the query determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// None: the rows are a bag.
    None,
    /// Some: rows that the query does not tell apart may stand in any order.
    Partial,
    /// All of it.
    Total,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Names in order.
    pub columns: Vec<String>,
    /// Cells in the order of the columns, as answers print them.
    pub rows: Vec<Vec<Json>>,
    /// How much of the order of the rows is determined.
    pub order: RowOrder,
}

/// A row of the result on its way.
struct Line {
    columns: Vec<Value>,
    /// The row of the pattern it comes from; empty once rows are no longer those of the pattern.
    env: Env,
}

/// A line, its score and its order keys.
type Sortable = (Line, Value, Vec<Value>);

impl Evaluator<'_> {
    /// The result of a read.
    pub(super) fn query(&self, query: &Query) -> Result<Rows, Failure> {
        if let Some(after) = query.after
            && !self.param(after)?.is_null()
        {
            return Err(Failure::NotSupported("cursors".to_owned()));
        }
        let mut lines = Vec::new();
        let mut patterns = Vec::new();
        for body in &query.bodies {
            patterns = self.block(&body.block, &Env::new())?;
            for mut line in self.body(body, &patterns)? {
                let columns = line.columns.into_iter().zip(&query.columns);
                line.columns = columns.map(|(value, (_, ty))| value.fitted(ty)).collect();
                lines.push(line);
            }
        }
        if query.bodies.len() > 1 && query.union == Union::Distinct {
            lines = self.distinct(lines)?;
        }
        let lines = self.page(query, self.ordered(query, lines, &patterns)?)?;
        let printer = self.printer();
        let row = |line: &Line| line.columns.iter().map(|value| printer.cell(value)).collect::<Result<Vec<_>, _>>();
        Ok(Rows {
            columns: query.columns.iter().map(|(name, _)| name.clone()).collect(),
            rows: lines.iter().map(row).collect::<Result<_, _>>()?,
            order: order_of(query),
        })
    }

    /// The rows of one body, before order.
    fn body(&self, body: &Body, patterns: &[Env]) -> Result<Vec<Line>, Failure> {
        let mut lines = match &body.group {
            None => {
                let line = |env: &Env| {
                    let row = Row { all: patterns, ..Row::of(env) };
                    Ok(Line { columns: self.columns(body, row)?, env: env.clone() })
                };
                patterns.iter().map(line).collect::<Result<Vec<_>, Failure>>()?
            }
            Some(_) => self.groups(body, patterns)?,
        };
        if let Some(having) = &body.having {
            let mut kept = Vec::new();
            for line in lines {
                if self.is_true(having, Row { columns: &line.columns, ..Row::of(&Env::new()) })? {
                    kept.push(line);
                }
            }
            lines = kept;
        }
        if body.distinct { self.distinct(lines) } else { Ok(lines) }
    }

    /// One line for each group, in the order in which they first appear.
    fn groups(&self, body: &Body, patterns: &[Env]) -> Result<Vec<Line>, Failure> {
        let Some(group) = &body.group else { return Ok(Vec::new()) };
        let mut groups: Vec<(String, Vec<Value>, Vec<Env>)> = Vec::new();
        if group.keys.is_empty() {
            groups.push((String::new(), Vec::new(), patterns.to_vec()));
        } else {
            for env in patterns {
                let row = Row { all: patterns, ..Row::of(env) };
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
            let env = Env::new();
            let row = Row { keys: &keys, aggregates: &aggregates, ..Row::of(&env) };
            lines.push(Line { columns: self.columns(body, row)?, env });
        }
        Ok(lines)
    }

    fn columns(&self, body: &Body, row: Row<'_>) -> Result<Vec<Value>, Failure> {
        body.columns.iter().map(|column| self.expr(&column.expr, row)).collect()
    }

    /// Equal lines once.
    fn distinct(&self, lines: Vec<Line>) -> Result<Vec<Line>, Failure> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for line in lines {
            if seen.insert(self.fingerprint(&line.columns)?) {
                kept.push(line);
            }
        }
        Ok(kept)
    }

    fn fingerprint(&self, values: &[Value]) -> Result<String, Failure> {
        let parts = values.iter().map(|value| self.printer().fingerprint(value)).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.join("\u{0}"))
    }

    /// The lines in order: by rank, then by the keys, then by what breaks ties. Lines that a rank does not cover are left
    /// out.
    fn ordered(&self, query: &Query, lines: Vec<Line>, patterns: &[Env]) -> Result<Vec<Line>, Failure> {
        let order = &query.order;
        let keys: Vec<&OrderKey> = order.keys.iter().chain(&order.ties).collect();
        let mut sortable: Vec<Sortable> = Vec::new();
        for line in lines {
            let row = Row { all: patterns, columns: &line.columns, ..Row::of(&line.env) };
            let score = order.rank.as_ref().map_or(Ok(Value::Null), |rank| self.score(rank, row))?;
            if order.rank.is_some() && score.is_null() {
                continue;
            }
            let values = keys.iter().map(|key| self.expr(&key.expr, row)).collect::<Result<Vec<_>, _>>()?;
            sortable.push((line, score, values));
        }
        let best_first = order.rank.as_ref().is_some_and(Rank::descending);
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

    fn page(&self, query: &Query, lines: Vec<Line>) -> Result<Vec<Line>, Failure> {
        let offset = query.offset.map_or(Ok(0), |count| self.count(count))?;
        let limit = query.limit.map_or(Ok(usize::MAX), |count| self.count(count))?;
        Ok(lines.into_iter().skip(offset).take(limit).collect())
    }

    fn count(&self, count: Count) -> Result<usize, Failure> {
        let count = match count {
            Count::Literal(count) => Value::Integer(count.into()),
            Count::Param(index) => self.param(index)?.clone(),
        };
        match count {
            Value::Integer(count) if count >= 0 => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
            other => Err(Failure::Request(format!("a number of rows cannot be {:?}", widened(&other)))),
        }
    }
}

fn order_of(query: &Query) -> RowOrder {
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
