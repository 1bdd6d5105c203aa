//! Calls of functions.

use super::types::{
    common_type, constant, is_bool, is_integer, is_number, is_text, same_family, scalar_of, scalar_type,
};
use super::{ExprContext, TypeChecker};
use crate::diagnostic::Code;
use crate::functions::{self, ArgType, FunctionId, FunctionSpec, NullRule, ResultType};
use crate::gq::ast::{self, AstName};
use crate::ir::{Expr, ExprKind, ExprType, ObjectKind, PathPart, Value};
use crate::span::Span;
use crate::suggest::did_you_mean;
use crate::temporal::parse_duration;
use crate::types::{PropType, ScalarType};

/// Names with a grammar of their own, for suggestions.
const SPECIAL_NAMES: &[&str] = &[
    "search",
    "match_text",
    "match_all",
    "phrase",
    "fuzzy",
    "nearest",
    "distance",
    "bm25",
    "rrf",
    "nodes",
    "edges",
    "cost",
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "collect",
    "now",
    "date",
    "datetime",
];

const TRUNCATION_UNITS: &[&str] = &["year", "quarter", "month", "week", "day", "hour", "minute", "second"];

impl TypeChecker<'_> {
    pub(super) fn call(
        &mut self,
        name: &AstName,
        args: &[ast::AstExpr],
        named: &[(AstName, ast::AstExpr)],
        span: Span,
        place: ExprContext,
    ) -> Option<Expr> {
        match name.text.as_str() {
            "search" | "match_text" | "match_all" | "phrase" | "fuzzy" => {
                return self.text_match(name, args, span, place);
            }
            "distance" => return self.distance(args, span, place),
            "nearest" | "bm25" | "rrf" => return self.rank_value(name, args, named, span, place),
            "nodes" | "edges" | "cost" => return self.path_part(name, args, span, place),
            _ => {}
        }
        let Some(function) = functions::lookup(&name.text) else {
            self.error(Code::T114, name.span(), format!("function `{}` not found", name.text));
            let known = functions::FUNCTIONS.iter().map(|function| function.name).chain(SPECIAL_NAMES.iter().copied());
            self.advise(did_you_mean(&name.text, known));
            return None;
        };
        let checked: Vec<_> = args.iter().map(|arg| self.expr(arg, place)).collect();
        let checked = checked.into_iter().collect::<Option<Vec<_>>>()?;
        if let ("length", [Expr { kind: ExprKind::Path { var, part: PathPart::Whole }, ty }]) =
            (function.name, &checked[..])
        {
            let kind = ExprKind::Path { var: *var, part: PathPart::Length };
            return Some(Expr::new(kind, scalar_type(ScalarType::I64, ty.nullable())));
        }
        self.arity(function, checked.len(), span)?;
        self.arguments(function, &checked, args)?;
        self.constants(function, checked, span)
    }

    fn arity(&mut self, function: &FunctionSpec, given: usize, span: Span) -> Option<()> {
        let most = if function.variadic { usize::MAX } else { function.args.len() };
        if (function.required..=most).contains(&given) {
            return Some(());
        }
        let needed = if function.variadic {
            format!("at least {}", function.required)
        } else if function.required == most {
            most.to_string()
        } else {
            format!("{} to {most}", function.required)
        };
        let message = format!("`{}` expects {needed} argument(s), found {given}", function.name);
        self.error_with_help(Code::T115, span, message, format!("for example `{}`", function.example));
        None
    }

    fn arguments(&mut self, function: &FunctionSpec, args: &[Expr], written: &[ast::AstExpr]) -> Option<()> {
        let mut common: Option<ExprType> = None;
        let mut sound = true;
        for (index, arg) in args.iter().enumerate() {
            let declared = function.args[index.min(function.args.len() - 1)];
            let fits = match declared.ty {
                ArgType::Common => {
                    let merged = match &common {
                        None => Some(arg.ty.clone()),
                        Some(ty) => common_type(ty, &arg.ty),
                    };
                    let fits = merged.is_some();
                    common = merged.or(common);
                    fits
                }
                ArgType::Item => index > 0 && item_fits(&args[index - 1].ty, &arg.ty),
                other => fits(other, &arg.ty),
            };
            if !fits {
                let wanted = match (&common, declared.ty) {
                    (Some(ty), ArgType::Common) => format!("a value compatible with `{ty}`"),
                    _ => declared.ty.describe().to_owned(),
                };
                let message =
                    format!("`{}` expects {wanted} as `{}`, found `{}`", function.name, declared.name, arg.ty);
                let span = written.get(index).map_or(Span::default(), ast::AstExpr::span);
                self.error(Code::T116, span, message);
                sound = false;
            }
        }
        sound.then_some(())
    }

    /// Checks constant arguments that must have a certain form, and builds the call.
    fn constants(&mut self, function: &FunctionSpec, mut args: Vec<Expr>, span: Span) -> Option<Expr> {
        let text = |index: usize| match args.get(index).and_then(constant) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        match function.id {
            FunctionId::Duration => {
                if let Some(text) = text(0) {
                    let Some(duration) = parse_duration(&text) else {
                        let help = "write it like \"P7D\", \"P1M\" or \"PT1H30M\"";
                        self.error_with_help(Code::T127, span, format!("invalid duration {text:?}"), help);
                        return None;
                    };
                    let kind = ExprKind::Literal(Value::Duration(duration));
                    return Some(Expr::new(kind, ExprType::Duration { nullable: false }));
                }
            }
            FunctionId::Matches => {
                if let Some(Err(problem)) = text(1).map(|text| regex::Regex::new(&text)) {
                    let last = problem.to_string();
                    let reason = last.lines().last().unwrap_or("").trim_start_matches("error: ");
                    self.error(Code::T127, span, format!("invalid regular expression: {reason}"));
                    return None;
                }
            }
            FunctionId::DateTrunc => {
                if let Some(unit) = text(0) {
                    self.unit(&unit, &args[1].ty.clone(), span)?;
                }
            }
            FunctionId::Any => {
                let item = args.pop()?;
                let list = args.pop()?;
                let ty = super::types::bool_type(item.ty.nullable() || list.ty.nullable());
                return Some(Expr::new(ExprKind::In { item: Box::new(item), list: Box::new(list) }, ty));
            }
            _ => {}
        }
        let ty = result_type(function, &args);
        Some(Expr::new(ExprKind::Call { function: function.id, args }, ty))
    }

    fn unit(&mut self, unit: &str, ty: &ExprType, span: Span) -> Option<()> {
        let date = scalar_of(ty).is_some_and(|ty| ty.scalar == ScalarType::Date);
        let known = if date { &TRUNCATION_UNITS[..5] } else { TRUNCATION_UNITS };
        if known.contains(&unit) {
            return Some(());
        }
        let listed = known.join(", ");
        self.error(Code::T127, span, format!("invalid unit {unit:?} of `date_trunc` for `{ty}`: expected {listed}"));
        self.advise(did_you_mean(unit, known.iter().copied()));
        None
    }

    /// Checks `nodes($p)`, `edges($p)`, `cost($p)`.
    fn path_part(&mut self, name: &AstName, args: &[ast::AstExpr], span: Span, place: ExprContext) -> Option<Expr> {
        let [arg] = args else {
            self.error(Code::T115, span, format!("`{}` expects 1 argument, a path", name.text));
            return None;
        };
        let path = self.expr(arg, place)?;
        let ExprKind::Path { var, part: PathPart::Whole } = path.kind else {
            self.error(Code::T116, arg.span(), format!("`{}` expects a path, found `{}`", name.text, path.ty));
            return None;
        };
        let nullable = path.ty.nullable();
        let (part, ty) = match name.text.as_str() {
            "nodes" => (PathPart::Nodes, ExprType::Objects { kind: ObjectKind::Node, nullable }),
            "edges" => (PathPart::Edges, ExprType::Objects { kind: ObjectKind::Edge, nullable }),
            _ => (PathPart::Cost, scalar_type(ScalarType::F64, nullable)),
        };
        Some(Expr::new(ExprKind::Path { var, part }, ty))
    }
}

fn item_fits(list: &ExprType, item: &ExprType) -> bool {
    match (list, scalar_of(item)) {
        (ExprType::Value(list), Some(item)) => list.list && same_family(list.scalar, item.scalar),
        _ => *item == ExprType::Null,
    }
}

fn fits(arg: ArgType, ty: &ExprType) -> bool {
    let scalar = scalar_of(ty).map(|ty| ty.scalar);
    let json = matches!(ty, ExprType::Value(PropType { scalar: ScalarType::Json, list: false, .. }));
    let null = *ty == ExprType::Null;
    null || match arg {
        ArgType::Text => is_text(ty),
        ArgType::Integer => scalar.is_some_and(is_integer),
        ArgType::Number => is_number(ty),
        ArgType::Bool => is_bool(ty),
        ArgType::Temporal => matches!(scalar, Some(ScalarType::Date | ScalarType::DateTime)),
        ArgType::DateTime => scalar == Some(ScalarType::DateTime),
        ArgType::List => matches!(ty, ExprType::Value(PropType { list: true, .. }) | ExprType::Objects { .. }),
        ArgType::Scalar => scalar.is_some() || json,
        ArgType::TextOrNumber => is_text(ty) || is_number(ty) || json,
        ArgType::TextOrBool => is_text(ty) || is_bool(ty) || json,
        ArgType::TextOrTemporal => {
            is_text(ty) || matches!(scalar, Some(ScalarType::Date | ScalarType::DateTime)) || json
        }
        // Checked against the other arguments.
        ArgType::Item | ArgType::Common => true,
    }
}

fn result_type(function: &FunctionSpec, args: &[Expr]) -> ExprType {
    let nullable = match function.nulls {
        NullRule::Propagate => args.iter().any(|arg| arg.ty.nullable()),
        NullRule::PropagateOrMismatch => args
            .iter()
            .any(|arg| arg.ty.nullable() || matches!(&arg.ty, ExprType::Value(ty) if ty.scalar == ScalarType::Json)),
        NullRule::AllNull => args.iter().all(|arg| arg.ty.nullable()),
        NullRule::Chosen => args.iter().skip(1).any(|arg| arg.ty.nullable()),
    };
    let scalar = match function.result {
        ResultType::Text => ScalarType::String,
        ResultType::TextList => {
            return ExprType::Value(PropType { list: true, nullable, ..PropType::new(ScalarType::String) });
        }
        ResultType::Integer => ScalarType::I64,
        ResultType::Float => ScalarType::F64,
        ResultType::Bool => ScalarType::Bool,
        ResultType::Date => ScalarType::Date,
        ResultType::DateTime => ScalarType::DateTime,
        ResultType::Duration => return ExprType::Duration { nullable },
        ResultType::NumberLike => match args.first().and_then(|arg| scalar_of(&arg.ty)) {
            Some(ty) if is_integer(ty.scalar) => ScalarType::I64,
            _ => ScalarType::F64,
        },
        ResultType::Last => return args.last().map_or(ExprType::Null, |arg| arg.ty.clone()).with_nullable(nullable),
        ResultType::Common => {
            let commons = args
                .iter()
                .enumerate()
                .filter(|(index, _)| function.args[(*index).min(function.args.len() - 1)].ty == ArgType::Common);
            let merged = commons.map(|(_, arg)| arg.ty.clone()).reduce(|a, b| common_type(&a, &b).unwrap_or(a));
            return merged.unwrap_or(ExprType::Null).with_nullable(nullable);
        }
    };
    scalar_type(scalar, nullable)
}
