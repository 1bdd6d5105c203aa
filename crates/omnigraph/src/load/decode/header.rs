//! Of which type the rows of a file are, and what its columns are.

use arrow::datatypes::{DataType, Schema};

use super::convert::{accepts, accepts_ids};
use super::fields::{Fields, Malformed};
use super::problem::{self, Problem, data_error};
use crate::error::{Error, Result};
use crate::load::source::Assignment;
use crate::table::{EDGE_DST, EDGE_SRC, ID};
use crate::validate::{RowPlans, TypeIndex, TypePlan};

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::load) enum Slot {
    Id,
    Source,
    Target,
    Property(usize),
    /// Nothing that is loaded.
    Passed,
}

/// A file whose rows are all of one type.
#[derive(Debug)]
pub(in crate::load) struct TypedFile {
    pub(in crate::load) ty: TypeIndex,
    /// What each column is.
    pub(in crate::load) slots: Vec<Slot>,
    /// What the columns are called in the file.
    pub(in crate::load) names: Vec<String>,
    /// What stands between fields of text.
    pub(in crate::load) delimiter: u8,
}

/// What a file says of its columns.
#[derive(Debug)]
pub(in crate::load) struct Header {
    names: Vec<String>,
    /// Where each stands in the text, in characters from 1.
    columns: Vec<usize>,
    /// Their types, if the file says them.
    types: Vec<DataType>,
    line: u64,
    text: String,
}

impl Header {
    /// The first record of a file of CSV.
    pub(in crate::load) fn of_record(file: &str, line: u64, record: &[u8], delimiter: u8) -> Result<Self> {
        let text = String::from_utf8_lossy(record).into_owned();
        let (mut names, mut columns) = (Vec::new(), Vec::new());
        for field in Fields::of(&text, delimiter) {
            match field {
                Ok(field) => {
                    columns.push(characters(&text, field.start));
                    names.push(field.text.into_owned());
                }
                Err(Malformed { message, at }) => {
                    let message = format!("line {line}: {message}");
                    let column = characters(&text, at);
                    return Err(Error::Data(Box::new(data_error(
                        problem::NOT_CSV,
                        message,
                        file,
                        line,
                        column,
                        &text,
                    ))));
                }
            }
        }
        Ok(Self { names, columns, types: Vec::new(), line, text })
    }

    /// The columns of a file of columns.
    pub(in crate::load) fn of_schema(schema: &Schema) -> Self {
        let fields = schema.fields().iter();
        let shown: Vec<String> =
            fields.clone().map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
        let names: Vec<String> = fields.clone().map(|field| field.name().clone()).collect();
        let types = fields.map(|field| field.data_type().clone()).collect();
        Self { columns: vec![0; names.len()], names, types, line: 0, text: shown.join(", ") }
    }

    fn error(&self, file: &str, column: usize, problem: Problem) -> Error {
        let column = self.columns.get(column).copied().unwrap_or(0);
        Error::Data(Box::new(data_error(problem.code, problem.message, file, self.line, column, &self.text)))
    }
}

/// How many characters stand before a byte, and one.
pub(super) fn characters(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).chars().count() + 1
}

/// Finds the type of a file and the meaning of its columns.
pub(in crate::load) fn typed_file(
    plan: &RowPlans,
    file: &str,
    assignment: Option<&Assignment>,
    header: Header,
    delimiter: u8,
) -> Result<TypedFile> {
    let ty = match assignment {
        Some(assignment) => assigned(plan, assignment)?,
        None => named(plan, file).map_err(|problem| header.error(file, usize::MAX, problem))?,
    };
    if let Some(assignment) = assignment
        && let Some(idle) = assignment.idle_column(&header.names)
    {
        return Err(assignment
            .place
            .error(&format!("{file} has no column '{idle}'; it has {}", header.names.join(", "))));
    }
    let target = &plan.types[ty];
    let mut slots = Vec::with_capacity(header.names.len());
    for (index, name) in header.names.iter().enumerate() {
        let meant = assignment.map_or(Some(name.as_str()), |assignment| assignment.rename(name));
        let slot = match meant {
            None => Slot::Passed,
            Some(meant) => slot(target, meant).map_err(|problem| header.error(file, index, problem))?,
        };
        if slot != Slot::Passed && slots.contains(&slot) {
            let message = format!("column '{name}' is there twice");
            return Err(header.error(file, index, Problem::new(problem::DUPLICATE_MEMBER, message)));
        }
        if let Some(from) = header.types.get(index) {
            fits(target, slot, name, from).map_err(|problem| header.error(file, index, problem))?;
        }
        slots.push(slot);
    }
    complete(target, &slots).map_err(|problem| header.error(file, usize::MAX, problem))?;
    Ok(TypedFile { ty, slots, names: header.names, delimiter })
}

fn assigned(plan: &RowPlans, assignment: &Assignment) -> Result<TypeIndex> {
    let Assignment { ty, edge, .. } = assignment;
    let found = if *edge { plan.edge(ty) } else { plan.node(ty) };
    found.ok_or_else(|| {
        let kind = if *edge { "edge" } else { "node" };
        let near = plan.near(ty, *edge).map(|near| format!("; did you mean '{near}'?"));
        assignment.place.error(&format!("unknown {kind} type '{ty}'{}", near.unwrap_or_default()))
    })
}

/// The type that a file is named for, up to the first dot of its name.
fn named(plan: &RowPlans, file: &str) -> Result<TypeIndex, Problem> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.split('.').next().unwrap_or(name);
    match (plan.node(name), plan.edge(name)) {
        (Some(ty), None) | (None, Some(ty)) => Ok(ty),
        (Some(_), Some(_)) => {
            let message =
                format!("there is a node type and an edge type '{name}'; say in a mapping which of them is meant");
            Err(Problem::new(problem::UNKNOWN_TYPE, message))
        }
        (None, None) => {
            let near = plan.near(name, false).or_else(|| plan.near(name, true));
            let near = near.map(|near| format!(" (did you mean '{near}'?)")).unwrap_or_default();
            let message = format!(
                "no node or edge type is called '{name}'{near}; name the file for its type, or say in a mapping what it holds"
            );
            Err(Problem::new(problem::UNKNOWN_TYPE, message))
        }
    }
}

fn slot(ty: &TypePlan, name: &str) -> Result<Slot, Problem> {
    if let Some(index) = ty.properties.iter().position(|property| property.name == name) {
        return Ok(Slot::Property(index));
    }
    match name {
        ID => Ok(Slot::Id),
        "from" | EDGE_SRC if ty.is_edge() => Ok(Slot::Source),
        "to" | EDGE_DST if ty.is_edge() => Ok(Slot::Target),
        _ => {
            let names = ty.properties.iter().map(|property| property.name.as_str());
            let near = omnigraph_compiler::suggest::nearest(name, names);
            let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            let message = format!("column '{name}' is no property of {}{hint}", ty.describe());
            Err(Problem::new(problem::UNKNOWN_FIELD, message))
        }
    }
}

/// A column of a type that its property cannot be made of is refused at once.
fn fits(ty: &TypePlan, slot: Slot, name: &str, from: &DataType) -> Result<(), Problem> {
    let (accepted, wanted) = match slot {
        Slot::Passed => return Ok(()),
        Slot::Id | Slot::Source | Slot::Target => (accepts_ids(from), "an id".to_owned()),
        Slot::Property(index) => match ty.properties.get(index) {
            None => return Ok(()),
            Some(property) => (accepts(from, &property.ty), format!("{}.{}: {}", ty.name, property.name, property.ty)),
        },
    };
    let message = || format!("column '{name}' of type {from} cannot be converted to {wanted} without loss");
    if accepted { Ok(()) } else { Err(Problem::new(problem::WRONG_TYPE, message())) }
}

/// A file that lacks what every row must have is refused at once.
fn complete(ty: &TypePlan, slots: &[Slot]) -> Result<(), Problem> {
    let missing = |what: String| Err(Problem::new(problem::MISSING, what));
    if ty.is_edge() {
        for (slot, names) in [(Slot::Source, "from' or 'src"), (Slot::Target, "to' or 'dst")] {
            if !slots.contains(&slot) {
                return missing(format!("{} requires a column '{names}'", ty.describe()));
            }
        }
    }
    for (index, property) in ty.properties.iter().enumerate() {
        let optional = property.ty.nullable || property.default.is_some();
        if !optional && !slots.contains(&Slot::Property(index)) {
            return missing(format!(
                "missing a column for the required property '{}' of {}",
                property.name,
                ty.describe()
            ));
        }
    }
    Ok(())
}
