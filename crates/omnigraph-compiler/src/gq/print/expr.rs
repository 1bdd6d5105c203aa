//! Expressions, with the fewest parentheses that keep their meaning.

use std::collections::BTreeSet;

use crate::gq::ast::{AstExpr, AstExprKind, AstLiteral, InfixOperator, PatternClause};
use crate::lex::escape;

/// Precedence level of a form; operands of a lower level need parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PrecedenceLevel {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Unary,
    Primary,
}

fn level(expr: &AstExpr) -> PrecedenceLevel {
    match &expr.kind {
        AstExprKind::Or(_) => PrecedenceLevel::Or,
        AstExprKind::And(_) => PrecedenceLevel::And,
        AstExprKind::Not(_) => PrecedenceLevel::Not,
        AstExprKind::IsNull { .. } => PrecedenceLevel::Comparison,
        AstExprKind::Binary { op, .. } => operator_level(*op),
        AstExprKind::Negate(_) => PrecedenceLevel::Unary,
        _ => PrecedenceLevel::Primary,
    }
}

const fn operator_level(op: InfixOperator) -> PrecedenceLevel {
    match op {
        InfixOperator::Add | InfixOperator::Subtract => PrecedenceLevel::Sum,
        InfixOperator::Multiply | InfixOperator::Divide | InfixOperator::Remainder | InfixOperator::IntegerDivide => {
            PrecedenceLevel::Product
        }
        _ => PrecedenceLevel::Comparison,
    }
}

/// Prints an expression on one line.
pub(super) fn expr(expr: &AstExpr) -> String {
    let mut out = String::new();
    write(&mut out, expr);
    out
}

/// Prints a condition as a clause. It gets parentheses where its first token would be parsed as part of the clause before it or
/// as the start of a traversal.
pub(super) fn filter(condition: &AstExpr, params: &BTreeSet<String>) -> String {
    let text = expr(condition);
    let wrapped = reads_otherwise(condition, None, params) || ends_in_name(condition);
    if wrapped { format!("({text})") } else { text }
}

/// Returns `true` if the last token is a bare name: a parenthesis after it would make it a call.
pub(super) fn ends_in_name(expr: &AstExpr) -> bool {
    match &expr.kind {
        AstExprKind::Alias(_) => true,
        AstExprKind::Not(inner) | AstExprKind::Negate(inner) => ends_in_name(inner),
        AstExprKind::Binary { right, .. } => ends_in_name(right),
        AstExprKind::And(items) | AstExprKind::Or(items) => items.last().is_some_and(ends_in_name),
        _ => false,
    }
}

fn reads_otherwise(expr: &AstExpr, parent: Option<&AstExprKind>, params: &BTreeSet<String>) -> bool {
    let left = match &expr.kind {
        AstExprKind::Literal(AstLiteral::Integer(value)) => return *value < 0,
        AstExprKind::Literal(AstLiteral::Float(value)) => return value.is_sign_negative(),
        AstExprKind::Negate(_) => return true,
        AstExprKind::Variable(name) => {
            return match parent {
                None => true,
                Some(AstExprKind::Binary { op, .. }) => {
                    let plain = matches!(
                        op,
                        InfixOperator::Equal
                            | InfixOperator::NotEqual
                            | InfixOperator::LessEqual
                            | InfixOperator::Greater
                            | InfixOperator::GreaterEqual
                            | InfixOperator::Add
                            | InfixOperator::Subtract
                            | InfixOperator::Divide
                            | InfixOperator::Remainder
                    );
                    !plain && !params.contains(name)
                }
                Some(AstExprKind::IsNull { .. }) => false,
                Some(_) => !params.contains(name),
            };
        }
        AstExprKind::Binary { op, left, .. } if level(left) >= operator_level(*op) => left,
        AstExprKind::IsNull { operand, .. } if level(operand) >= PrecedenceLevel::Sum => operand,
        AstExprKind::And(items) => match items.first() {
            Some(first) if level(first) > PrecedenceLevel::And => first,
            _ => return false,
        },
        AstExprKind::Or(items) => match items.first() {
            Some(first) if level(first) > PrecedenceLevel::And => first,
            _ => return false,
        },
        _ => return false,
    };
    reads_otherwise(left, Some(&expr.kind), params)
}

fn operand(out: &mut String, expr: &AstExpr, least: PrecedenceLevel) {
    if level(expr) < least {
        out.push('(');
        write(out, expr);
        out.push(')');
    } else {
        write(out, expr);
    }
}

fn separated(out: &mut String, items: &[AstExpr], separator: &str, least: PrecedenceLevel) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        operand(out, item, least);
    }
}

fn write(out: &mut String, expr: &AstExpr) {
    match &expr.kind {
        AstExprKind::Literal(value) => literal(out, value),
        AstExprKind::List(items) => {
            out.push('[');
            separated(out, items, ", ", PrecedenceLevel::Or);
            out.push(']');
        }
        AstExprKind::Weighted(items) => weighted(out, items),
        AstExprKind::Now => out.push_str("now()"),
        AstExprKind::Variable(name) => {
            out.push('$');
            out.push_str(name);
        }
        AstExprKind::Property { var, name } => out.push_str(&format!("${}.{}", var.text, name.text)),
        AstExprKind::System { var: Some(var), field } => out.push_str(&format!("${}.@{}", var.text, field.text)),
        AstExprKind::System { var: None, field } => out.push_str(&format!("@{}", field.text)),
        AstExprKind::Alias(name) => out.push_str(name),
        AstExprKind::Call { name, args, named } => {
            out.push_str(&name.text);
            out.push('(');
            separated(out, args, ", ", PrecedenceLevel::Or);
            for (index, (key, value)) in named.iter().enumerate() {
                let comma = if index > 0 || !args.is_empty() { ", " } else { "" };
                out.push_str(&format!("{comma}{} = ", key.text));
                write(out, value);
            }
            out.push(')');
        }
        AstExprKind::Aggregate { function, distinct, arg, block } => {
            out.push_str(function.as_str());
            if arg.is_some() || block.is_none() {
                out.push('(');
                out.push_str(if *distinct { "distinct " } else { "" });
                match arg {
                    Some(arg) => write(out, arg),
                    None => out.push('*'),
                }
                out.push(')');
            }
            if let Some(clauses) = block {
                inline_block(out, clauses);
            }
        }
        AstExprKind::Exists { negated, clauses } => {
            out.push_str(if *negated { "not" } else { "exists" });
            inline_block(out, clauses);
        }
        _ => operators(out, expr),
    }
}

fn operators(out: &mut String, expr: &AstExpr) {
    match &expr.kind {
        AstExprKind::Not(inner) => {
            out.push_str("not ");
            // Without parentheses a block would be parsed as the block of this `not`.
            operand(out, inner, PrecedenceLevel::Not);
        }
        AstExprKind::Negate(inner) => {
            let number = matches!(&inner.kind, AstExprKind::Literal(AstLiteral::Integer(value)) if *value >= 0)
                || matches!(&inner.kind, AstExprKind::Literal(AstLiteral::Float(value)) if value.is_sign_positive());
            out.push('-');
            if number {
                out.push('(');
            }
            operand(out, inner, PrecedenceLevel::Unary);
            if number {
                out.push(')');
            }
        }
        AstExprKind::And(items) => separated(out, items, " and ", PrecedenceLevel::Not),
        AstExprKind::Or(items) => separated(out, items, " or ", PrecedenceLevel::Not),
        AstExprKind::Binary { op, left, right } => {
            let own = operator_level(*op);
            let (least_left, least_right) = match own {
                PrecedenceLevel::Sum => (PrecedenceLevel::Sum, PrecedenceLevel::Product),
                PrecedenceLevel::Product => (PrecedenceLevel::Product, PrecedenceLevel::Unary),
                _ => (PrecedenceLevel::Sum, PrecedenceLevel::Sum),
            };
            operand(out, left, least_left);
            out.push_str(&format!(" {} ", op.as_str()));
            operand(out, right, least_right);
        }
        AstExprKind::IsNull { operand: inner, negated } => {
            operand(out, inner, PrecedenceLevel::Sum);
            out.push_str(if *negated { " is not null" } else { " is null" });
        }
        AstExprKind::Index { base, index } => {
            operand(out, base, PrecedenceLevel::Primary);
            out.push('[');
            write(out, index);
            out.push(']');
        }
        _ => {}
    }
}

fn weighted(out: &mut String, items: &[(AstExpr, AstExpr)]) {
    out.push('[');
    for (index, (field, weight)) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, field);
        out.push_str(": ");
        write(out, weight);
    }
    out.push(']');
}

/// Writes a block within an expression on one line.
fn inline_block(out: &mut String, clauses: &[PatternClause]) {
    out.push_str(" { ");
    for (index, clause) in clauses.iter().enumerate() {
        if index > 0 {
            out.push_str("  ");
        }
        super::pattern::inline_clause(out, clause);
    }
    out.push_str(" }");
}

fn literal(out: &mut String, literal: &AstLiteral) {
    match literal {
        AstLiteral::Null => out.push_str("null"),
        AstLiteral::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        AstLiteral::Integer(value) => out.push_str(&value.to_string()),
        AstLiteral::Float(value) => out.push_str(&format!("{value:?}")),
        AstLiteral::String(text) => out.push_str(&escape(text)),
        AstLiteral::Date(text) => out.push_str(&format!("date({})", escape(text))),
        AstLiteral::DateTime(text) => out.push_str(&format!("datetime({})", escape(text))),
    }
}
