//! Schemas through the parser, the printer and the catalog builder.

use omnigraph_compiler::types::{PropType, ScalarType};
use omnigraph_compiler::{compile_schema, pg};

use crate::support::{cases, describe, mint};

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

/// A source without declarations is a schema without declarations.
#[test]
fn nothing_is_a_schema() {
    for source in ["", "   \r\n\t", "// only this", "/* and */ // that\n"] {
        let (schema, diagnostics) = pg::parse(source);
        assert_eq!(diagnostics, []);
        assert_eq!(schema.declarations, []);
    }
}

/// Comments between any two tokens are parsed.
#[test]
fn comments_between_any_tokens() {
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
                    pg::ast::MemberDecl::Property(property) => property.comments = Default::default(),
                    pg::ast::MemberDecl::Constraint(constraint) => constraint.comments = Default::default(),
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

/// Diagnostics, then the catalog if there is one.
#[test]
fn builds_catalogs() {
    cases::run("catalog", |title, input| {
        let (catalog, diagnostics) = compile_schema(input, None, &mut mint::counting(1));
        let mut out = describe::diagnostics(input, &diagnostics);
        if let Some(catalog) = catalog {
            assert_eq!(catalog.verify(), Ok(()), "{title}");
            out.push_str("ok\n");
            out.push_str(&describe::catalog(&catalog));
        }
        out
    });
}

const DEBIAN: &str = r#"
node Package {
  name: String @key
  version: String
  section: String @index
  priority: enum(required, important, standard, optional, extra)
  installed_size: I64
  homepage: String?
}
node Maintainer {
  email: String @key
  name: String
}
edge DependsOn: Package -> Package { alternative: I32  constraint: String? }
edge Maintains: Maintainer -> Package
"#;

#[test]
fn an_example_becomes_a_catalog() {
    let (catalog, diagnostics) = compile_schema(DEBIAN, None, &mut mint::counting(1));
    assert_eq!(diagnostics, []);
    let catalog = catalog.unwrap();
    assert_eq!(catalog.nodes["Package"].key.as_deref(), Some(&["name".to_owned()][..]));
    let homepage = catalog.nodes["Package"].property("homepage").unwrap();
    assert_eq!(homepage.ty, PropType { nullable: true, ..PropType::new(ScalarType::String) });
    assert_eq!(catalog.edges["Maintains"].from, "Maintainer");
    assert_eq!(catalog.edges["DependsOn"].properties.len(), 2);
}
