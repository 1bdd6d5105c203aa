//! Sources through the parser and the printer.

use omnigraph_compiler::pg;

use crate::support::{cases, describe};

/// Diagnostics, or the printed tree when there are none.
#[test]
fn parses_and_reports() {
    cases::run("pg", |_, input| {
        let (schema, diagnostics) = pg::parse(input);
        if diagnostics.is_empty() { pg::print(&schema) } else { describe::diagnostics(input, &diagnostics) }
    });
}

/// The printed tree, which prints as itself.
#[test]
fn prints_canonically() {
    cases::run("pg-fmt", |title, input| {
        let (schema, diagnostics) = pg::parse(input);
        assert_eq!(diagnostics, [], "{title}");
        let printed = pg::print(&schema);
        let (again, diagnostics) = pg::parse(&printed);
        assert_eq!(diagnostics, [], "{title}");
        assert_eq!(pg::print(&again), printed, "{title}");
        printed
    });
}

/// L1: a source without declarations is a schema without declarations.
#[test]
fn l1_nothing_is_a_schema() {
    for source in ["", "   \r\n\t", "// only this", "/* and */ // that\n"] {
        let (schema, diagnostics) = pg::parse(source);
        assert_eq!(diagnostics, []);
        assert_eq!(schema.declarations, []);
    }
}

/// L2: comments may stand between any two tokens.
#[test]
fn l2_comments_between_any_tokens() {
    let tokens = "node A @description ( \"d\" ) implements I , J { x : enum ( a , b ) ? @index @range ( x , 0 .. 1 ) \
                  v : Vector ( 3 ) } edge E : A -> A @card ( 0 .. 2 ) { [ ] }";
    let plain: Vec<&str> = tokens.trim_end_matches("{ [ ] }").split(' ').filter(|token| !token.is_empty()).collect();
    let (mut expected, diagnostics) = pg::parse(&plain.join(" "));
    assert_eq!(diagnostics, []);
    expected.erase_spans();
    for comment in [" // a\n", " /* b \n c */ ", " /***/ ", " /* * / **/ "] {
        let (mut schema, diagnostics) = pg::parse(&plain.join(comment));
        assert_eq!(diagnostics, []);
        schema.erase_spans();
        for declaration in &mut schema.declarations {
            declaration.comments = Default::default();
            declaration.tail.clear();
            for member in &mut declaration.members {
                match member {
                    pg::ast::Member::Property(property) => property.comments = Default::default(),
                    pg::ast::Member::Constraint(constraint) => constraint.comments = Default::default(),
                }
            }
        }
        assert_eq!(schema, expected);
    }
}

/// Every syntax error has a place inside the file or directly behind it.
#[test]
fn errors_have_places() {
    for source in ["/* open", "node A { x: \"", "node a {}", "node A { x: Strin }", "node", "import", "edge E:"] {
        let (_, diagnostics) = pg::parse(source);
        assert!(!diagnostics.is_empty(), "{source}");
        for diagnostic in diagnostics {
            assert!(diagnostic.span.start <= source.len(), "{source}: {diagnostic:?}");
            assert!(diagnostic.span.end > diagnostic.span.start, "{source}: {diagnostic:?}");
        }
    }
}
