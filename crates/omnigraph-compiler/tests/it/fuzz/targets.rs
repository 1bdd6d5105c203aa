//! What is fuzzed, and what must hold whatever comes in.

use std::panic::{AssertUnwindSafe, catch_unwind};

use omnigraph_compiler::catalog::fingerprint;
use omnigraph_compiler::describe::{describe, stored_query};
use omnigraph_compiler::diagnostic::{render_json, render_text};
use omnigraph_compiler::ir::{self, Operation, Param};
use omnigraph_compiler::migrate::{self, DropMode, Plan};
use omnigraph_compiler::params::{NumberMode, decode};
use omnigraph_compiler::types::{PropType, Scalar};
use omnigraph_compiler::{Catalog, Diagnostic, compile_file, compile_schema, gq, pg};

use crate::gq_files::{fleet, programs};
use crate::support::{cases, mint};

/// A promise: whether an input keeps it, or how it breaks it.
type Promise = dyn Fn(&str) -> Result<(), String>;

/// Something to try, with the inputs to begin from.
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) corpus: Vec<String>,
    check: Box<Promise>,
}

impl Target {
    pub(super) fn new(
        name: &'static str,
        corpus: Vec<String>,
        check: impl Fn(&str) -> Result<(), String> + 'static,
    ) -> Self {
        Self { name, corpus, check: Box::new(check) }
    }

    /// Which promise an input breaks. A panic is a broken promise.
    pub(super) fn check(&self, input: &str) -> Result<(), String> {
        catch_unwind(AssertUnwindSafe(|| (self.check)(input))).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a word");
            Err(format!("panicked: {text}"))
        })
    }
}

pub(super) fn all() -> Vec<Target> {
    let schemas = schemas();
    let queries = queries();
    let pairs = pairs(&schemas);
    let catalog = fleet();
    let params = params();
    vec![
        Target::new("schema", schemas, schema),
        Target::new("query text", queries.clone(), query_text),
        Target::new("query against a schema", queries, move |input| query(input, &catalog)),
        Target::new("migration", pairs, migration),
        Target::new("arguments", arguments(), move |input| decoded(input, &params)),
    ]
}

fn schemas() -> Vec<String> {
    let mut found: Vec<String> = ["pg", "pg-fmt", "catalog"].into_iter().flat_map(cases::inputs).collect();
    found.push(include_str!("../../data/fleet.pg").to_owned());
    found.push(include_str!("../../data/smoke/fleet.pg").to_owned());
    found
}

fn queries() -> Vec<String> {
    let folders = ["gq", "check", "lower"].into_iter().flat_map(cases::inputs);
    let mut found: Vec<String> = folders.flat_map(|input| programs(&input)).collect();
    found.extend(["gq-fmt", "lint"].into_iter().flat_map(cases::inputs));
    found.push(include_str!("../../data/smoke/fleet.gq").to_owned());
    found
}

/// Pairs of schemas: those of the migrations, and neighbours of the catalogue's cases.
fn pairs(schemas: &[String]) -> Vec<String> {
    let neighbours = schemas.windows(2).map(|pair| format!("{}\n====\n{}", pair[0], pair[1]));
    cases::inputs("migrate").into_iter().chain(neighbours).collect()
}

fn arguments() -> Vec<String> {
    [
        r#"{"string": "a", "blob": "base64:AA==", "bool": true, "i32": -1, "i64": "9007199254740993", "u32": 7, "u64": 9223372036854775807}"#,
        r#"{"f32": 1.5, "f64": -0.0, "date": "2024-02-29", "datetime": "2024-02-29T12:00:00.5+02:00", "json": {"a": [null, 1]}}"#,
        r#"{"vector": [1, 2.5, -3e2], "list": ["2024-01-01", "1969-12-31"], "integers": [], "i32": 2147483648, "nothing": null}"#,
        r#"{"f32": 1e39, "date": "2023-02-30", "datetime": "0000-01-01T24:00:60Z", "u64": 18446744073709551615, "i64": 3.0}"#,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// One nullable parameter of each type.
fn params() -> Vec<Param> {
    let scalars = [
        ("string", Scalar::String, false),
        ("blob", Scalar::Blob, false),
        ("bool", Scalar::Bool, false),
        ("i32", Scalar::I32, false),
        ("i64", Scalar::I64, false),
        ("u32", Scalar::U32, false),
        ("u64", Scalar::U64, false),
        ("f32", Scalar::F32, false),
        ("f64", Scalar::F64, false),
        ("date", Scalar::Date, false),
        ("datetime", Scalar::DateTime, false),
        ("json", Scalar::Json, false),
        ("vector", Scalar::Vector(3), false),
        ("list", Scalar::Date, true),
        ("integers", Scalar::I32, true),
        ("nothing", Scalar::String, false),
    ];
    let param = |(name, scalar, list): (&str, Scalar, bool)| Param {
        name: name.to_owned(),
        ty: PropType { nullable: true, list, ..PropType::of(scalar) },
    };
    scalars.into_iter().map(param).collect()
}

/// Parser, printer and builder of schemas agree with each other.
fn schema(input: &str) -> Result<(), String> {
    let (tree, parsed) = pg::parse(input);
    let (catalog, diagnostics) = compile_schema(input, None, &mut mint::counting(1));
    placed(input, &parsed)?;
    placed(input, &diagnostics)?;
    let printed = pg::print(&tree);
    bounded("printed text", printed.len(), input)?;
    if !parsed.is_empty() {
        return equal("a schema with errors", &catalog.is_none(), &true);
    }
    let (again, found) = pg::parse(&printed);
    equal("complaints about printed text", &found, &Vec::new())?;
    equal("text printed again", &pg::print(&again), &printed)?;
    let (rebuilt, _) = compile_schema(&printed, None, &mut mint::counting(1));
    equal("catalogue of printed text", &rebuilt, &catalog)?;
    match catalog {
        Some(catalog) => catalog.verify().map_err(|problem| problem.to_string()),
        None => Ok(()),
    }
}

/// Parser and printer of queries agree with each other.
fn query_text(input: &str) -> Result<(), String> {
    let (file, diagnostics) = gq::parse(input);
    placed(input, &diagnostics)?;
    if !diagnostics.is_empty() {
        return Ok(());
    }
    let printed = gq::print(&file);
    bounded("printed text", printed.len(), input)?;
    let (again, found) = gq::parse(&printed);
    equal("complaints about printed text", &found, &Vec::new())?;
    equal("tree of printed text", &again, &file)?;
    equal("text printed again", &gq::print(&again), &printed)?;
    let formatted = gq::format(input).map_err(|found| format!("cannot be formatted: {found:?}"))?;
    equal("text formatted again", &gq::format(&formatted), &Ok(formatted.clone()))?;
    equal("tree of formatted text", &gq::parse(&formatted).0, &file)
}

/// What a query means does not depend on its layout, and can be shown.
fn query(input: &str, catalog: &Catalog) -> Result<(), String> {
    let compiled = compile_file(input, catalog);
    placed(input, &compiled.diagnostics)?;
    let mut operations: Vec<&Operation> = Vec::new();
    for query in &compiled.queries {
        placed(input, &query.diagnostics)?;
        let failed = query.diagnostics.iter().any(Diagnostic::is_error);
        equal("an operation beside errors", &(query.operation.is_some() && failed), &false)?;
        equal("neither operation nor error", &(query.operation.is_none() && !failed), &false)?;
        let _ = serde_json::to_value(stored_query(&query.decl)).map_err(|error| error.to_string())?;
        operations.extend(&query.operation);
    }
    for operation in &operations {
        bounded("logical form", ir::print(operation).len() / (1 + catalog.edges.len()), input)?;
        let _ = serde_json::to_value(describe(operation, catalog)).map_err(|error| error.to_string())?;
    }
    if compiled.diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(());
    }
    let again = compile_file(&gq::print(&compiled.file), catalog);
    let meant: Vec<&Operation> = again.queries.iter().filter_map(|query| query.operation.as_ref()).collect();
    equal("meaning of printed text", &meant, &operations)
}

/// Between any two schemas there is a plan, and it reads back.
fn migration(input: &str) -> Result<(), String> {
    let (old, new) = input.split_once("====").unwrap_or((input, ""));
    let (Some(old), _) = compile_schema(old, None, &mut mint::counting(1)) else { return Ok(()) };
    let same = migrate::plan(&old, &old, DropMode::Soft);
    equal("steps from a schema to itself", &same.steps, &Vec::new())?;
    let (desired, parsed) = pg::parse(new);
    if !parsed.is_empty() {
        return placed(new, &parsed);
    }
    let (planned, diagnostics) = migrate::plan_schema(&old, &desired, DropMode::Hard, &mut mint::counting(1_000_000));
    placed(new, &diagnostics)?;
    let Some((new, plan)) = planned else { return Ok(()) };
    new.verify().map_err(|problem| problem.to_string())?;
    equal("an empty plan", &plan.steps.is_empty(), &(fingerprint(&old) == fingerprint(&new)))?;
    equal("a refused plan", &plan.refusal().is_some(), &!plan.supported)?;
    let text = serde_json::to_string(&plan).map_err(|error| error.to_string())?;
    equal("a change of no kind", &text.contains("OG-MF-111"), &false)?;
    let back: Plan = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    equal("the plan read back", &back, &plan)?;
    equal("a step without words", &plan.steps.iter().any(|step| step.to_string().is_empty()), &false)
}

/// Arguments decode to one value each, or to a reason.
fn decoded(input: &str, params: &[Param]) -> Result<(), String> {
    let Ok(json) = serde_json::from_str(input) else { return Ok(()) };
    for mode in [NumberMode::Native, NumberMode::Double] {
        match decode(params, Some(&json), mode) {
            Ok(values) => equal("number of values", &values.len(), &params.len())?,
            Err(error) => equal("an error without words", &error.to_string().is_empty(), &false)?,
        }
    }
    Ok(())
}

/// Every diagnostic stands inside the source, or on the place behind its end; there are no more of them than there is source; all can be shown.
fn placed(source: &str, diagnostics: &[Diagnostic]) -> Result<(), String> {
    bounded("number of diagnostics", diagnostics.len(), source)?;
    let end = source.len();
    for diagnostic in diagnostics {
        let related = diagnostic.related.iter().map(|(span, _)| *span);
        for span in std::iter::once(diagnostic.span).chain(related) {
            let inside =
                source.is_char_boundary(span.start) && (source.is_char_boundary(span.end) || span.end == end + 1);
            if !inside || span.start > span.end {
                return Err(format!(
                    "{}..{} is no place in a text of {end} bytes: {diagnostic:?}",
                    span.start, span.end
                ));
            }
        }
        equal("a diagnostic without words", &diagnostic.message.is_empty(), &false)?;
    }
    // Rendering repeats source lines; a few tell as much as all of them.
    let some = &diagnostics[..diagnostics.len().min(5)];
    let _ = render_text("input", source, some);
    let _ = render_json("input", source, some);
    Ok(())
}

/// What comes out is at most so much longer than what went in. A count, because it is the same on every machine.
fn bounded(what: &str, length: usize, input: &str) -> Result<(), String> {
    let most = 400 * (input.len() + 10);
    if length <= most { Ok(()) } else { Err(format!("{what}: {length} from {} bytes", input.len())) }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}:\n  {found:?}\ninstead of\n  {wanted:?}")) }
}
