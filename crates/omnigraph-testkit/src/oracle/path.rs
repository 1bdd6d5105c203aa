//! Paths, found by trying all of them.
//!
//! A path visits no node twice, but may end with a self-edge, as a walk may. From a node to itself that leaves the path
//! without edges and the self-edge. The bounds are on the number of edges of the path.

use omnigraph_compiler::ir::{ExpandPattern, HopRange, PathMode, PathSearch};

use super::arithmetic::widened;
use super::block::extend_row;
use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::expand::{EdgeHop, node};
use super::value::{EntityRef, OraclePath, OracleValue};

impl OracleEvaluator<'_> {
    /// Returns the rows that a search for paths makes of one row with both endpoints.
    pub(super) fn path(&self, search: &PathSearch, row: &Bindings) -> Result<Vec<Bindings>, OracleError> {
        let expand = &search.expand;
        let (Some(from), Some(to)) = (node(row, expand.from)?, node(row, expand.to)?) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let start = OraclePath { nodes: vec![from.clone()], edges: Vec::new(), cost: 0.0 };
        self.extend_path(search, to, row, start, &mut found)?;
        found.sort_by(|a, b| {
            a.cost.total_cmp(&b.cost).then_with(|| a.nodes.cmp(&b.nodes)).then_with(|| a.edges.cmp(&b.edges))
        });
        let least = found.first().map_or(0.0, |path| path.cost);
        let several = search.mode == PathMode::AllShortest;
        let chosen = found.into_iter().take_while(|path| path.cost.total_cmp(&least).is_eq());
        let chosen = chosen.take(if several { usize::MAX } else { 1 });
        Ok(chosen.map(|path| extend_row(row, search.path, OracleValue::Path(path))).collect())
    }

    /// Adds every admissible path that begins like `path` and ends at `to`.
    fn extend_path(
        &self,
        search: &PathSearch,
        to: &EntityRef,
        row: &Bindings,
        path: OraclePath,
        found: &mut Vec<OraclePath>,
    ) -> Result<(), OracleError> {
        let (min, max) = bounds(&search.expand);
        let Some(end) = path.nodes.last().cloned() else { return Ok(()) };
        if end == *to && path.edges.len() >= min {
            found.push(path.clone());
        }
        if path.edges.len() >= max {
            return Ok(());
        }
        for EdgeHop { edge, to: next } in self.hops(&search.expand, &end, row)? {
            let mut longer = path.clone();
            longer.cost += self.cost(search, &edge, row)?;
            longer.edges.push(edge);
            longer.nodes.push(next.clone());
            if next == end {
                if end == *to && longer.edges.len() >= min {
                    found.push(longer);
                }
            } else if !path.nodes.contains(&next) {
                self.extend_path(search, to, row, longer, found)?;
            }
        }
        Ok(())
    }

    /// Returns the cost of an edge; 1 if the search does not use costs.
    fn cost(&self, search: &PathSearch, edge: &EntityRef, row: &Bindings) -> Result<f64, OracleError> {
        let PathMode::Cheapest { cost } = &search.mode else { return Ok(1.0) };
        let Some(walk) = &search.expand.walk else { return Err(OracleError::internal("a cost without an edge")) };
        let row = extend_row(row, walk.edge.id, OracleValue::Edge(edge.clone()));
        let value = self.expr(cost, RowScope::from_bindings(&row))?;
        widened(&value)
            .filter(|cost| *cost >= 0.0)
            .ok_or_else(|| OracleError::run(format!("the cost of {} '{}' is null or negative", edge.ty, edge.id)))
    }
}

fn bounds(expand: &ExpandPattern) -> (usize, usize) {
    match expand.hops {
        HopRange::One => (1, 1),
        HopRange::Range { min, max } => (min as usize, max.map_or(usize::MAX, |max| max as usize)),
    }
}
