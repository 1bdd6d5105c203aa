//! Evaluates expressions of the query language, and builds columns from plain values.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{Expr, ExprKind, ExprType, QueryOperation, Value};
use omnigraph_compiler::types::{PropType, ScalarType};
use omnigraph_expr::{
    ColumnarValue, EvalError, IfBranch, Kernel, LogicalOp, RowSelection, evaluate_coalesce, evaluate_if,
    evaluate_logical,
};

/// The start of 2024-05-07.
pub(crate) const NOW: i64 = 1_715_040_000_000;

const SCHEMA: &str = "
node Thing {
  handle: String  rank: I32?  tags: [String]  meta: Json  since: DateTime
  i: I64?  u: U64?  f: F64?  g: F32?  n: I32?  day: Date?  at: DateTime?  flag: Bool?  word: enum(a, b)?  numbers: [I64]?
}";

fn catalog() -> Catalog {
    let mut next = 0u128;
    let mut mint = || {
        next += 1;
        ulid::Ulid::from(next)
    };
    let (catalog, diagnostics) = omnigraph_compiler::compile_schema(SCHEMA, None, &mut mint);
    catalog.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// Compiles an expression over the properties of `$t`.
pub(crate) fn compiled(text: &str) -> Expr {
    let query = format!("query q() {{ match {{ $t: Thing }} return {{ {text} as value }} }}");
    let compiled = omnigraph_compiler::compile(&query, None, &catalog());
    let compiled = compiled.unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    let QueryOperation::Read(read) = compiled.operation else { panic!("{text} is not a read") };
    read.bodies[0].columns[0].expr.clone()
}

/// Evaluates an expression over named columns.
pub(crate) fn evaluate(
    expr: &Expr,
    columns: &BTreeMap<String, ColumnarValue>,
    rows: usize,
) -> Result<ColumnarValue, EvalError> {
    let some = |rows: &RowSelection| -> BTreeMap<String, ColumnarValue> {
        columns.iter().map(|(name, column)| (name.clone(), rows.select(column).unwrap())).collect()
    };
    let lazily = |expr: &Expr, rows: &RowSelection| evaluate(expr, &some(rows), rows.len());
    let (kernel, operands): (Kernel, Vec<&Expr>) = match &expr.kind {
        ExprKind::Literal(value) => return ColumnarValue::constant(value, &expr.ty),
        ExprKind::Now => return ColumnarValue::constant(&Value::DateTime(NOW), &expr.ty),
        ExprKind::Property { property, .. } => return Ok(columns[&property.name].clone()),
        ExprKind::And(parts) => {
            return evaluate_logical(LogicalOp::And, parts.len(), rows, |index, rows| lazily(&parts[index], rows));
        }
        ExprKind::Or(parts) => {
            return evaluate_logical(LogicalOp::Or, parts.len(), rows, |index, rows| lazily(&parts[index], rows));
        }
        ExprKind::Call { function: FunctionId::If, args } => {
            let condition = evaluate(&args[0], columns, rows)?;
            return evaluate_if(&condition, rows, &expr.ty, |branch, rows| {
                lazily(&args[if branch == IfBranch::Then { 1 } else { 2 }], rows)
            });
        }
        ExprKind::Call { function: FunctionId::Coalesce, args } => {
            return evaluate_coalesce(args.len(), rows, &expr.ty, |index, rows| lazily(&args[index], rows));
        }
        ExprKind::Call { function, args } => {
            let types: Vec<ExprType> = args.iter().map(|arg| arg.ty.clone()).collect();
            (Kernel::call(*function, &types, &expr.ty).unwrap(), args.iter().collect())
        }
        ExprKind::Unary { op, operand } => (Kernel::unary(*op, &operand.ty, &expr.ty).unwrap(), vec![operand]),
        ExprKind::Binary { op, left, right } => {
            (Kernel::binary(*op, &left.ty, &right.ty, &expr.ty).unwrap(), vec![left, right])
        }
        ExprKind::In { item, list } => (Kernel::is_in(&item.ty, &list.ty, &expr.ty).unwrap(), vec![item, list]),
        ExprKind::IsNull(operand) => (Kernel::is_null(&operand.ty), vec![operand]),
        ExprKind::List(items) => {
            let types: Vec<ExprType> = items.iter().map(|item| item.ty.clone()).collect();
            (Kernel::list(&types, &expr.ty).unwrap(), items.iter().collect())
        }
        ExprKind::ListItem { list, index } => {
            (Kernel::list_item(&list.ty, &index.ty, &expr.ty).unwrap(), vec![list, index])
        }
        ExprKind::JsonItem { json, key } => (Kernel::json_item(&json.ty, &key.ty, &expr.ty).unwrap(), vec![json, key]),
        ExprKind::Convert(operand) => (Kernel::convert(&operand.ty, &expr.ty).unwrap(), vec![operand]),
        other => panic!("no test evaluates {other:?}"),
    };
    let operands: Vec<ColumnarValue> =
        operands.into_iter().map(|operand| evaluate(operand, columns, rows)).collect::<Result<_, _>>()?;
    kernel.evaluate(&operands, rows)
}

/// Returns the value of a constant expression, as text.
pub(crate) fn value(text: &str) -> String {
    cells(&evaluate(&compiled(text), &BTreeMap::new(), 1).unwrap_or_else(|error| panic!("{text}: {error}")), 1)
        .remove(0)
}

/// Returns the error of a constant expression.
pub(crate) fn eval_error(text: &str) -> EvalError {
    match evaluate(&compiled(text), &BTreeMap::new(), 1) {
        Err(error) => error,
        Ok(column) => panic!("{text} is {:?}", cells(&column, 1)),
    }
}

/// Returns the values of an expression over one column, as text.
pub(crate) fn evaluate_over(text: &str, name: &str, column: ArrayRef) -> Result<Vec<String>, EvalError> {
    let rows = column.len();
    let columns = BTreeMap::from([(name.to_owned(), ColumnarValue::Array(column))]);
    Ok(cells(&evaluate(&compiled(text), &columns, rows)?, rows))
}

/// Returns each row's value as text, or `null`.
pub(crate) fn cells(column: &ColumnarValue, rows: usize) -> Vec<String> {
    let array = column.materialize(rows).unwrap();
    assert_eq!(array.len(), rows);
    if let DataType::Timestamp(..) = array.data_type() {
        let types = [nullable(ScalarType::DateTime)];
        let kernel = Kernel::call(FunctionId::ToString, &types, &nullable(ScalarType::String)).unwrap();
        return cells(&kernel.evaluate(&[ColumnarValue::Array(array)], rows).unwrap(), rows);
    }
    let options = FormatOptions::default().with_null("null");
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
    (0..rows).map(|row| formatter.value(row).to_string()).collect()
}

pub(crate) fn ints(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<Int64Array>())
}

pub(crate) fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<Float64Array>())
}

pub(crate) fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<StringArray>())
}

pub(crate) fn bools(values: &[Option<bool>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<BooleanArray>())
}

/// Returns a nullable type.
pub(crate) fn nullable(scalar: ScalarType) -> ExprType {
    ExprType::Value(PropType { nullable: true, ..PropType::new(scalar) })
}

/// Returns a nullable list type.
pub(crate) fn nullable_list(scalar: ScalarType) -> ExprType {
    ExprType::Value(PropType { nullable: true, list: true, ..PropType::new(scalar) })
}
