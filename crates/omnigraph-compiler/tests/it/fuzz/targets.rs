//! Fuzz targets and their properties.

use std::panic::{AssertUnwindSafe, catch_unwind};

use omnigraph_compiler::catalog::fingerprint;
use omnigraph_compiler::describe::{describe, stored_query};
use omnigraph_compiler::diagnostic::{render_json, render_text};
use omnigraph_compiler::ir::{self, QueryOperation, QueryParam};
use omnigraph_compiler::migrate::{self, DropMode, MigrationPlan, PlannedSchema};
use omnigraph_compiler::params::{NumberMode, decode};
use omnigraph_compiler::types::{PropType, ScalarType};
use omnigraph_compiler::{Catalog, Diagnostic, compile_file, compile_schema, gq, pg};

use crate::gq_files::{fleet, programs};
use crate::support::{cases, mint};

/// A property of inputs; an error describes its violation.
type FuzzProperty = dyn Fn(&str) -> Result<(), String>;

/// A property with its corpus.
pub(super) struct FuzzTarget {
    pub(super) name: &'static str,
    pub(super) corpus: Vec<String>,
    check: Box<FuzzProperty>,
}

impl FuzzTarget {
    pub(super) fn new(
        name: &'static str,
        corpus: Vec<String>,
        check: impl Fn(&str) -> Result<(), String> + 'static,
    ) -> Self {
        Self { name, corpus, check: Box::new(check) }
    }

    /// Checks the property for an input. A panic is a violation.
    pub(super) fn check(&self, input: &str) -> Result<(), String> {
        catch_unwind(AssertUnwindSafe(|| (self.check)(input))).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a word");
            Err(format!("panicked: {text}"))
        })
    }
}

pub(super) fn all() -> Vec<FuzzTarget> {
    let schemas = schemas();
    let queries = queries();
    let pairs = pairs(&schemas);
    let catalog = fleet();
    let params = params();
    vec![
        FuzzTarget::new("schema", schemas, schema),
        FuzzTarget::new("query text", queries.clone(), query_text),
        FuzzTarget::new("query against a schema", queries, move |input| query(input, &catalog)),
        FuzzTarget::new("migration", pairs, migration),
        FuzzTarget::new("arguments", arguments(), move |input| decoded(input, &params)),
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

/// Pairs of schemas: those of the migrations, and neighbors among the catalog's cases.
fn pairs(schemas: &[String]) -> Vec<String> {
    let neighbors = schemas.windows(2).map(|pair| format!("{}\n====\n{}", pair[0], pair[1]));
    cases::inputs("migrate").into_iter().chain(neighbors).collect()
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

/// Returns one nullable parameter of each type.
fn params() -> Vec<QueryParam> {
    let scalars = [
        ("string", ScalarType::String, false),
        ("blob", ScalarType::Blob, false),
        ("bool", ScalarType::Bool, false),
        ("i32", ScalarType::I32, false),
        ("i64", ScalarType::I64, false),
        ("u32", ScalarType::U32, false),
        ("u64", ScalarType::U64, false),
        ("f32", ScalarType::F32, false),
        ("f64", ScalarType::F64, false),
        ("date", ScalarType::Date, false),
        ("datetime", ScalarType::DateTime, false),
        ("json", ScalarType::Json, false),
        ("vector", ScalarType::Vector(3), false),
        ("list", ScalarType::Date, true),
        ("integers", ScalarType::I32, true),
        ("nothing", ScalarType::String, false),
    ];
    let param = |(name, scalar, list): (&str, ScalarType, bool)| QueryParam {
        name: name.to_owned(),
        ty: PropType { nullable: true, list, ..PropType::new(scalar) },
    };
    scalars.into_iter().map(param).collect()
}

/// Checks that parser, printer and builder of schemas agree.
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
    equal("catalog of printed text", &rebuilt, &catalog)?;
    match catalog {
        Some(catalog) => catalog.verify().map_err(|problem| problem.to_string()),
        None => Ok(()),
    }
}

/// Checks that parser and printer of queries agree.
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

/// Checks that the meaning of a query does not depend on its layout, and can be printed.
fn query(input: &str, catalog: &Catalog) -> Result<(), String> {
    let compiled = compile_file(input, catalog);
    placed(input, &compiled.diagnostics)?;
    let mut operations: Vec<&QueryOperation> = Vec::new();
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
    let meant: Vec<&QueryOperation> = again.queries.iter().filter_map(|query| query.operation.as_ref()).collect();
    equal("meaning of printed text", &meant, &operations)
}

/// Checks that any two schemas have a plan, and that it reads back.
fn migration(input: &str) -> Result<(), String> {
    let (old, new) = input.split_once("====").unwrap_or((input, ""));
    let (Some(old), _) = compile_schema(old, None, &mut mint::counting(1)) else { return Ok(()) };
    let same = migrate::plan(&old, &old, DropMode::Soft);
    equal("steps from a schema to itself", &same.steps, &Vec::new())?;
    let (desired, parsed) = pg::parse(new);
    if !parsed.is_empty() {
        return placed(new, &parsed);
    }
    let preview = migrate::plan_schema(&old, &desired, DropMode::Hard, &mut mint::counting(1_000_000));
    placed(new, &preview.diagnostics)?;
    let Some(PlannedSchema { catalog: new, plan }) = preview.planned else { return Ok(()) };
    new.verify().map_err(|problem| problem.to_string())?;
    equal("an empty plan", &plan.steps.is_empty(), &(fingerprint(&old) == fingerprint(&new)))?;
    equal("a refused plan", &plan.refusal().is_some(), &!plan.supported)?;
    let text = serde_json::to_string(&plan).map_err(|error| error.to_string())?;
    equal("a change of no kind", &text.contains("OG-MF-111"), &false)?;
    let back: MigrationPlan = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    equal("the plan read back", &back, &plan)?;
    equal("a step without words", &plan.steps.iter().any(|step| step.to_string().is_empty()), &false)
}

/// Decodes arguments to one value each, or to an error.
fn decoded(input: &str, params: &[QueryParam]) -> Result<(), String> {
    let Ok(json) = serde_json::from_str(input) else { return Ok(()) };
    for mode in [NumberMode::Native, NumberMode::Double] {
        match decode(params, Some(&json), mode) {
            Ok(values) => equal("number of values", &values.len(), &params.len())?,
            Err(error) => equal("an error without words", &error.to_string().is_empty(), &false)?,
        }
    }
    Ok(())
}

/// Checks that diagnostics lie inside the source or directly after its end, that their number is bounded by its length, and that
/// all can be rendered.
fn placed(source: &str, diagnostics: &[Diagnostic]) -> Result<(), String> {
    bounded("number of diagnostics", diagnostics.len(), source)?;
    let end = source.len();
    for diagnostic in diagnostics {
        let related = diagnostic.related.iter().map(|other| other.span);
        for span in std::iter::once(diagnostic.span).chain(related) {
            let inside =
                source.is_char_boundary(span.start) && (source.is_char_boundary(span.end) || span.end == end + 1);
            if !inside || span.start > span.end {
                return Err(format!("{}..{} is outside a text of {end} bytes: {diagnostic:?}", span.start, span.end));
            }
        }
        equal("a diagnostic without words", &diagnostic.message.is_empty(), &false)?;
    }
    // Rendering repeats source lines; a few diagnostics are enough.
    let some = &diagnostics[..diagnostics.len().min(5)];
    let _ = render_text("input", source, some);
    let _ = render_json("input", source, some);
    Ok(())
}

/// Checks that the length of an output is bounded by the input. A length is the same on every machine.
fn bounded(what: &str, length: usize, input: &str) -> Result<(), String> {
    let most = 400 * (input.len() + 10);
    if length <= most { Ok(()) } else { Err(format!("{what}: {length} from {} bytes", input.len())) }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}:\n  {found:?}\ninstead of\n  {wanted:?}")) }
}
