//! Plans as text and as data.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use datafusion_physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion_physical_plan::{DisplayFormatType, ExecutionPlan};
use serde_json::{Map, Value, json};

use super::exec::OperatorExec;

/// The operators that run a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryPlan {
    /// One operator per line, followed by its inputs, indented.
    pub text: String,
    /// The same as data: `operator`, `detail`, `inputs`; after a run also `rows`, `bytes`, `ms`.
    pub json: serde_json::Value,
}

/// One operator of a plan.
struct PlanLine {
    depth: usize,
    name: String,
    detail: String,
    metrics: Option<OperatorMetrics>,
    /// The operator belongs to a block that the operator above runs once per batch of outer rows.
    nested: bool,
}

/// The cost of one operator in a run.
struct OperatorMetrics {
    rows: usize,
    bytes: Option<usize>,
    /// Time of the operator and its inputs.
    time: Duration,
}

/// Describes a plan; with metrics if it was run.
pub(super) fn describe_plan(plan: &Arc<dyn ExecutionPlan>, with_metrics: bool) -> QueryPlan {
    let mut text = String::new();
    let json = describe_operator(plan, 0, false, with_metrics, &mut text);
    QueryPlan { text, json }
}

fn describe_operator(
    plan: &Arc<dyn ExecutionPlan>,
    depth: usize,
    nested: bool,
    with_metrics: bool,
    text: &mut String,
) -> Value {
    let line = plan_line(plan, depth, nested, with_metrics);
    write_line(&line, text);
    let mut describe = |inputs: Vec<&Arc<dyn ExecutionPlan>>, nested| -> Vec<Value> {
        inputs.into_iter().map(|input| describe_operator(input, depth + 1, nested, with_metrics, text)).collect()
    };
    let inputs = describe(plan.children(), false);
    let blocks = describe(graph_operator(plan).map_or_else(Vec::new, |ours| ours.blocks().iter().collect()), true);
    let mut object = Map::new();
    object.insert("operator".to_owned(), line.name.into());
    object.insert("detail".to_owned(), line.detail.into());
    if let Some(OperatorMetrics { rows, bytes, time }) = line.metrics {
        object.insert("rows".to_owned(), rows.into());
        object.insert("bytes".to_owned(), bytes.map_or(Value::Null, Into::into));
        object.insert("ms".to_owned(), json!(time.as_secs_f64() * 1e3));
    }
    if !inputs.is_empty() {
        object.insert("inputs".to_owned(), inputs.into());
    }
    if !blocks.is_empty() {
        object.insert("block".to_owned(), blocks.into());
    }
    Value::Object(object)
}

fn graph_operator(plan: &Arc<dyn ExecutionPlan>) -> Option<&OperatorExec> {
    (plan.as_ref() as &dyn std::any::Any).downcast_ref()
}

fn plan_line(plan: &Arc<dyn ExecutionPlan>, depth: usize, nested: bool, with_metrics: bool) -> PlanLine {
    let (name, detail) = match graph_operator(plan) {
        Some(ours) => (plan.name().to_owned(), ours.detail()),
        None => datafusion_line(plan),
    };
    let metrics = plan.metrics().filter(|_| with_metrics).map(|metrics| operator_metrics(&metrics));
    PlanLine { depth, name, detail, metrics, nested }
}

/// Returns the name of a DataFusion operator without `Exec`, and its own description.
fn datafusion_line(plan: &Arc<dyn ExecutionPlan>) -> (String, String) {
    struct PlanDisplay<'a>(&'a dyn ExecutionPlan);
    impl std::fmt::Display for PlanDisplay<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt_as(DisplayFormatType::Default, f)
        }
    }
    let text = PlanDisplay(plan.as_ref()).to_string();
    let name = plan.name().trim_end_matches("Exec").to_owned();
    let detail = text.split_once(':').map_or("", |(_, detail)| detail.trim());
    (name, detail.to_owned())
}

fn operator_metrics(metrics: &MetricsSet) -> OperatorMetrics {
    let time = metrics.elapsed_compute().map(|nanos| Duration::from_nanos(nanos as u64));
    let bytes =
        metrics.sum(|metric| matches!(metric.value(), MetricValue::Count { name, .. } if name == "output_bytes"));
    OperatorMetrics {
        rows: metrics.output_rows().unwrap_or_default(),
        bytes: bytes.map(|bytes| bytes.as_usize()),
        time: time.unwrap_or_default(),
    }
}

fn write_line(line: &PlanLine, text: &mut String) {
    let PlanLine { depth, name, detail, metrics, nested } = line;
    let mark = if *nested { "↳ " } else { "" };
    let colon = if detail.is_empty() { "" } else { ": " };
    // Writing to a String cannot fail.
    let _ = write!(text, "{:indent$}{mark}{name}{colon}{detail}", "", indent = depth * 2);
    if let Some(OperatorMetrics { rows, time, .. }) = metrics {
        let _ = write!(text, "  [{rows} rows, {:.3} ms]", time.as_secs_f64() * 1e3);
    }
    text.push('\n');
}
