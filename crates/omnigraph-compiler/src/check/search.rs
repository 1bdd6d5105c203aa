//! Text predicates, distances and ranks.

use super::scope::VarKind;
use super::types::{bool_type, constant, is_integer, is_numeric, is_text, scalar_of, scalar_type, vector_items};
use super::{ExprContext, TypeChecker};
use crate::catalog::{DistanceMetric, IndexSpec, TextAnalyzer};
use crate::diagnostic::Code;
use crate::gq::ast::{self, AstExprKind, AstLiteral, AstName};
use crate::ir::{
    Bm25Score, Expr, ExprKind, ExprType, FieldWeight, FusionArm, PropertyRef, RankExpr, RankFusion, TextMatch,
    TextMatchKind, Value, VarId, VectorDistance,
};
use crate::span::Span;
use crate::types::{PropType, ScalarType};

impl TypeChecker<'_> {
    /// Checks `search`, `match_text`, `match_all`, `phrase`, `fuzzy`.
    pub(super) fn text_match(
        &mut self,
        name: &AstName,
        args: &[ast::AstExpr],
        span: Span,
        place: ExprContext,
    ) -> Option<Expr> {
        let word = name.text.as_str();
        let code = if matches!(word, "search" | "fuzzy") { Code::T19 } else { Code::T20 };
        let most = if word == "fuzzy" { 3 } else { 2 };
        if args.len() < 2 || args.len() > most {
            let needed = if most == 3 { "2 or 3" } else { "2" };
            self.error(Code::T115, span, format!("`{word}` expects {needed} arguments, found {}", args.len()));
            return None;
        }
        let (var, property, nullable) = self.text_field(&args[0], word, code, place)?;
        let query = self.text_query(&args[1], word, code, place)?;
        let kind = match word {
            "match_all" => TextMatchKind::All,
            "phrase" => TextMatchKind::Phrase,
            "fuzzy" => TextMatchKind::Fuzzy { edits: self.edits(args.get(2), place)? },
            _ => TextMatchKind::Any,
        };
        let ty = bool_type(nullable || query.ty.nullable());
        let analyzer = self.analyzer(var, &property, args[0].span());
        let text = TextMatch { kind, var, property, analyzer, query };
        Some(Expr::new(ExprKind::TextMatch(Box::new(text)), ty))
    }

    fn edits(&mut self, arg: Option<&ast::AstExpr>, place: ExprContext) -> Option<Expr> {
        let Some(arg) = arg else {
            return Some(Expr::new(ExprKind::Literal(Value::I64(2)), ExprType::scalar(ScalarType::I64)));
        };
        let edits = self.expr(arg, place)?;
        let integer = scalar_of(&edits.ty).is_some_and(|ty| is_integer(ty.scalar));
        let negative = matches!(constant(&edits), Some(Value::I64(value)) if *value < 0);
        if integer && !negative {
            return Some(edits);
        }
        self.error(Code::T19, arg.span(), "the number of edits of `fuzzy` is a non-negative integer");
        None
    }

    fn text_query(&mut self, arg: &ast::AstExpr, word: &str, code: Code, place: ExprContext) -> Option<Expr> {
        let query = self.expr(arg, place)?;
        if is_text(&query.ty) {
            return Some(query);
        }
        self.error(code, arg.span(), format!("`{word}` expects a String as query, found `{}`", query.ty));
        None
    }

    /// Checks a String property of a node variable.
    fn text_field(
        &mut self,
        arg: &ast::AstExpr,
        word: &str,
        code: Code,
        place: ExprContext,
    ) -> Option<(VarId, PropertyRef, bool)> {
        let (var, property, ty) = self.field(arg, word, code, place)?;
        if ty.scalar == ScalarType::String && !ty.list {
            return Some((var, property, ty.nullable));
        }
        self.error(code, arg.span(), format!("`{word}` expects a String property, found `{ty}`"));
        None
    }

    /// Checks the searched property of a node variable.
    fn field(
        &mut self,
        arg: &ast::AstExpr,
        word: &str,
        code: Code,
        place: ExprContext,
    ) -> Option<(VarId, PropertyRef, PropType)> {
        if let AstExprKind::Property { var, .. } = &arg.kind
            && self.find(&var.text).is_none()
            && code == Code::T15
        {
            self.error(code, var.span(), format!("variable `${}` is not bound", var.text));
            return None;
        }
        let field = self.expr(arg, place)?;
        let (ExprKind::Property { var, property }, ExprType::Value(ty)) = (field.kind, field.ty) else {
            self.error(code, arg.span(), format!("`{word}` field must be a property access: `$x.name`"));
            return None;
        };
        if !matches!(self.var(var).kind, VarKind::Node { .. }) {
            self.error(
                Code::T23,
                arg.span(),
                format!("`{word}` expects a property of a node, found a property of an edge"),
            );
            return None;
        }
        Some((var, property, ty))
    }

    /// Returns the indexes on exactly this property, one per type of the variable.
    fn indexes(&self, var: VarId, property: &str) -> Vec<Option<&IndexSpec>> {
        let index_of = |name: &str| {
            let node = self.catalog.nodes.get(name)?;
            node.indexes.iter().find(|index| index.properties.len() == 1 && index.properties[0] == property)
        };
        self.types_of(var).iter().map(|ty| index_of(&ty.name)).collect()
    }

    /// Returns the analyzer of a text property; warns if it has no index.
    fn analyzer(&mut self, var: VarId, property: &PropertyRef, span: Span) -> TextAnalyzer {
        let indexes = self.indexes(var, &property.name);
        let missing = indexes.iter().any(Option::is_none);
        let mut found: Vec<TextAnalyzer> =
            indexes.iter().map(|index| index.and_then(|index| index.analyzer.clone()).unwrap_or_default()).collect();
        found.dedup();
        if missing {
            self.warn_unindexed(property, span);
        }
        if found.len() > 1 {
            let message = format!("`{}` has different analyzers in the types of this variable", property.name);
            self.error_with_help(Code::T20, span, message, "search each type in a query of its own, joined by `union`");
        }
        found.into_iter().next().unwrap_or_default()
    }

    fn metric(&mut self, var: VarId, property: &PropertyRef, span: Span) -> DistanceMetric {
        let indexes = self.indexes(var, &property.name);
        let missing = indexes.iter().any(Option::is_none);
        let mut found: Vec<DistanceMetric> =
            indexes.iter().map(|index| index.and_then(|index| index.metric).unwrap_or_default()).collect();
        found.dedup();
        if missing {
            self.warn_unindexed(property, span);
        }
        if found.len() > 1 {
            let message = format!("`{}` has different metrics in the types of this variable", property.name);
            self.error(Code::T15, span, message);
        }
        found.first().copied().unwrap_or_default()
    }

    fn warn_unindexed(&mut self, property: &PropertyRef, span: Span) {
        let message = format!("`{}` has no index: every row is searched", property.name);
        self.warning(Code::W006, span, message);
        self.advise(Some(format!("declare `@index` on `{}` in the schema", property.name)));
    }

    /// Checks `distance(field, query)`.
    pub(super) fn distance(&mut self, args: &[ast::AstExpr], span: Span, place: ExprContext) -> Option<Expr> {
        let (nearest, nullable) = self.nearest("distance", args, span, place)?;
        let ty = scalar_type(ScalarType::F64, nullable);
        Some(Expr::new(ExprKind::Distance(Box::new(nearest)), ty))
    }

    /// Checks a rank that is read as a score.
    pub(super) fn rank_value(
        &mut self,
        name: &AstName,
        args: &[ast::AstExpr],
        named: &[(AstName, ast::AstExpr)],
        span: Span,
        place: ExprContext,
    ) -> Option<Expr> {
        if !place.ranks {
            let help = match name.text.as_str() {
                "nearest" => "to cut by distance write `distance(…) < 0.4`",
                _ => "a rank is the first item of `order`, or a column of `return`",
            };
            self.error_with_help(Code::T124, span, format!("`{}` ranks rows and is not allowed here", name.text), help);
            return None;
        }
        let rank = self.rank(name, args, named, span, place)?;
        Some(Expr::new(ExprKind::Rank(Box::new(rank)), scalar_type(ScalarType::F64, true)))
    }

    fn rank(
        &mut self,
        name: &AstName,
        args: &[ast::AstExpr],
        named: &[(AstName, ast::AstExpr)],
        span: Span,
        place: ExprContext,
    ) -> Option<RankExpr> {
        match name.text.as_str() {
            "nearest" => Some(RankExpr::Nearest(self.nearest("nearest", args, span, place)?.0)),
            "bm25" => self.bm25(args, span, place).map(RankExpr::Bm25),
            _ => self.fused(args, named, span, place).map(RankExpr::Rrf),
        }
    }

    fn nearest(
        &mut self,
        word: &str,
        args: &[ast::AstExpr],
        span: Span,
        place: ExprContext,
    ) -> Option<(VectorDistance, bool)> {
        let [field, query] = args else {
            self.error(Code::T115, span, format!("`{word}` expects 2 arguments, found {}", args.len()));
            return None;
        };
        let (var, property, ty) = self.field(field, word, Code::T15, place)?;
        let (ScalarType::Vector(dimension), false) = (ty.scalar, ty.list) else {
            self.error(Code::T15, field.span(), format!("`{word}` expects a Vector property, found `{ty}`"));
            return None;
        };
        let checked = self.expr(query, place)?;
        let query = self.query_vector(word, checked, dimension, query.span())?;
        let metric = self.metric(var, &property, field.span());
        let model = self.embedding_model(var, &property.name);
        let nullable = ty.nullable || query.ty.nullable();
        Some((VectorDistance { var, property, dimension, metric, query, model }, nullable))
    }

    /// Checks the query of a distance: a vector of the right dimension, or text.
    fn query_vector(&mut self, word: &str, query: Expr, dimension: u32, span: Span) -> Option<Expr> {
        if is_text(&query.ty) && query.ty != ExprType::Null {
            return Some(query);
        }
        let given = match (&query.ty, constant(&query)) {
            (ExprType::Value(PropType { scalar: ScalarType::Vector(given), list: false, .. }), _) => *given,
            (ExprType::Value(ty), Some(Value::List(items))) if is_numeric(ty.scalar) => {
                if let Some(vector) = vector_items(items).filter(|vector| vector.len() == dimension as usize) {
                    let ty = ExprType::scalar(ScalarType::Vector(dimension));
                    return Some(Expr::new(ExprKind::Literal(Value::Vector(vector)), ty));
                }
                u32::try_from(items.len()).unwrap_or(u32::MAX)
            }
            _ => {
                let message =
                    format!("`{word}` expects a vector, a list of numbers or a String as query, found `{}`", query.ty);
                self.error(Code::T15, span, message);
                return None;
            }
        };
        if given == dimension {
            return Some(query);
        }
        self.error(Code::T15, span, format!("expected a query of {dimension} dimensions, found {given}"));
        None
    }

    fn embedding_model(&self, var: VarId, property: &str) -> Option<String> {
        let first = self.types_of(var).first()?;
        self.catalog.nodes.get(&first.name)?.property(property)?.embed.as_ref()?.model.clone()
    }

    fn bm25(&mut self, args: &[ast::AstExpr], span: Span, place: ExprContext) -> Option<Bm25Score> {
        let [fields, query] = args else {
            self.error(Code::T115, span, format!("`bm25` expects 2 arguments, found {}", args.len()));
            return None;
        };
        let written: Vec<(&ast::AstExpr, Option<&ast::AstExpr>)> = match &fields.kind {
            AstExprKind::Weighted(items) => items.iter().map(|(field, weight)| (field, Some(weight))).collect(),
            AstExprKind::List(items) => items.iter().map(|field| (field, None)).collect(),
            _ => vec![(fields, None)],
        };
        let mut checked = Vec::new();
        let mut owner = None;
        for (field, weight) in &written {
            let (var, property, _) = self.text_field(field, "bm25", Code::T20, place)?;
            if *owner.get_or_insert(var) != var {
                self.error(Code::T20, field.span(), "the fields of one `bm25` belong to one variable");
                return None;
            }
            let weight = match weight {
                Some(weight) => self.weight(weight)?,
                None => 1.0,
            };
            let analyzer = self.analyzer(var, &property, field.span());
            checked.push(FieldWeight { property, analyzer, weight });
        }
        let Some(var) = owner else {
            self.error(Code::T20, fields.span(), "`bm25` requires at least one field");
            return None;
        };
        let query = self.text_query(query, "bm25", Code::T20, place)?;
        Some(Bm25Score { var, fields: checked, query })
    }

    /// Checks a weight: a positive constant.
    fn weight(&mut self, expr: &ast::AstExpr) -> Option<f64> {
        let value = match &expr.kind {
            AstExprKind::Literal(AstLiteral::Integer(value)) => Some(*value as f64),
            AstExprKind::Literal(AstLiteral::Float(value)) => Some(*value),
            _ => None,
        };
        let value = value.filter(|value| *value > 0.0);
        if value.is_none() {
            self.error(Code::T116, expr.span(), "a weight is a positive number");
        }
        value
    }

    /// Checks `rrf(rank, rank, … [, k] [, k=60] [, weights=[…]])`.
    fn fused(
        &mut self,
        args: &[ast::AstExpr],
        named: &[(AstName, ast::AstExpr)],
        span: Span,
        place: ExprContext,
    ) -> Option<RankFusion> {
        let mut arms: Vec<&ast::AstExpr> = args.iter().collect();
        let mut k = None;
        // The base language has `k` as the last argument, without a name.
        if arms.len() > 2 && !arms.last().is_some_and(|last| matches!(last.kind, AstExprKind::Call { .. })) {
            k = arms.pop();
        }
        let mut weights = None;
        for (key, value) in named {
            let slot = match key.text.as_str() {
                "k" => &mut k,
                "weights" => &mut weights,
                other => {
                    self.error(
                        Code::T21,
                        key.span(),
                        format!("`rrf` expects `k` or `weights` by name, found `{other}`"),
                    );
                    return None;
                }
            };
            if slot.replace(value).is_some() {
                self.error(Code::T21, key.span(), format!("`{}` is given twice", key.text));
                return None;
            }
        }
        if arms.len() < 2 {
            self.error(Code::T21, span, format!("`rrf` expects two ranks or more, found {}", arms.len()));
            return None;
        }
        let weights = self.weights(weights, arms.len())?;
        let ranks: Vec<_> = arms.iter().map(|arm| self.arm(arm, place)).collect();
        let k = self.fusion_constant(k, place);
        let ranks = ranks.into_iter().collect::<Option<Vec<_>>>()?;
        let arms = ranks.into_iter().zip(weights).map(|(rank, weight)| FusionArm { rank, weight }).collect();
        Some(RankFusion { arms, k: k? })
    }

    fn arm(&mut self, arm: &ast::AstExpr, place: ExprContext) -> Option<RankExpr> {
        match &arm.kind {
            AstExprKind::Call { name, args, named }
                if named.is_empty() && matches!(name.text.as_str(), "nearest" | "bm25") =>
            {
                self.rank(name, args, named, arm.span(), place)
            }
            _ => {
                self.error(Code::T21, arm.span(), "`rrf` expects `nearest(…)` or `bm25(…)`");
                None
            }
        }
    }

    fn weights(&mut self, weights: Option<&ast::AstExpr>, arms: usize) -> Option<Vec<f64>> {
        let Some(written) = weights else { return Some(vec![1.0; arms]) };
        let AstExprKind::List(items) = &written.kind else {
            self.error(Code::T21, written.span(), "`weights` is a list of numbers, one for each rank");
            return None;
        };
        if items.len() != arms {
            self.error(Code::T21, written.span(), format!("expected {arms} weights, found {}", items.len()));
            return None;
        }
        items.iter().map(|item| self.weight(item)).collect()
    }

    fn fusion_constant(&mut self, k: Option<&ast::AstExpr>, place: ExprContext) -> Option<Expr> {
        let Some(written) = k else {
            return Some(Expr::new(ExprKind::Literal(Value::I64(60)), ExprType::scalar(ScalarType::I64)));
        };
        let k = self.expr(written, place)?;
        let integer = scalar_of(&k.ty).is_some_and(|ty| is_integer(ty.scalar));
        let fixed = matches!(k.kind, ExprKind::Literal(_) | ExprKind::Param(_));
        let positive = !matches!(constant(&k), Some(Value::I64(value)) if *value <= 0);
        if integer && fixed && positive {
            return Some(k);
        }
        self.error(Code::T21, written.span(), "`k` of `rrf` is a positive integer, as a literal or parameter");
        None
    }
}
