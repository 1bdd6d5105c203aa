//! Aggregates, over the rows of the query or of a block.

use super::scope::Frame;
use super::types::{is_integer, is_numeric, scalar_of, scalar_type};
use super::{Blocks, Checker, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{self, AggregateWord, Clause};
use crate::ir::{Aggregate, AggregateKind, BinaryOp, CorrelatedKind, Expr, ExprKind, Type, Value};
use crate::span::Span;
use crate::types::{PropType, Scalar};

impl Checker<'_> {
    /// An aggregate over the rows of the query.
    pub(super) fn aggregate(
        &mut self,
        function: AggregateWord,
        distinct: bool,
        arg: Option<&ast::Expr>,
        span: Span,
        place: Place,
    ) -> Option<Expr> {
        if !place.aggregates {
            let message = format!("`{}(…)` aggregates the rows of a query; it cannot stand here", function.as_str());
            let help = format!(
                "to aggregate over a pattern write `{}(…) {{ … }}`; to test an aggregate of the query use `having`",
                function.as_str()
            );
            self.error_with_help(Code::T112, span, message, help);
            return None;
        }
        let inner = Place { aggregates: false, ranks: place.ranks, ..place };
        let aggregate = self.aggregate_of(function, distinct, arg, span, inner)?;
        let ty = aggregate.ty.clone();
        let index = self.aggregates.index_of(aggregate);
        Some(Expr { kind: ExprKind::Aggregated(index), ty })
    }

    /// The aggregate itself, its argument checked.
    fn aggregate_of(
        &mut self,
        function: AggregateWord,
        distinct: bool,
        arg: Option<&ast::Expr>,
        span: Span,
        place: Place,
    ) -> Option<Aggregate> {
        let Some(written) = arg else {
            return Some(Aggregate { kind: AggregateKind::Count, arg: None, distinct, ty: Type::scalar(Scalar::I64) });
        };
        let arg = self.expr(written, place)?;
        if matches!(&arg.ty, Type::Value(ty) if ty.scalar == Scalar::Blob) {
            self.error(Code::T24, written.span(), "a Blob cannot be aggregated");
            return None;
        }
        let (kind, ty) = match function {
            AggregateWord::Count => (AggregateKind::Count, Type::scalar(Scalar::I64)),
            AggregateWord::Collect => (AggregateKind::Collect, self.collected(&arg.ty, written.span())?),
            _ => self.numeric_aggregate(function, &arg.ty, span)?,
        };
        Some(Aggregate { kind, arg: Some(arg), distinct, ty })
    }

    fn numeric_aggregate(&mut self, function: AggregateWord, ty: &Type, span: Span) -> Option<(AggregateKind, Type)> {
        let scalar = scalar_of(ty);
        let numeric = scalar.filter(|ty| is_numeric(ty.scalar)).map(|ty| ty.scalar);
        let text = scalar.is_some_and(|ty| ty.scalar == Scalar::String);
        let word = function.as_str();
        match (function, numeric) {
            (AggregateWord::Sum, Some(scalar)) => {
                let sum = if scalar == Scalar::U64 {
                    Scalar::U64
                } else if is_integer(scalar) {
                    Scalar::I64
                } else {
                    Scalar::F64
                };
                Some((AggregateKind::Sum, scalar_type(sum, true)))
            }
            (AggregateWord::Avg, Some(_)) => Some((AggregateKind::Avg, scalar_type(Scalar::F64, true))),
            (AggregateWord::Min, Some(_)) => Some((AggregateKind::Min, ty.clone().with_nullable(true))),
            (AggregateWord::Max, Some(_)) => Some((AggregateKind::Max, ty.clone().with_nullable(true))),
            (AggregateWord::Min, None) if text => Some((AggregateKind::Min, ty.clone().with_nullable(true))),
            (AggregateWord::Max, None) if text => Some((AggregateKind::Max, ty.clone().with_nullable(true))),
            (AggregateWord::Sum | AggregateWord::Avg, None) => {
                self.error(Code::T8, span, format!("`{word}` needs a number; this is `{ty}`"));
                None
            }
            _ => {
                self.error(Code::T8, span, format!("`{word}` needs a number or a String; this is `{ty}`"));
                None
            }
        }
    }

    fn collected(&mut self, ty: &Type, span: Span) -> Option<Type> {
        match ty {
            Type::Object { kind, .. } => Some(Type::Objects { kind: *kind, nullable: false }),
            Type::Value(item) if scalar_of(ty).is_some() => {
                Some(Type::Value(PropType { list: true, nullable: false, ..item.clone() }))
            }
            other => {
                self.error(
                    Code::T8,
                    span,
                    format!("`collect` makes lists of scalars, nodes or edges; this is `{other}`"),
                );
                None
            }
        }
    }

    /// `count { … }`, `sum(x) { … }`: a value computed once per row.
    pub(super) fn aggregate_block(
        &mut self,
        function: AggregateWord,
        distinct: bool,
        arg: Option<&ast::Expr>,
        clauses: &[Clause],
        span: Span,
        place: Place,
    ) -> Option<Expr> {
        self.require_blocks(place, span)?;
        self.open_frame();
        self.clauses(clauses);
        let aggregate = self.aggregate_of(function, distinct, arg, span, Place::PATTERN);
        let frame = self.close_frame();
        self.require_outer(&frame, function.as_str(), span);
        self.require_read_before(&frame, span)?;
        let aggregate = aggregate?;
        let ty = aggregate.ty.clone();
        let into = self.bind(None, super::scope::VarKind::Value(ty.clone()), span);
        self.correlate(CorrelatedKind::Aggregate { into, aggregate }, frame);
        Some(Expr { kind: ExprKind::Variable(into), ty })
    }

    /// `exists { … }` or `not { … }` within an expression: whether the block has rows, as a Bool.
    pub(super) fn exists_value(&mut self, negated: bool, clauses: &[Clause], span: Span, place: Place) -> Option<Expr> {
        let count = self.aggregate_block(AggregateWord::Count, false, None, clauses, span, place)?;
        let zero = Expr { kind: ExprKind::Literal(Value::I64(0)), ty: Type::scalar(Scalar::I64) };
        let op = if negated { BinaryOp::Equal } else { BinaryOp::Greater };
        Some(super::operator::binary(op, count, zero, None))
    }

    pub(super) fn require_blocks(&mut self, place: Place, span: Span) -> Option<()> {
        let Blocks::Refused(help) = place.blocks else { return Some(()) };
        self.error_with_help(Code::T125, span, "a block cannot stand here", help);
        None
    }

    /// A block within a statement is evaluated with the pattern before the statements, so it reads nothing that they write.
    fn require_read_before(&mut self, frame: &Frame, span: Span) -> Option<()> {
        let Some(bound) = self.read_before else { return Some(()) };
        // What a block within a block reads, the outer one reads as well.
        if self.frames.len() > 1 || frame.outer.iter().all(|id| (id.0 as usize) < bound) {
            return Some(());
        }
        let message = "this block reads a row that a statement writes, and it is evaluated before any statement";
        self.error_with_help(Code::T125, span, message, "a block in a statement reads variables of `match` only");
        None
    }
}
