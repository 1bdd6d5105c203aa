//! Blocks within blocks.

use super::Checker;
use super::scope::Frame;
use crate::diagnostic::Code;
use crate::gq::ast::BlockClause;
use crate::ir::{Correlated, CorrelatedKind};
use crate::span::Span;

impl Checker<'_> {
    pub(super) fn block_clause(&mut self, kind: CorrelatedKind, word: &str, block: &BlockClause) {
        self.open_frame();
        self.clauses(&block.clauses);
        let frame = self.close_frame();
        self.require_outer(&frame, word, block.at.0);
        if kind == CorrelatedKind::Optional {
            self.export(&frame);
        }
        self.correlate(kind, frame);
    }

    /// A block must say something about the row it is evaluated for.
    pub(super) fn require_outer(&mut self, frame: &Frame, word: &str, span: Span) {
        if frame.direct {
            return;
        }
        let message =
            format!("`{word} {{ … }}` mentions no variable bound before it, so it says nothing about the row at hand");
        let help = "a clause directly inside it must mention one; within a further block does not count";
        self.error_with_help(Code::T9, span, message, help);
    }

    /// Makes the variables of an optional block visible to the block around it.
    fn export(&mut self, frame: &Frame) {
        let level = self.frames.len().saturating_sub(1);
        // What optional blocks within it exported to it is exported on.
        for id in frame.own.iter().chain(frame.names.values()) {
            let info = self.var_mut(*id);
            info.optional = true;
            info.level = level;
        }
        self.frame().names.extend(frame.names.iter().map(|(name, id)| (name.clone(), *id)));
    }

    /// Adds a finished block to the one around it.
    pub(super) fn correlate(&mut self, kind: CorrelatedKind, frame: Frame) {
        let outer = frame.outer.into_iter().collect();
        self.frame().block.blocks.push(Correlated { kind, block: frame.block, outer });
    }
}
