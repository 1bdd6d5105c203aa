//! The one validator: what a schema asks of rows, judged alike for every way that rows come in.
//!
//! - `plan`      what each type of the schema expects of its rows
//! - `violation` what a row does wrong
//! - `values`    nulls, enums, `@range`, `@check`: what can be judged row by row
//! - `identity`  the ids that follow from keys
//! - `default`   the values of rows that leave a property out

mod default;
mod identity;
mod plan;
mod values;
pub(crate) mod violation;

pub(crate) use default::default_column;
pub(crate) use identity::ids;
pub(crate) use plan::{KeyPart, PropertyPlan, RowPlans, TypeIndex, TypePlan};
pub(crate) use values::check_rows;
pub(crate) use violation::{END, Violation};
