//! Expressions of the logical form, fully parenthesized, constants with their kind.

use super::IrPrinter;
use crate::ir::{
    AggregateExpr, BinaryOp, Expr, ExprKind, PathPart, RankExpr, SystemField, TextMatch, TextMatchKind, UnaryOp, Value,
    VectorDistance,
};
use crate::lex::escape;
use crate::temporal::{format_date, format_datetime};

impl IrPrinter<'_> {
    pub(super) fn param(&self, index: usize) -> String {
        self.params.get(index).map_or_else(|| format!("${index}?"), |param| format!("${}", param.name))
    }

    fn list(&self, items: &[Expr], separator: &str) -> String {
        items.iter().map(|item| self.expr(item)).collect::<Vec<_>>().join(separator)
    }

    pub(super) fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Literal(literal) => value(literal),
            ExprKind::Param(index) => self.param(*index),
            ExprKind::Now => "now()".to_owned(),
            ExprKind::Property { var, property } => format!("{}.{}", self.var(*var), property.name),
            ExprKind::System { var, field } => format!("{}.{}", self.var(*var), system(*field)),
            ExprKind::Object(var) | ExprKind::Variable(var) => self.var(*var),
            ExprKind::Path { var, part } => path(&self.var(*var), *part),
            ExprKind::List(items) => format!("[{}]", self.list(items, ", ")),
            ExprKind::And(items) => format!("({})", self.list(items, " and ")),
            ExprKind::Or(items) => format!("({})", self.list(items, " or ")),
            ExprKind::Unary { op: UnaryOp::Not, operand } => format!("(not {})", self.expr(operand)),
            ExprKind::Unary { op: UnaryOp::Negate, operand } => format!("(-{})", self.expr(operand)),
            ExprKind::Binary { op, left, right } => {
                format!("({} {} {})", self.expr(left), operator(*op), self.expr(right))
            }
            ExprKind::In { item, list } => format!("({} in {})", self.expr(item), self.expr(list)),
            ExprKind::IsNull(operand) => format!("({} is null)", self.expr(operand)),
            ExprKind::ListItem { list: base, index } | ExprKind::JsonItem { json: base, key: index } => {
                format!("{}[{}]", self.expr(base), self.expr(index))
            }
            ExprKind::Call { function, args } => format!("{}({})", function.function().name, self.list(args, ", ")),
            ExprKind::Convert(operand) => format!("convert({}, {})", self.expr(operand), expr.ty),
            ExprKind::TextMatch(text) => self.text_match(text),
            ExprKind::Distance(nearest) => format!("distance{}", self.nearest(nearest)),
            ExprKind::Rank(rank) => self.rank(rank),
            ExprKind::GroupKey(index) => format!("key{index}"),
            ExprKind::Aggregated(index) => format!("agg{index}"),
            ExprKind::Column(index) => format!("column{index}"),
        }
    }

    pub(super) fn aggregate(&self, aggregate: &AggregateExpr) -> String {
        let distinct = if aggregate.distinct { "distinct " } else { "" };
        let arg = aggregate.arg.as_ref().map_or_else(|| "*".to_owned(), |arg| self.expr(arg));
        format!("{}({distinct}{arg})", aggregate.kind.as_str())
    }

    fn text_match(&self, text: &TextMatch) -> String {
        let (word, rest) = match &text.kind {
            TextMatchKind::Any => ("any", String::new()),
            TextMatchKind::All => ("all", String::new()),
            TextMatchKind::Phrase => ("phrase", String::new()),
            TextMatchKind::Fuzzy { edits } => ("fuzzy", format!(", {}", self.expr(edits))),
        };
        let field = format!("{}.{}", self.var(text.var), text.property.name);
        format!("text_{word}({field}, {}{rest}; {})", self.expr(&text.query), text.analyzer.0)
    }

    fn nearest(&self, nearest: &VectorDistance) -> String {
        let model = nearest.model.as_ref().map(|model| format!(", {model}")).unwrap_or_default();
        let field = format!("{}.{}", self.var(nearest.var), nearest.property.name);
        format!("({field}, {}; {}{model})", self.expr(&nearest.query), nearest.metric.word())
    }

    pub(super) fn rank(&self, rank: &RankExpr) -> String {
        match rank {
            RankExpr::Nearest(nearest) => format!("nearest{}", self.nearest(nearest)),
            RankExpr::Bm25(bm25) => {
                let fields: Vec<_> = bm25
                    .fields
                    .iter()
                    .map(|field| {
                        format!(
                            "{}.{}: {:?} {}",
                            self.var(bm25.var),
                            field.property.name,
                            field.weight,
                            field.analyzer.0
                        )
                    })
                    .collect();
                format!("bm25([{}], {})", fields.join(", "), self.expr(&bm25.query))
            }
            RankExpr::Rrf(fused) => {
                let arms: Vec<_> =
                    fused.arms.iter().map(|arm| format!("{} * {:?}", self.rank(&arm.rank), arm.weight)).collect();
                format!("rrf({}; k {})", arms.join(", "), self.expr(&fused.k))
            }
        }
    }
}

fn path(name: &str, part: PathPart) -> String {
    match part {
        PathPart::Whole => name.to_owned(),
        PathPart::Nodes => format!("nodes({name})"),
        PathPart::Edges => format!("edges({name})"),
        PathPart::Length => format!("length({name})"),
        PathPart::Cost => format!("cost({name})"),
        PathPart::Identity => format!("identity({name})"),
    }
}

const fn system(field: SystemField) -> &'static str {
    match field {
        SystemField::Id => "@id",
        SystemField::Type => "@type",
        SystemField::Src => "@src",
        SystemField::Dst => "@dst",
    }
}

const fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Equal => "=",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::ContainsText => "contains",
        BinaryOp::StartsWith => "starts_with",
        BinaryOp::EndsWith => "ends_with",
        BinaryOp::Add | BinaryOp::AddDuration => "+",
        BinaryOp::Subtract | BinaryOp::SubtractDuration => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::IntegerDivide => "div",
        BinaryOp::Remainder => "%",
        BinaryOp::Concat => "||",
    }
}

fn value(value: &Value) -> String {
    let items = |items: &[Value]| items.iter().map(self::value).collect::<Vec<_>>().join(", ");
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::F32(value) => format!("{value:?}f32"),
        Value::F64(value) => format!("{value:?}"),
        Value::String(text) => escape(text),
        Value::Date(days) => format!("date({})", format_date(*days)),
        Value::DateTime(milliseconds) => format!("datetime({})", format_datetime(*milliseconds)),
        Value::Duration(span) => format!("duration({}mo {}d {}ms)", span.months, span.days, span.milliseconds),
        Value::List(list) => format!("[{}]", items(list)),
        Value::Vector(vector) => format!("vector{vector:?}"),
        Value::Json(json) => format!("json {json}"),
        Value::Blob(text) => format!("blob {}", escape(text)),
    }
}
