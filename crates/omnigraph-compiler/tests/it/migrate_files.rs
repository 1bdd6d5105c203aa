//! Migration plans of pairs of schemas.

use omnigraph_compiler::migrate::{self, DropMode, MigrationPlan, SafetyTier};
use omnigraph_compiler::{compile_schema, pg};

use crate::support::{cases, describe, mint};

/// The plan from the part before `====` to the part behind it: `supported`, then each step as text and as JSON. A title
/// that ends in `[hard]` allows data loss.
#[test]
fn plans() {
    cases::run("migrate", |title, input| {
        let (old_source, new_source) = input.split_once("====\n").unwrap_or_else(|| panic!("{title}: no `====`"));
        let drops = if title.ends_with("[hard]") { DropMode::Hard } else { DropMode::Soft };
        let (old, diagnostics) = compile_schema(old_source, None, &mut mint::counting(1));
        let old = old.unwrap_or_else(|| panic!("{title}: {diagnostics:?}"));
        let (desired, parsed) = pg::parse(new_source);
        assert_eq!(parsed, [], "{title}");
        let preview = migrate::plan_schema(&old, &desired, drops, &mut mint::counting(1_000_000));
        let mut out = describe::diagnostics(new_source, &preview.diagnostics);
        if let Some(planned) = preview.planned {
            assert_eq!(planned.catalog.verify(), Ok(()), "{title}");
            round_trip(&planned.plan);
            out.push_str(&explain(&planned.plan));
        }
        out
    });
}

fn explain(plan: &MigrationPlan) -> String {
    let mut out = format!("supported: {}\n", if plan.supported { "yes" } else { "no" });
    for step in &plan.steps {
        let tier = match step.tier() {
            SafetyTier::Safe => "safe",
            SafetyTier::Validated => "validated",
            SafetyTier::Destructive => "destructive",
        };
        out.push_str(&format!("- {step}\n  {tier} {}\n", serde_json::to_string(step).unwrap()));
    }
    if let Some(refusal) = plan.refusal() {
        out.push_str(&format!("refused: {refusal}\n"));
    }
    out
}

/// Checks that a plan reads back from its JSON.
fn round_trip(plan: &MigrationPlan) {
    let text = serde_json::to_string(plan).unwrap();
    assert_eq!(&serde_json::from_str::<MigrationPlan>(&text).unwrap(), plan);
}

/// The order of key components in row ids survives renames and additions.
#[test]
fn key_order_outlives_renames() {
    let key = |catalog: &omnigraph_compiler::Catalog| catalog.nodes["Slot"].key.clone().unwrap().join(",");
    let build = |source: &str, previous: Option<&omnigraph_compiler::Catalog>, first| {
        let (catalog, diagnostics) = compile_schema(source, previous, &mut mint::counting(first));
        catalog.unwrap_or_else(|| panic!("{diagnostics:?}"))
    };
    let first = build("node Slot { tenant: String  bay: I32  @key(tenant, bay) }", None, 1);
    assert_eq!(key(&first), "bay,tenant");
    let renamed = "node Slot { aaa_tenant: String @rename_from(tenant)  bay: I32  @key(aaa_tenant, bay) }";
    let second = build(renamed, Some(&first), 100);
    assert_eq!(key(&second), "bay,aaa_tenant");
    assert_eq!(
        second.nodes["Slot"].property("aaa_tenant").unwrap().id,
        first.nodes["Slot"].property("tenant").unwrap().id
    );
    let third =
        build("node Slot { aaa_tenant: String  bay: I32  aa: I32  @key(aa, bay, aaa_tenant) }", Some(&second), 200);
    assert_eq!(key(&third), "bay,aaa_tenant,aa");
}

/// A dropped and redeclared name gets a new id.
#[test]
fn a_dropped_name_comes_back_as_new() {
    let full = "node A { x: I32?  y: I32? }";
    let (first, _) = compile_schema(full, None, &mut mint::counting(1));
    let (second, _) = compile_schema("node A { y: I32? }", first.as_ref(), &mut mint::counting(100));
    let (third, _) = compile_schema(full, second.as_ref(), &mut mint::counting(200));
    let (first, third) = (first.unwrap(), third.unwrap());
    assert_ne!(first.nodes["A"].property("x").unwrap().id, third.nodes["A"].property("x").unwrap().id);
    assert_eq!(first.nodes["A"].property("y").unwrap().id, third.nodes["A"].property("y").unwrap().id);
    assert_eq!(first.nodes["A"].table, third.nodes["A"].table);
}

/// The order of declarations does not change the plan (G1).
#[test]
fn order_of_writing_is_no_change() {
    let one = "interface I { k: String @index }\nnode B { x: I32 y: enum(p, q)? @unique(x) @index(x, y) }\n\
               node A implements I { a: String @key }\nedge E: A -> B { w: I32 }";
    let two = "// c\nedge E: A -> B { w: I32 }\nnode A implements I { @key(a) a: String }\n\
               node B { @index(y, x) y: enum(q, p)? x: I32 @unique }\ninterface I { k: String @index }";
    let (old, _) = compile_schema(one, None, &mut mint::counting(1));
    let old = old.unwrap();
    let (new, diagnostics) = compile_schema(two, Some(&old), &mut || panic!("nothing is new"));
    let new = new.unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert_eq!(migrate::plan(&old, &new, DropMode::Soft), MigrationPlan { supported: true, steps: Vec::new() });
}

/// Only type changes that keep every value are planned.
#[test]
fn only_what_keeps_every_value_is_widened() {
    let scalars =
        ["String", "Bool", "I32", "I64", "U32", "U64", "F32", "F64", "Date", "DateTime", "Blob", "Json", "Vector(2)"];
    let mut widened = Vec::new();
    for from in scalars {
        let (old, _) = compile_schema(&format!("node A {{ x: {from} }}"), None, &mut mint::counting(1));
        let old = old.unwrap();
        for to in scalars.into_iter().filter(|to| *to != from) {
            let (new, _) = compile_schema(&format!("node A {{ x: {to} }}"), Some(&old), &mut mint::counting(100));
            let plan = migrate::plan(&old, &new.unwrap(), DropMode::Soft);
            if plan.supported {
                widened.push(format!("{from} {to}"));
            } else {
                assert!(plan.refusal().unwrap().starts_with("[OG-MF-106] changing property type"));
            }
        }
    }
    assert_eq!(widened, ["I32 I64", "I32 F64", "U32 I64", "U32 U64", "U32 F64", "F32 F64"]);
}
