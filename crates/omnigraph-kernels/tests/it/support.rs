//! Expressions in the language, evaluated; and columns made of plain values.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{Expr, ExprKind, Operation, Type, Value};
use omnigraph_compiler::types::{PropType, Scalar};
use omnigraph_kernels::{Branch, Column, Connective, Failure, Kernel, Rows, choose, coalesce, connect};

/// The midnight that begins 2024-05-07.
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

/// An expression over the properties of `$t`.
pub(crate) fn compiled(text: &str) -> Expr {
    let query = format!("query q() {{ match {{ $t: Thing }} return {{ {text} as value }} }}");
    let compiled = omnigraph_compiler::compile(&query, None, &catalog());
    let compiled = compiled.unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    let Operation::Read(read) = compiled.operation else { panic!("{text} is no read") };
    read.bodies[0].columns[0].expr.clone()
}

/// Evaluates an expression over named columns.
pub(crate) fn evaluate(expr: &Expr, columns: &BTreeMap<String, Column>, rows: usize) -> Result<Column, Failure> {
    let some = |rows: &Rows| -> BTreeMap<String, Column> {
        columns.iter().map(|(name, column)| (name.clone(), rows.pick(column).unwrap())).collect()
    };
    let lazily = |expr: &Expr, rows: &Rows| evaluate(expr, &some(rows), rows.len());
    let (kernel, operands): (Kernel, Vec<&Expr>) = match &expr.kind {
        ExprKind::Literal(value) => return Column::constant(value, &expr.ty),
        ExprKind::Now => return Column::constant(&Value::DateTime(NOW), &expr.ty),
        ExprKind::Property { property, .. } => return Ok(columns[&property.name].clone()),
        ExprKind::And(parts) => {
            return connect(Connective::And, parts.len(), rows, |index, rows| lazily(&parts[index], rows));
        }
        ExprKind::Or(parts) => {
            return connect(Connective::Or, parts.len(), rows, |index, rows| lazily(&parts[index], rows));
        }
        ExprKind::Call { function: FunctionId::If, args } => {
            let condition = evaluate(&args[0], columns, rows)?;
            return choose(&condition, rows, &expr.ty, |branch, rows| {
                lazily(&args[if branch == Branch::Then { 1 } else { 2 }], rows)
            });
        }
        ExprKind::Call { function: FunctionId::Coalesce, args } => {
            return coalesce(args.len(), rows, &expr.ty, |index, rows| lazily(&args[index], rows));
        }
        ExprKind::Call { function, args } => {
            let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
            (Kernel::call(*function, &types, &expr.ty).unwrap(), args.iter().collect())
        }
        ExprKind::Unary { op, operand } => (Kernel::unary(*op, &operand.ty, &expr.ty).unwrap(), vec![operand]),
        ExprKind::Binary { op, left, right } => {
            (Kernel::binary(*op, &left.ty, &right.ty, &expr.ty).unwrap(), vec![left, right])
        }
        ExprKind::In { item, list } => (Kernel::is_in(&item.ty, &list.ty, &expr.ty).unwrap(), vec![item, list]),
        ExprKind::IsNull(operand) => (Kernel::is_null(&operand.ty), vec![operand]),
        ExprKind::List(items) => {
            let types: Vec<Type> = items.iter().map(|item| item.ty.clone()).collect();
            (Kernel::list(&types, &expr.ty).unwrap(), items.iter().collect())
        }
        ExprKind::ListItem { list, index } => {
            (Kernel::list_item(&list.ty, &index.ty, &expr.ty).unwrap(), vec![list, index])
        }
        ExprKind::JsonItem { json, key } => (Kernel::json_item(&json.ty, &key.ty, &expr.ty).unwrap(), vec![json, key]),
        ExprKind::Convert(operand) => (Kernel::convert(&operand.ty, &expr.ty).unwrap(), vec![operand]),
        other => panic!("no test evaluates {other:?}"),
    };
    let operands: Vec<Column> =
        operands.into_iter().map(|operand| evaluate(operand, columns, rows)).collect::<Result<_, _>>()?;
    kernel.evaluate(&operands, rows)
}

/// The value of an expression of constants, as text.
pub(crate) fn value(text: &str) -> String {
    cells(&evaluate(&compiled(text), &BTreeMap::new(), 1).unwrap_or_else(|failure| panic!("{text}: {failure}")), 1)
        .remove(0)
}

/// Why an expression of constants has no value.
pub(crate) fn problem(text: &str) -> Failure {
    match evaluate(&compiled(text), &BTreeMap::new(), 1) {
        Err(failure) => failure,
        Ok(column) => panic!("{text} is {:?}", cells(&column, 1)),
    }
}

/// The values of an expression over rows of one column, as text.
pub(crate) fn over(text: &str, name: &str, column: ArrayRef) -> Result<Vec<String>, Failure> {
    let rows = column.len();
    let columns = BTreeMap::from([(name.to_owned(), Column::Array(column))]);
    Ok(cells(&evaluate(&compiled(text), &columns, rows)?, rows))
}

/// Each row's value as text; `null` where there is none.
pub(crate) fn cells(column: &Column, rows: usize) -> Vec<String> {
    let array = column.materialize(rows).unwrap();
    assert_eq!(array.len(), rows);
    if let DataType::Timestamp(..) = array.data_type() {
        let types = [nullable(Scalar::DateTime)];
        let kernel = Kernel::call(FunctionId::ToString, &types, &nullable(Scalar::String)).unwrap();
        return cells(&kernel.evaluate(&[Column::Array(array)], rows).unwrap(), rows);
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

/// A type whose values may be null.
pub(crate) fn nullable(scalar: Scalar) -> Type {
    Type::Value(PropType { nullable: true, ..PropType::of(scalar) })
}

/// A list type whose values may be null.
pub(crate) fn nullable_list(scalar: Scalar) -> Type {
    Type::Value(PropType { nullable: true, list: true, ..PropType::of(scalar) })
}
