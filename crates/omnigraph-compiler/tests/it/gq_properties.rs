//! Properties of the query language: no input panics, and well-typed queries survive the printer.

use std::sync::Arc;

use omnigraph_compiler::gq::ast::*;
use omnigraph_compiler::{compile_file, gq};
use proptest::prelude::*;

use crate::gq_files::fleet;

/// A deterministic source of choices.
struct ByteSource(u64);

impl ByteSource {
    fn next_below(&mut self, end: u64) -> u64 {
        // A linear congruential step; the high bits are good enough for choices.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.next_below(items.len() as u64) as usize]
    }
}

fn name(text: &str) -> AstName {
    AstName { text: text.to_owned(), at: AstSpan::default() }
}

fn expr(kind: AstExprKind) -> AstExpr {
    AstExpr { kind, at: AstSpan::default() }
}

fn property(property: &str) -> AstExpr {
    expr(AstExprKind::Property { var: name("p"), name: name(property) })
}

fn literal(literal: AstLiteral) -> AstExpr {
    expr(AstExprKind::Literal(literal))
}

fn call(function: &str, args: Vec<AstExpr>) -> AstExpr {
    expr(AstExprKind::Call { name: name(function), args, named: Vec::new() })
}

fn binary(op: InfixOperator, left: AstExpr, right: AstExpr) -> AstExpr {
    expr(AstExprKind::Binary { op, left: Box::new(left), right: Box::new(right) })
}

fn number(choices: &mut ByteSource, depth: u32) -> AstExpr {
    if depth == 0 {
        return match choices.next_below(6) {
            0 => literal(AstLiteral::Integer(choices.next_below(100) as i64 - 50)),
            1 => literal(AstLiteral::Float(choices.next_below(1000) as f64 / 8.0 - 40.0)),
            2 => expr(AstExprKind::Variable("n".to_owned())),
            3 => property("size"),
            4 => property("ratio"),
            _ => property("count"),
        };
    }
    match choices.next_below(6) {
        0 => {
            let op = choices.one_of(&[
                InfixOperator::Add,
                InfixOperator::Subtract,
                InfixOperator::Multiply,
                InfixOperator::Divide,
                InfixOperator::Remainder,
            ]);
            binary(op, number(choices, depth - 1), number(choices, depth - 1))
        }
        1 => expr(AstExprKind::Negate(Box::new(number(choices, depth - 1)))),
        2 => call("length", vec![text(choices, depth - 1)]),
        3 => call("coalesce", vec![number(choices, depth - 1), number(choices, depth - 1)]),
        4 => binary(InfixOperator::IntegerDivide, property("count"), literal(AstLiteral::Integer(3))),
        _ => number(choices, 0),
    }
}

fn text(choices: &mut ByteSource, depth: u32) -> AstExpr {
    if depth == 0 {
        return match choices.next_below(4) {
            0 => literal(AstLiteral::String(
                choices.one_of(&["", "a\"b", "\\", "é\n\t", "// no comment", "$x"]).to_owned(),
            )),
            1 => property("slug"),
            2 => expr(AstExprKind::System { var: Some(name("p")), field: name("id") }),
            _ => expr(AstExprKind::Variable("t".to_owned())),
        };
    }
    match choices.next_below(4) {
        0 => binary(InfixOperator::Add, text(choices, depth - 1), text(choices, depth - 1)),
        1 => call("lower", vec![text(choices, depth - 1)]),
        2 => call("if", vec![condition(choices, depth - 1), text(choices, depth - 1), text(choices, 0)]),
        _ => expr(AstExprKind::Index {
            base: Box::new(call("split", vec![text(choices, depth - 1), text(choices, 0)])),
            index: Box::new(literal(AstLiteral::Integer(0))),
        }),
    }
}

fn condition(choices: &mut ByteSource, depth: u32) -> AstExpr {
    if depth == 0 {
        return match choices.next_below(3) {
            0 => literal(AstLiteral::Bool(true)),
            1 => property("flag"),
            _ => expr(AstExprKind::Variable("b".to_owned())),
        };
    }
    let several =
        |choices: &mut ByteSource| (0..2 + choices.next_below(2)).map(|_| condition(choices, depth - 1)).collect();
    match choices.next_below(9) {
        0 => expr(AstExprKind::And(several(choices))),
        1 => expr(AstExprKind::Or(several(choices))),
        2 => expr(AstExprKind::Not(Box::new(condition(choices, depth - 1)))),
        3 => {
            let op = choices.one_of(&[
                InfixOperator::Equal,
                InfixOperator::NotEqual,
                InfixOperator::Less,
                InfixOperator::GreaterEqual,
            ]);
            binary(op, number(choices, depth - 1), number(choices, depth - 1))
        }
        4 => {
            let op = choices.one_of(&[InfixOperator::Contains, InfixOperator::StartsWith, InfixOperator::EndsWith]);
            binary(op, text(choices, depth - 1), text(choices, depth - 1))
        }
        5 => binary(InfixOperator::In, text(choices, depth - 1), property("tags")),
        6 => expr(AstExprKind::IsNull {
            operand: Box::new(number(choices, depth - 1)),
            negated: choices.next_below(2) == 0,
        }),
        7 => binary(
            InfixOperator::In,
            number(choices, depth - 1),
            expr(AstExprKind::List(vec![literal(AstLiteral::Integer(1)), literal(AstLiteral::Float(-2.5))])),
        ),
        _ => binary(InfixOperator::Less, property("taken"), expr(AstExprKind::Now)),
    }
}

fn sailor_clause(choices: &mut ByteSource, depth: u32) -> PatternClause {
    let bounds = match choices.next_below(4) {
        0 => Some(HopBounds { min: 0, max: Some(2), at: AstSpan::default() }),
        1 => Some(HopBounds { min: 2, max: Some(2), at: AstSpan::default() }),
        _ => None,
    };
    let edges = match choices.next_below(3) {
        0 => EdgeSelector::Named(vec![name("trusts")]),
        1 => EdgeSelector::Named(vec![name("likes"), name("trusts")]),
        _ => EdgeSelector::Named(vec![name("likes")]),
    };
    let traversal = PatternClause::Traversal(Box::new(TraversalClause {
        left: name("s"),
        edge_var: None,
        hop_var: None,
        edges,
        undirected: choices.next_below(2) == 0,
        bounds,
        properties: Vec::new(),
        filter: None,
        right: name("_"),
        at: AstSpan::default(),
    }));
    if depth == 0 {
        return traversal;
    }
    let kind = choices.one_of(&[BlockKind::Not, BlockKind::Exists, BlockKind::Optional]);
    // A block must mention the sailor; its other parts are free.
    let clauses = vec![traversal, sailor_clause(choices, depth - 1)];
    PatternClause::Block(BlockClause { kind, clauses, at: AstSpan::default() })
}

/// Generates a well-typed query over the shared schema.
fn query(seed: u64) -> QueryFile {
    let mut choices = ByteSource(seed);
    let source = "query q($n: I64?, $t: String, $b: Bool) { match { $p: Photo $s: Sailor } return { $p.slug } }";
    let (mut file, _) = gq::parse(source);
    let Some(FileItem::Query(query)) = file.items.first_mut() else { unreachable!() };
    let Some(QueryDecl { body: AstBody::Read(read), .. }) = Arc::get_mut(query) else { unreachable!() };
    let select = &mut read.selects[0];
    for _ in 0..choices.next_below(4) {
        let clause = match choices.next_below(3) {
            0 => {
                let depth = choices.next_below(3) as u32;
                sailor_clause(&mut choices, depth)
            }
            _ => PatternClause::Filter(condition(&mut choices, 3)),
        };
        select.clauses.push(clause);
    }
    for index in 0..choices.next_below(4) {
        let value = match choices.next_below(3) {
            0 => number(&mut choices, 3),
            1 => text(&mut choices, 2),
            _ => condition(&mut choices, 2),
        };
        select.projections.push(ReturnItem {
            expr: value,
            alias: Some(name(&format!("c{index}"))),
            at: AstSpan::default(),
        });
    }
    for _ in 0..choices.next_below(3) {
        let key = binary(InfixOperator::Add, property("size"), number(&mut choices, 2));
        read.order.push(OrderItem { expr: key, descending: choices.next_below(2) == 0, at: AstSpan::default() });
    }
    file
}

/// Returns all programs of the text files.
fn corpus() -> Vec<String> {
    ["lexis", "next"]
        .map(|file| format!("tests/data/gq/{file}.txt"))
        .into_iter()
        .chain(
            ["tests/data/check/scenarios.txt", "tests/data/check/next.txt", "tests/data/lower/reads.txt"]
                .map(str::to_owned),
        )
        .flat_map(|path| {
            let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            text.split("\n\n")
                .map(|part| format!("query q() {{ match {{ {part} }} return {{ 1 as x }} }}"))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn survives(source: &str) {
    let catalog = fleet();
    let file = compile_file(source, &catalog);
    if file.diagnostics.iter().all(|found| !found.is_error()) {
        let printed = gq::print(&file.file);
        assert_eq!(gq::parse(&printed).0, file.file, "{printed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn well_typed_trees_survive_print_parse_check(seed: u64) {
        let file = query(seed);
        let printed = gq::print(&file);
        let (again, diagnostics) = gq::parse(&printed);
        prop_assert_eq!(diagnostics, vec![], "{}", printed);
        prop_assert_eq!(&again, &file, "{}", printed);
        let checked = compile_file(&printed, &fleet());
        let errors: Vec<_> = checked.queries[0].diagnostics.iter().filter(|found| found.is_error()).collect();
        prop_assert!(errors.is_empty(), "{}\n{:?}", printed, errors);
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_tokens_never_panic(picks in proptest::collection::vec(0usize..60, 0..80)) {
        const WORDS: [&str; 60] = [
            "query", "q", "(", ")", "{", "}", "[", "]", "match", "return", "$a", "$b", "$s", ":", "Sailor", "Photo", ",", ".", "@", "<", ">",
            "=", "!=", "*", "|", "+", "-", "1", "2.5", "\"x\"", "trusts", "likes", "not", "exists", "optional", "count", "sum", "distinct", "as",
            "order", "limit", "having", "union", "all", "insert", "update", "set", "delete", "where", "merge", "path", "shortest", "by", "or",
            "and", "in", "is", "null", "date", "nearest",
        ];
        let body: Vec<&str> = picks.iter().map(|pick| WORDS[*pick]).collect();
        survives(&body.join(" "));
        survives(&format!("query q($a: I32) {{ match {{ $s: Sailor {} }} return {{ $s }} }}", body.join(" ")));
    }

    #[test]
    fn mutated_programs_never_panic(pick: usize, cut in 0usize..400, length in 0usize..40, insert in "\\PC{0,6}") {
        let corpus = corpus();
        let mut program = corpus[pick % corpus.len()].clone();
        let start = program.floor_char_boundary(cut.min(program.len()));
        let end = program.floor_char_boundary((start + length).min(program.len())).max(start);
        program.replace_range(start..end, &insert);
        survives(&program);
    }
}

/// Deep nesting of any kind is an error and does not exhaust the stack.
#[test]
fn deep_nesting_is_refused() {
    let depth = 200_000;
    let wrap = |open: &str, close: &str| {
        format!(
            "query q() {{ match {{ $s: Sailor $s.rank > {}1{} }} return {{ $s }} }}",
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    let blocks = format!("query q() {{ match {{ {} $s: Sailor", "not { ".repeat(depth));
    let mixed =
        format!("query q() {{ match {{ {} }} return {{ 1 }} }}", "exists { $s trusts $t } and (count { ".repeat(depth));
    for source in [
        wrap("(", ")"),
        wrap("[", "]"),
        wrap("- ", ""),
        wrap("not ", ""),
        wrap("lower(", ")"),
        wrap("1 + ", ""),
        wrap("1 * ", ""),
        blocks,
        mixed,
    ] {
        let (_, diagnostics) = gq::parse(&source);
        assert!(!diagnostics.is_empty());
        assert!(diagnostics.len() < 1_000);
    }
    // Conjunctions and lists are flat: their length does not count as depth.
    let long =
        format!("query q() {{ match {{ $s: Sailor {} }} return {{ $s }} }}", vec!["$s.rank > 1"; 20_000].join(" and "));
    assert!(compile_file(&long, &fleet()).queries[0].operation.is_some());
}
