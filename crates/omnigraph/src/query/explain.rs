//! Plans as text and as data.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use serde_json::{Map, Value, json};

use super::QueryPlan;
use super::operator::OperatorExec;

/// One operator of a plan.
struct Line {
    depth: usize,
    name: String,
    detail: String,
    measured: Option<Measured>,
    /// Whether it runs once per batch of outer rows, inside of the operator above.
    nested: bool,
}

/// What a run of an operator took.
struct Measured {
    rows: usize,
    bytes: Option<usize>,
    /// With what it reads from.
    time: Duration,
}

/// A plan; with figures if it was run.
pub(super) fn plan(plan: &Arc<dyn ExecutionPlan>, ran: bool) -> QueryPlan {
    let mut text = String::new();
    let json = describe(plan, 0, false, ran, &mut text);
    QueryPlan { text, json }
}

fn describe(plan: &Arc<dyn ExecutionPlan>, depth: usize, nested: bool, ran: bool, text: &mut String) -> Value {
    let line = line(plan, depth, nested, ran);
    write_line(&line, text);
    let ours = (plan.as_ref() as &dyn std::any::Any).downcast_ref::<OperatorExec>();
    let inputs: Vec<Value> =
        plan.children().into_iter().map(|input| describe(input, depth + 1, false, ran, text)).collect();
    let inner = ours.map_or(&[] as &[_], OperatorExec::inner);
    let inner: Vec<Value> = inner.iter().map(|inner| describe(inner, depth + 1, true, ran, text)).collect();
    let mut object = Map::new();
    object.insert("operator".to_owned(), line.name.into());
    object.insert("detail".to_owned(), line.detail.into());
    if let Some(Measured { rows, bytes, time }) = line.measured {
        object.insert("rows".to_owned(), rows.into());
        object.insert("bytes".to_owned(), bytes.map_or(Value::Null, Into::into));
        object.insert("ms".to_owned(), json!(time.as_secs_f64() * 1e3));
    }
    if !inputs.is_empty() {
        object.insert("inputs".to_owned(), inputs.into());
    }
    if !inner.is_empty() {
        object.insert("block".to_owned(), inner.into());
    }
    Value::Object(object)
}

fn line(plan: &Arc<dyn ExecutionPlan>, depth: usize, nested: bool, ran: bool) -> Line {
    let ours = (plan.as_ref() as &dyn std::any::Any).downcast_ref::<OperatorExec>();
    let (name, detail) = match ours {
        Some(ours) => (plan.name().to_owned(), ours.detail()),
        None => theirs(plan),
    };
    let measured = plan.metrics().filter(|_| ran).map(|metrics| measured(&metrics));
    Line { depth, name, detail, measured, nested }
}

/// DataFusion's operators under their names, and what they say of themselves.
fn theirs(plan: &Arc<dyn ExecutionPlan>) -> (String, String) {
    struct Shown<'a>(&'a dyn ExecutionPlan);
    impl std::fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt_as(DisplayFormatType::Default, f)
        }
    }
    let shown = Shown(plan.as_ref()).to_string();
    let name = plan.name().trim_end_matches("Exec").to_owned();
    let detail = shown.split_once(':').map_or("", |(_, detail)| detail.trim());
    (name, detail.to_owned())
}

fn measured(metrics: &MetricsSet) -> Measured {
    let time = metrics.elapsed_compute().map(|nanos| Duration::from_nanos(nanos as u64));
    let bytes =
        metrics.sum(|metric| matches!(metric.value(), MetricValue::Count { name, .. } if name == "output_bytes"));
    Measured {
        rows: metrics.output_rows().unwrap_or_default(),
        bytes: bytes.map(|bytes| bytes.as_usize()),
        time: time.unwrap_or_default(),
    }
}

fn write_line(line: &Line, text: &mut String) {
    let Line { depth, name, detail, measured, nested } = line;
    let mark = if *nested { "↳ " } else { "" };
    let colon = if detail.is_empty() { "" } else { ": " };
    // Writing to a String cannot fail.
    let _ = write!(text, "{:indent$}{mark}{name}{colon}{detail}", "", indent = depth * 2);
    if let Some(Measured { rows, time, .. }) = measured {
        let _ = write!(text, "  [{rows} rows, {:.3} ms]", time.as_secs_f64() * 1e3);
    }
    text.push('\n');
}
