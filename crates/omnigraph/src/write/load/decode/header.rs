//! Headers: the type of the rows of a file, and the meaning of its columns.

use arrow::datatypes::{DataType, Schema};

use super::columnar::{accepts, accepts_ids};
use super::csv::{CsvFields, CsvSyntaxError};
use super::{DUPLICATE_MEMBER, INVALID_CSV, MISSING_VALUE, UNKNOWN_FIELD, UNKNOWN_TYPE, WRONG_TYPE};
use crate::error::{Error, Result, RowError};
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::write::constraints::{RowPlan, RowPlans, TypeIndex};
use crate::write::load::source::FileMapping;

/// The destination of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::write::load) enum ColumnTarget {
    Id,
    Source,
    Target,
    Property(usize),
    /// The column is not loaded.
    Skipped,
}

/// A file whose rows are all of one type.
#[derive(Debug)]
pub(in crate::write::load) struct TypedFile {
    pub(in crate::write::load) ty: TypeIndex,
    /// The target of each column.
    pub(in crate::write::load) targets: Vec<ColumnTarget>,
    /// The names of the columns in the file.
    pub(in crate::write::load) names: Vec<String>,
    /// The delimiter of CSV.
    pub(in crate::write::load) delimiter: u8,
}

/// The header of a file: the names and types of its columns.
#[derive(Debug)]
pub(in crate::write::load) struct InputHeader {
    names: Vec<String>,
    /// The position of each name in the text, in characters from 1.
    columns: Vec<usize>,
    /// The Arrow types of a columnar file.
    types: Vec<DataType>,
    line: u64,
    text: String,
}

impl InputHeader {
    /// Parses the first record of a CSV file.
    pub(in crate::write::load) fn from_record(file: &str, line: u64, record: &[u8], delimiter: u8) -> Result<Self> {
        let text = String::from_utf8_lossy(record).into_owned();
        let (mut names, mut columns) = (Vec::new(), Vec::new());
        for field in CsvFields::new(&text, delimiter) {
            let field = field.map_err(|CsvSyntaxError { message, offset }| {
                let error = RowError::new(INVALID_CSV, format!("line {line}: {message}"));
                error.with_column(char_column(&text, offset)).with_location(file, line, &text)
            })?;
            columns.push(char_column(&text, field.start));
            names.push(field.text.into_owned());
        }
        Ok(Self { names, columns, types: Vec::new(), line, text })
    }

    /// Returns the header of a columnar file.
    pub(in crate::write::load) fn from_schema(schema: &Schema) -> Self {
        let fields = schema.fields().iter();
        let shown: Vec<String> =
            fields.clone().map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
        let names: Vec<String> = fields.clone().map(|field| field.name().clone()).collect();
        let types = fields.map(|field| field.data_type().clone()).collect();
        Self { columns: vec![0; names.len()], names, types, line: 0, text: shown.join(", ") }
    }

    /// Returns an error at a column, or at the whole header if the column does not exist.
    fn error(&self, file: &str, column: usize, error: Box<RowError>) -> Error {
        let column = self.columns.get(column).copied().unwrap_or(0);
        error.with_column(column).with_location(file, self.line, &self.text).into()
    }
}

/// Returns the column of a byte offset, in characters from 1.
pub(super) fn char_column(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).chars().count() + 1
}

/// Finds the type of a file and the meaning of its columns.
pub(in crate::write::load) fn typed_file(
    plans: &RowPlans,
    file: &str,
    mapping: Option<&FileMapping>,
    header: InputHeader,
    delimiter: u8,
) -> Result<TypedFile> {
    let ty = match mapping {
        Some(mapping) => mapped_type(plans, mapping)?,
        None => type_of_name(plans, file).map_err(|error| header.error(file, usize::MAX, error))?,
    };
    if let Some(mapping) = mapping
        && let Some(unknown) = mapping.unknown_column(&header.names)
    {
        let message = format!("{file} has no column '{unknown}'; it has {}", header.names.join(", "));
        return Err(mapping.location.error(&message));
    }
    let plan = &plans.types[ty];
    let mut targets = Vec::with_capacity(header.names.len());
    for (index, name) in header.names.iter().enumerate() {
        let target_name = mapping.map_or(Some(name.as_str()), |mapping| mapping.target_name(name));
        let target = match target_name {
            None => ColumnTarget::Skipped,
            Some(name) => column_target(plan, name).map_err(|error| header.error(file, index, error))?,
        };
        if target != ColumnTarget::Skipped && targets.contains(&target) {
            let message = format!("duplicate column '{name}'");
            return Err(header.error(file, index, RowError::new(DUPLICATE_MEMBER, message)));
        }
        if let Some(from) = header.types.get(index) {
            check_conversion(plan, target, name, from).map_err(|error| header.error(file, index, error))?;
        }
        targets.push(target);
    }
    check_required(plan, &targets).map_err(|error| header.error(file, usize::MAX, error))?;
    Ok(TypedFile { ty, targets, names: header.names, delimiter })
}

fn mapped_type(plans: &RowPlans, mapping: &FileMapping) -> Result<TypeIndex> {
    let FileMapping { ty, is_edge, .. } = mapping;
    let found = if *is_edge { plans.edge(ty) } else { plans.node(ty) };
    found.ok_or_else(|| {
        let kind = if *is_edge { "edge" } else { "node" };
        let hint = plans.suggestion(ty, *is_edge).map(|name| format!("; did you mean '{name}'?"));
        mapping.location.error(&format!("unknown {kind} type '{ty}'{}", hint.unwrap_or_default()))
    })
}

/// Returns the type that a file is named for, up to the first dot of its name.
fn type_of_name(plans: &RowPlans, file: &str) -> Result<TypeIndex, Box<RowError>> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.split('.').next().unwrap_or(name);
    match (plans.node(name), plans.edge(name)) {
        (Some(ty), None) | (None, Some(ty)) => Ok(ty),
        (Some(_), Some(_)) => {
            let message = format!(
                "ambiguous type '{name}': there is a node type and an edge type. Name one of them in a mapping"
            );
            Err(RowError::new(UNKNOWN_TYPE, message))
        }
        (None, None) => {
            let hint = plans.suggestion(name, false).or_else(|| plans.suggestion(name, true));
            let hint = hint.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default();
            let message = format!(
                "no node or edge type named '{name}'{hint}. Name the file for its type, or assign a type in a mapping"
            );
            Err(RowError::new(UNKNOWN_TYPE, message))
        }
    }
}

fn column_target(plan: &RowPlan, name: &str) -> Result<ColumnTarget, Box<RowError>> {
    if let Some(index) = plan.properties.iter().position(|property| property.name == name) {
        return Ok(ColumnTarget::Property(index));
    }
    match name {
        ID => Ok(ColumnTarget::Id),
        "from" | EDGE_SRC if plan.is_edge() => Ok(ColumnTarget::Source),
        "to" | EDGE_DST if plan.is_edge() => Ok(ColumnTarget::Target),
        _ => {
            let names = plan.properties.iter().map(|property| property.name.as_str());
            let near = omnigraph_compiler::suggest::nearest(name, names);
            let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            let message = format!("unknown column '{name}' for {}{hint}", plan.label());
            Err(RowError::new(UNKNOWN_FIELD, message))
        }
    }
}

/// Checks that the type of a column can be converted to that of its target.
fn check_conversion(plan: &RowPlan, target: ColumnTarget, name: &str, from: &DataType) -> Result<(), Box<RowError>> {
    let (accepted, target) = match target {
        ColumnTarget::Skipped => return Ok(()),
        ColumnTarget::Id | ColumnTarget::Source | ColumnTarget::Target => (accepts_ids(from), "an id".to_owned()),
        ColumnTarget::Property(index) => match plan.properties.get(index) {
            None => return Ok(()),
            Some(property) => {
                (accepts(from, &property.ty), format!("{}.{}: {}", plan.name, property.name, property.ty))
            }
        },
    };
    let message = || format!("column '{name}' of type {from} cannot be converted to {target} without loss");
    if accepted { Ok(()) } else { Err(RowError::new(WRONG_TYPE, message())) }
}

/// Checks that a file has the columns that every row needs.
fn check_required(plan: &RowPlan, targets: &[ColumnTarget]) -> Result<(), Box<RowError>> {
    let missing = |message: String| Err(RowError::new(MISSING_VALUE, message));
    if plan.is_edge() {
        for (target, names) in [(ColumnTarget::Source, "from' or 'src"), (ColumnTarget::Target, "to' or 'dst")] {
            if !targets.contains(&target) {
                return missing(format!("{} requires a column '{names}'", plan.label()));
            }
        }
    }
    for (index, property) in plan.properties.iter().enumerate() {
        let optional = property.ty.nullable || property.default.is_some();
        if !optional && !targets.contains(&ColumnTarget::Property(index)) {
            let (name, label) = (&property.name, plan.label());
            return missing(format!("missing a column for the required property '{name}' of {label}"));
        }
    }
    Ok(())
}
