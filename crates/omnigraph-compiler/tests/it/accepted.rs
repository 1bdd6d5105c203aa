//! The persisted form and the fingerprint.

use omnigraph_compiler::catalog::{AcceptedError, AcceptedSchema, NumberLiteral, fingerprint};
use omnigraph_compiler::{Catalog, compile_schema};

use crate::support::mint;

const SOURCE: &str = r#"
interface Labelled { label: String @index  note: String? }
node Vessel @description("Anything that floats") @owner("ops", tier=2) implements Labelled {
  registry: String
  hull: I32 @default(7)
  kind: enum(tug, cargo-liner, 3rd-party)
  profile: Vector(4)? @embed("label", model="m-1") @index(metric=dot)
  tonnage: F64?
  @key(registry, hull)
  @range(tonnage, -0.1.., "no anti-ships")
  @check(registry, "^[A-Z]{2}$")
}
node Dock { code: String @key }
edge MooredAt: Vessel -> Dock @card(0..2) @on_delete(restrict) { since: DateTime @default(now())  @unique(src, dst, since) }
"#;

fn build(source: &str, first: u128) -> Catalog {
    let (catalog, diagnostics) = compile_schema(source, None, &mut mint::counting(first));
    catalog.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

#[test]
fn reads_back_what_it_wrote() {
    let accepted = AcceptedSchema::new(SOURCE, build(SOURCE, 1));
    let bytes = accepted.encode().unwrap();
    let read = AcceptedSchema::decode(&bytes).unwrap();
    assert_eq!(read, accepted);
    assert_eq!(read.encode().unwrap(), bytes);
}

/// Every 64-bit float in a bound survives storage.
#[test]
fn floats_survive_to_the_last_bit() {
    for text in ["0.1", "1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "0.30000000000000004"] {
        let source = format!("node A {{ x: F64  @range(x, {text}..) }}");
        let accepted = AcceptedSchema::new(&source, build(&source, 1));
        let read = AcceptedSchema::decode(&accepted.encode().unwrap()).unwrap();
        assert_eq!(read, accepted, "{text}");
        assert_eq!(read.catalog.nodes["A"].ranges[0].min, Some(NumberLiteral::Float(text.parse().unwrap())));
    }
}

#[test]
fn fails_closed() {
    let bytes = AcceptedSchema::new(SOURCE, build(SOURCE, 1)).encode().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let decode = |text: &str| AcceptedSchema::decode(text.as_bytes());
    let later = text.replacen("\"format\":1", "\"format\":2", 1);
    assert!(matches!(decode(&later), Err(AcceptedError::UnknownFormat { found: 2 })));
    let extra = text.replacen("\"format\":1", "\"format\":1,\"color\":\"red\"", 1);
    assert!(matches!(decode(&extra), Err(AcceptedError::Malformed(_))));
    let extra_inside = text.replacen("\"implements\":", "\"extends\":[],\"implements\":", 1);
    assert!(matches!(decode(&extra_inside), Err(AcceptedError::Malformed(_))));
    let dangling = text.replacen("\"to\":\"Dock\"", "\"to\":\"Duck\"", 1);
    assert!(matches!(decode(&dangling), Err(AcceptedError::Inconsistent(_))));
    for cut in 0..text.len().min(400) {
        assert!(decode(&text[..cut]).is_err());
    }
}

/// A catalog with a unique blob is refused: no accepted schema ever had one.
#[test]
fn a_unique_blob_is_not_tolerated() {
    let mut catalog = build("node Vessel { name: String @key  image: Blob? }", 1);
    assert_eq!(catalog.verify(), Ok(()));
    vessel(&mut catalog).uniques.push(unique("image"));
    assert!(catalog.verify().unwrap_err().to_string().contains("does not fit the type of `image`"));
}

#[test]
fn verify_finds_contradictions() {
    type Spoil = fn(&mut Catalog);
    let spoils: &[(&str, Spoil)] = &[
        ("key of a property that is not there", |c| vessel(c).key = Some(vec!["nope".into()])),
        ("empty key", |c| vessel(c).key = Some(vec![])),
        ("key that may be null", |c| vessel(c).key = Some(vec!["tonnage".into()])),
        ("unique of a vector", |c| vessel(c).uniques.push(unique("profile"))),
        ("range of text", |c| vessel(c).ranges[0].property = "registry".into()),
        ("range with NaN", |c| vessel(c).ranges[0].min = Some(NumberLiteral::Float(f64::NAN))),
        ("range that nothing meets", |c| {
            vessel(c).ranges[0].min = Some(NumberLiteral::Integer(2));
            vessel(c).ranges[0].max = Some(NumberLiteral::Integer(1));
        }),
        ("bad pattern", |c| vessel(c).checks[0].pattern = "(".into()),
        ("interface that is not there", |c| vessel(c).implements.push("Nope".into())),
        ("interface property that is not there", |c| vessel(c).properties.retain(|p| p.name != "note")),
        ("property twice", |c| {
            let mut copy = vessel(c).properties[0].clone();
            copy.id = omnigraph_compiler::catalog::PropertyId::new(ulid::Ulid::from(u128::MAX));
            vessel(c).properties.push(copy);
        }),
        ("property id twice", |c| {
            let id = vessel(c).properties[0].id;
            vessel(c).properties[1].id = id;
        }),
        ("table twice", |c| {
            let table = vessel(c).table;
            c.nodes.get_mut("Dock").unwrap().table = table;
        }),
        ("another name", |c| vessel(c).name = "Ship".into()),
        ("end that is not there", |c| c.edges.get_mut("MooredAt").unwrap().from = "Nope".into()),
        ("cardinality upside down", |c| c.edges.get_mut("MooredAt").unwrap().card.min = 9),
        ("edge key without ends", |c| c.edges.get_mut("MooredAt").unwrap().key = Some(vec!["since".into()])),
        ("reserved name", |c| c.edges.get_mut("MooredAt").unwrap().properties[0].name = "src".into()),
        ("unsorted enum", |c| {
            let kind = vessel(c).properties.iter_mut().find(|p| p.name == "kind").unwrap();
            kind.ty.enum_values.as_mut().unwrap().reverse();
        }),
        ("vector of no dimension", |c| {
            let profile = vessel(c).properties.iter_mut().find(|p| p.name == "profile").unwrap();
            profile.ty.scalar = omnigraph_compiler::types::ScalarType::Vector(0);
        }),
        ("default of another type", |c| {
            let hull = vessel(c).properties.iter_mut().find(|p| p.name == "hull").unwrap();
            hull.default = Some(omnigraph_compiler::catalog::DefaultValue::Literal("seven".into()));
        }),
        ("default out of range", |c| {
            let hull = vessel(c).properties.iter_mut().find(|p| p.name == "hull").unwrap();
            hull.default = Some(omnigraph_compiler::catalog::DefaultValue::Literal(2_147_483_648_i64.into()));
        }),
        ("property name of a type", |c| {
            let hull = vessel(c).properties.iter_mut().find(|p| p.name == "tonnage").unwrap();
            hull.name = "Tonnage".into();
        }),
        ("embed without source", |c| {
            let profile = vessel(c).properties.iter_mut().find(|p| p.name == "profile").unwrap();
            profile.embed.as_mut().unwrap().source = "nope".into();
        }),
    ];
    let good = build(SOURCE, 1);
    assert_eq!(good.verify(), Ok(()));
    for (what, spoil) in spoils {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(bad.verify().is_err(), "{what}");
        assert!(AcceptedSchema::new("", bad).encode().is_err(), "{what}");
    }
}

fn vessel(catalog: &mut Catalog) -> &mut omnigraph_compiler::catalog::NodeType {
    catalog.nodes.get_mut("Vessel").unwrap()
}

fn unique(name: &str) -> omnigraph_compiler::catalog::UniqueConstraint {
    omnigraph_compiler::catalog::UniqueConstraint { properties: vec![name.to_owned()] }
}

/// The fingerprint ignores layout, order and ids.
#[test]
fn same_meaning_same_fingerprint() {
    let base = "node B { b: String @key }\nnode A { x: enum(p, q)  y: I32? @unique  v: F64  @range(v, 1..2) }\n\
                edge E: A -> B { w: I32 @index }";
    let same = [
        "// said\nedge E: A -> B\n{ w: I32 @index }\nnode A { y: I32? @unique v: F64 x: enum(q, p) @range(v, 1..2) }\n\
         node B { b: String @key /* b */ }",
        "node B @rename_from(\"Old\") { b: String @rename_from(was)  @key(b) }\n\
         node A { x: enum(p, q)  y: I32?  @unique(y)  v: F64  @range(v, 1.0..2.0) }\nedge E: A -> B { w: I32 @index(w) }",
    ];
    let expected = fingerprint(&build(base, 1));
    assert_eq!(expected.len(), 64);
    for other in same {
        assert_eq!(fingerprint(&build(other, 500)), expected, "{other}");
    }
}

/// The fingerprint depends on every rule.
#[test]
fn other_meaning_other_fingerprint() {
    let variants = [
        "node A { x: I32 }",
        "node A { x: I32? }",
        "node A { x: I64 }",
        "node A { y: I32 }",
        "node B { x: I32 }",
        "node A { x: I32 @key }",
        "node A { x: I32 @unique }",
        "node A { x: I32 @index }",
        "node A { x: I32 @default(1) }",
        "node A { x: I32 @description(\"d\") }",
        "node A { x: I32 @other }",
        "node A @description(\"d\") { x: I32 }",
        "node A { x: I32  @range(x, 0..) }",
        "node A { x: I32  @range(x, ..0) }",
        "node A { x: I32  @range(x, 0.., \"m\") }",
        "node A { x: I32 } interface I {}",
        "node A implements I { x: I32 } interface I {}",
        "node A { x: I32 } edge E: A -> A",
        "node A { x: I32 } edge E: A -> A @card(0..1)",
        "node A { x: I32 } edge E: A -> A @card_in(0..1)",
        "node A { x: I32 } edge E: A -> A @on_delete(restrict)",
        "node A { x: I32 } edge E: A -> A { @key(@src, @dst) }",
        "node A { x: I32 } edge E: A -> A { @unique(src) }",
    ];
    let prints: std::collections::BTreeSet<String> =
        variants.iter().map(|source| fingerprint(&build(source, 1))).collect();
    assert_eq!(prints.len(), variants.len());
}

/// Ids are minted in an order independent of the text: types by kind and name, properties by type and name, tables by type.
#[test]
fn ids_are_minted_in_order_of_meaning() {
    let one = build("edge E: B -> A { q: I32 p: I32 } node B { z: I32 a: I32 } node A {} interface I { i: I32 }", 1);
    let two = build("interface I { i: I32 } node A {} node B { a: I32 z: I32 } edge E: B -> A { p: I32 q: I32 }", 1);
    let number = |text: String| u128::from(ulid::Ulid::from_string(&text).unwrap());
    assert_eq!(number(one.interfaces["I"].id.to_string()), 1);
    assert_eq!(number(one.nodes["A"].id.to_string()), 2);
    assert_eq!(number(one.nodes["B"].id.to_string()), 3);
    assert_eq!(number(one.edges["E"].id.to_string()), 4);
    assert_eq!(number(one.interfaces["I"].properties[0].id.to_string()), 5);
    let ids = |catalog: &Catalog| {
        let b = &catalog.nodes["B"];
        let e = &catalog.edges["E"];
        [b.property("a"), b.property("z"), e.property("p"), e.property("q")].map(|p| number(p.unwrap().id.to_string()))
    };
    assert_eq!(ids(&one), [6, 7, 8, 9]);
    assert_eq!(ids(&two), [6, 7, 8, 9]);
    let tables = [one.nodes["A"].table, one.nodes["B"].table, one.edges["E"].table];
    assert_eq!(tables.map(|table| number(table.to_string())), [10, 11, 12]);
}
