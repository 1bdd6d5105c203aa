//! Expressions, with the fewest parentheses that keep their meaning plain.

use std::collections::BTreeSet;

use crate::gq::ast::{Clause, Expr, ExprKind, Literal, Operator};
use crate::lex::escape;

/// How tightly a form binds; operands of lower level need parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Unary,
    Primary,
}

fn level(expr: &Expr) -> Level {
    match &expr.kind {
        ExprKind::Or(_) => Level::Or,
        ExprKind::And(_) => Level::And,
        ExprKind::Not(_) => Level::Not,
        ExprKind::IsNull { .. } => Level::Comparison,
        ExprKind::Binary { op, .. } => operator_level(*op),
        ExprKind::Negate(_) => Level::Unary,
        _ => Level::Primary,
    }
}

const fn operator_level(op: Operator) -> Level {
    match op {
        Operator::Add | Operator::Subtract => Level::Sum,
        Operator::Multiply | Operator::Divide | Operator::Remainder | Operator::IntegerDivide => Level::Product,
        _ => Level::Comparison,
    }
}

/// Prints an expression on one line.
pub(super) fn expr(expr: &Expr) -> String {
    let mut out = String::new();
    write(&mut out, expr);
    out
}

/// Prints a condition as a clause: in parentheses where its first token would otherwise be read as part of the clause
/// before it or as the start of a traversal.
pub(super) fn filter(condition: &Expr, params: &BTreeSet<String>) -> String {
    let text = expr(condition);
    let wrapped = reads_otherwise(condition, None, params) || ends_in_name(condition);
    if wrapped { format!("({text})") } else { text }
}

/// Whether the last token is a bare name, which a parenthesis after it would make a call.
pub(super) fn ends_in_name(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Alias(_) => true,
        ExprKind::Not(inner) | ExprKind::Negate(inner) => ends_in_name(inner),
        ExprKind::Binary { right, .. } => ends_in_name(right),
        ExprKind::And(items) | ExprKind::Or(items) => items.last().is_some_and(ends_in_name),
        _ => false,
    }
}

fn reads_otherwise(expr: &Expr, parent: Option<&ExprKind>, params: &BTreeSet<String>) -> bool {
    let left = match &expr.kind {
        ExprKind::Literal(Literal::Integer(value)) => return *value < 0,
        ExprKind::Literal(Literal::Float(value)) => return value.is_sign_negative(),
        ExprKind::Negate(_) => return true,
        ExprKind::Variable(name) => {
            return match parent {
                None => true,
                Some(ExprKind::Binary { op, .. }) => {
                    let plain = matches!(
                        op,
                        Operator::Equal
                            | Operator::NotEqual
                            | Operator::LessEqual
                            | Operator::Greater
                            | Operator::GreaterEqual
                            | Operator::Add
                            | Operator::Subtract
                            | Operator::Divide
                            | Operator::Remainder
                    );
                    !plain && !params.contains(name)
                }
                Some(ExprKind::IsNull { .. }) => false,
                Some(_) => !params.contains(name),
            };
        }
        ExprKind::Binary { op, left, .. } if level(left) >= operator_level(*op) => left,
        ExprKind::IsNull { operand, .. } if level(operand) >= Level::Sum => operand,
        ExprKind::And(items) => match items.first() {
            Some(first) if level(first) > Level::And => first,
            _ => return false,
        },
        ExprKind::Or(items) => match items.first() {
            Some(first) if level(first) > Level::And => first,
            _ => return false,
        },
        _ => return false,
    };
    reads_otherwise(left, Some(&expr.kind), params)
}

fn operand(out: &mut String, expr: &Expr, least: Level) {
    if level(expr) < least {
        out.push('(');
        write(out, expr);
        out.push(')');
    } else {
        write(out, expr);
    }
}

fn separated(out: &mut String, items: &[Expr], separator: &str, least: Level) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        operand(out, item, least);
    }
}

fn write(out: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Literal(value) => literal(out, value),
        ExprKind::List(items) => {
            out.push('[');
            separated(out, items, ", ", Level::Or);
            out.push(']');
        }
        ExprKind::Weighted(items) => weighted(out, items),
        ExprKind::Now => out.push_str("now()"),
        ExprKind::Variable(name) => {
            out.push('$');
            out.push_str(name);
        }
        ExprKind::Property { var, name } => out.push_str(&format!("${}.{}", var.text, name.text)),
        ExprKind::System { var: Some(var), field } => out.push_str(&format!("${}.@{}", var.text, field.text)),
        ExprKind::System { var: None, field } => out.push_str(&format!("@{}", field.text)),
        ExprKind::Alias(name) => out.push_str(name),
        ExprKind::Call { name, args, named } => {
            out.push_str(&name.text);
            out.push('(');
            separated(out, args, ", ", Level::Or);
            for (index, (key, value)) in named.iter().enumerate() {
                let comma = if index > 0 || !args.is_empty() { ", " } else { "" };
                out.push_str(&format!("{comma}{} = ", key.text));
                write(out, value);
            }
            out.push(')');
        }
        ExprKind::Aggregate { function, distinct, arg, block } => {
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
        ExprKind::Exists { negated, clauses } => {
            out.push_str(if *negated { "not" } else { "exists" });
            inline_block(out, clauses);
        }
        _ => operators(out, expr),
    }
}

fn operators(out: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Not(inner) => {
            out.push_str("not ");
            // Without parentheses a block would be read as the block of this very `not`.
            operand(out, inner, Level::Not);
        }
        ExprKind::Negate(inner) => {
            let number = matches!(&inner.kind, ExprKind::Literal(Literal::Integer(value)) if *value >= 0)
                || matches!(&inner.kind, ExprKind::Literal(Literal::Float(value)) if value.is_sign_positive());
            out.push('-');
            if number {
                out.push('(');
            }
            operand(out, inner, Level::Unary);
            if number {
                out.push(')');
            }
        }
        ExprKind::And(items) => separated(out, items, " and ", Level::Not),
        ExprKind::Or(items) => separated(out, items, " or ", Level::Not),
        ExprKind::Binary { op, left, right } => {
            let own = operator_level(*op);
            let (least_left, least_right) = match own {
                Level::Sum => (Level::Sum, Level::Product),
                Level::Product => (Level::Product, Level::Unary),
                _ => (Level::Sum, Level::Sum),
            };
            operand(out, left, least_left);
            out.push_str(&format!(" {} ", op.as_str()));
            operand(out, right, least_right);
        }
        ExprKind::IsNull { operand: inner, negated } => {
            operand(out, inner, Level::Sum);
            out.push_str(if *negated { " is not null" } else { " is null" });
        }
        ExprKind::Index { base, index } => {
            operand(out, base, Level::Primary);
            out.push('[');
            write(out, index);
            out.push(']');
        }
        _ => {}
    }
}

fn weighted(out: &mut String, items: &[(Expr, Expr)]) {
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

/// A block within an expression stays on the line.
fn inline_block(out: &mut String, clauses: &[Clause]) {
    out.push_str(" { ");
    for (index, clause) in clauses.iter().enumerate() {
        if index > 0 {
            out.push_str("  ");
        }
        super::pattern::inline_clause(out, clause);
    }
    out.push_str(" }");
}

fn literal(out: &mut String, literal: &Literal) {
    match literal {
        Literal::Null => out.push_str("null"),
        Literal::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Literal::Integer(value) => out.push_str(&value.to_string()),
        Literal::Float(value) => out.push_str(&format!("{value:?}")),
        Literal::String(text) => string(out, text),
        Literal::Date(text) => {
            out.push_str("date(");
            string(out, text);
            out.push(')');
        }
        Literal::DateTime(text) => {
            out.push_str("datetime(");
            string(out, text);
            out.push(')');
        }
    }
}

/// A string in quotes.
pub(super) fn string(out: &mut String, text: &str) {
    out.push_str(&escape(text));
}
