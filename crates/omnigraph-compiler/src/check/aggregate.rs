//! Aggregates over the rows of the query or of a block.

use super::scope::BlockFrame;
use super::types::{is_integer, is_numeric, scalar_of, scalar_type};
use super::{BlockPolicy, ExprContext, TypeChecker};
use crate::diagnostic::Code;
use crate::gq::ast::{self, PatternClause};
use crate::ir::{AggregateExpr, AggregateKind, BinaryOp, CorrelatedKind, Expr, ExprKind, ExprType, Value};
use crate::span::Span;
use crate::types::{PropType, ScalarType};

/// An aggregate as written, without its block.
#[derive(Clone, Copy)]
pub(super) struct AggregateCall<'a> {
    pub(super) function: AggregateKind,
    pub(super) distinct: bool,
    /// `None` for `count(*)` and `count { … }`.
    pub(super) arg: Option<&'a ast::AstExpr>,
}

impl TypeChecker<'_> {
    /// Checks an aggregate over the rows of the query.
    pub(super) fn aggregate(&mut self, call: AggregateCall, span: Span, place: ExprContext) -> Option<Expr> {
        if !place.aggregates {
            let message =
                format!("`{}(…)` aggregates the rows of a query and is not allowed here", call.function.as_str());
            let help = format!(
                "to aggregate over a pattern write `{}(…) {{ … }}`; to test an aggregate of the query use `having`",
                call.function.as_str()
            );
            self.error_with_help(Code::T112, span, message, help);
            return None;
        }
        let inner = ExprContext { aggregates: false, ranks: place.ranks, ..place };
        let aggregate = self.aggregate_of(call, span, inner)?;
        let ty = aggregate.ty.clone();
        let index = self.aggregates.index_of(aggregate);
        Some(Expr::new(ExprKind::Aggregated(index), ty))
    }

    /// Checks the argument and returns the aggregate.
    fn aggregate_of(&mut self, call: AggregateCall, span: Span, place: ExprContext) -> Option<AggregateExpr> {
        let AggregateCall { function, distinct, arg } = call;
        let Some(written) = arg else {
            return Some(AggregateExpr {
                kind: AggregateKind::Count,
                arg: None,
                distinct,
                ty: ExprType::scalar(ScalarType::I64),
            });
        };
        let arg = self.expr(written, place)?;
        if matches!(&arg.ty, ExprType::Value(ty) if ty.scalar == ScalarType::Blob) {
            self.error(Code::T24, written.span(), "a Blob cannot be aggregated");
            return None;
        }
        let ty = match function {
            AggregateKind::Count => ExprType::scalar(ScalarType::I64),
            AggregateKind::Collect => self.collected(&arg.ty, written.span())?,
            _ => self.numeric_aggregate(function, &arg.ty, span)?,
        };
        Some(AggregateExpr { kind: function, arg: Some(arg), distinct, ty })
    }

    fn numeric_aggregate(&mut self, function: AggregateKind, ty: &ExprType, span: Span) -> Option<ExprType> {
        let scalar = scalar_of(ty);
        let numeric = scalar.filter(|ty| is_numeric(ty.scalar)).map(|ty| ty.scalar);
        let text = scalar.is_some_and(|ty| ty.scalar == ScalarType::String);
        let ordered = matches!(function, AggregateKind::Min | AggregateKind::Max);
        match (function, numeric) {
            (AggregateKind::Sum, Some(ScalarType::U64)) => Some(scalar_type(ScalarType::U64, true)),
            (AggregateKind::Sum, Some(scalar)) if is_integer(scalar) => Some(scalar_type(ScalarType::I64, true)),
            (AggregateKind::Sum | AggregateKind::Avg, Some(_)) => Some(scalar_type(ScalarType::F64, true)),
            _ if ordered && (numeric.is_some() || text) => Some(ty.clone().with_nullable(true)),
            _ => {
                let expected = if ordered { "a number or a String" } else { "a number" };
                self.error(Code::T8, span, format!("`{}` expects {expected}, found `{ty}`", function.as_str()));
                None
            }
        }
    }

    fn collected(&mut self, ty: &ExprType, span: Span) -> Option<ExprType> {
        match ty {
            ExprType::Object { kind, .. } => Some(ExprType::Objects { kind: *kind, nullable: false }),
            ExprType::Value(item) if scalar_of(ty).is_some() => {
                Some(ExprType::Value(PropType { list: true, nullable: false, ..item.clone() }))
            }
            other => {
                self.error(Code::T8, span, format!("`collect` expects a scalar, a node or an edge, found `{other}`"));
                None
            }
        }
    }

    /// Checks `count { … }`, `sum(x) { … }`: a value computed once per row.
    pub(super) fn aggregate_block(
        &mut self,
        call: AggregateCall,
        clauses: &[PatternClause],
        span: Span,
        place: ExprContext,
    ) -> Option<Expr> {
        self.require_blocks(place, span)?;
        self.open_frame();
        self.clauses(clauses);
        let aggregate = self.aggregate_of(call, span, ExprContext::PATTERN);
        let frame = self.close_frame();
        self.require_outer(&frame, call.function.as_str(), span);
        self.require_read_before(&frame, span)?;
        let aggregate = aggregate?;
        let ty = aggregate.ty.clone();
        let into = self.bind(None, super::scope::VarKind::Value(ty.clone()), span);
        self.correlate(CorrelatedKind::Aggregate { into, aggregate }, frame);
        Some(Expr::new(ExprKind::Variable(into), ty))
    }

    /// Checks `exists { … }` or `not { … }` within an expression: whether the block has rows, as a Bool.
    pub(super) fn exists_value(
        &mut self,
        negated: bool,
        clauses: &[PatternClause],
        span: Span,
        place: ExprContext,
    ) -> Option<Expr> {
        let count = AggregateCall { function: AggregateKind::Count, distinct: false, arg: None };
        let count = self.aggregate_block(count, clauses, span, place)?;
        let zero = Expr::new(ExprKind::Literal(Value::I64(0)), ExprType::scalar(ScalarType::I64));
        let op = if negated { BinaryOp::Equal } else { BinaryOp::Greater };
        Some(super::operator::binary(op, count, zero, None))
    }

    pub(super) fn require_blocks(&mut self, place: ExprContext, span: Span) -> Option<()> {
        let BlockPolicy::Refused(help) = place.blocks else { return Some(()) };
        self.error_with_help(Code::T125, span, "a block is not allowed here", help);
        None
    }

    /// Reports a block in a statement that reads a written row: it is evaluated with the pattern, before the statements.
    fn require_read_before(&mut self, frame: &BlockFrame, span: Span) -> Option<()> {
        let Some(bound) = self.read_before else { return Some(()) };
        // The outer block also reads the variables of a nested block.
        if self.frames.len() > 1 || frame.outer.iter().all(|id| (id.0 as usize) < bound) {
            return Some(());
        }
        let message = "this block reads a row that a statement writes, and it is evaluated before any statement";
        self.error_with_help(Code::T125, span, message, "a block in a statement reads variables of `match` only");
        None
    }
}
