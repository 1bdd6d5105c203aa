//! The examples of the function reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Int32Array, ListBuilder, StringBuilder, TimestampMillisecondArray};
use omnigraph_compiler::functions::{FUNCTIONS, FunctionId};
use omnigraph_expr::ColumnarValue;

use crate::support::{NOW, cells, compiled, evaluate, texts};

fn tags(lists: &[&[&str]]) -> ColumnarValue {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for list in lists {
        builder.append_value(list.iter().map(Some));
    }
    ColumnarValue::Array(Arc::new(builder.finish()))
}

/// Returns the results of examples that read properties, for the two rows.
fn expected(function: FunctionId) -> [&'static str; 2] {
    match function {
        FunctionId::Matches => ["true", "false"],
        FunctionId::Coalesce => ["30", "0"],
        FunctionId::If => ["old", "young"],
        FunctionId::Duration | FunctionId::Size | FunctionId::Any => ["true", "false"],
        FunctionId::ToDate => ["2024-05-06"; 2],
        FunctionId::ToDateTime => ["2024-05-06T07:08:09Z"; 2],
        _ => ["true"; 2],
    }
}

#[test]
fn every_example_of_the_table_holds() {
    let since = TimestampMillisecondArray::from(vec![NOW - 1, NOW - 8 * 86_400_000]).with_timezone("UTC");
    let columns = BTreeMap::from([
        ("handle".to_owned(), ColumnarValue::Array(texts(&[Some("ana"), Some("Ana 2")]))),
        ("rank".to_owned(), ColumnarValue::Array(Arc::new(Int32Array::from(vec![Some(30), None])))),
        ("tags".to_owned(), tags(&[&["red", "green", "blue"], &["green"]])),
        ("since".to_owned(), ColumnarValue::Array(Arc::new(since))),
    ]);
    for function in FUNCTIONS {
        let example =
            ["$s.", "$n.", "$w."].iter().fold(function.example.to_owned(), |text, var| text.replace(var, "$t."));
        let column = evaluate(&compiled(&example), &columns, 2).unwrap_or_else(|error| panic!("{example}: {error}"));
        assert_eq!(cells(&column, 2), expected(function.id), "{example}");
    }
}
