//! The one validator: what a schema asks of rows and of the graph they become part of, judged alike for every way that rows come
//! in.
//!
//! - `plan`      what each type of the schema expects of its rows
//! - `violation` what a row does wrong
//! - `values`    nulls, enums, `@range`, `@check`: what can be judged row by row
//! - `identity`  the ids that follow from keys
//! - `default`   the values of rows that leave a property out
//! - `rules`     rules that look beyond a single row: uniqueness, ends of edges, cardinality
//! - `facts`     what those need to know of new rows, collected as the rows pass
//! - `image`     the graph as a write would leave it, and whether it may be left so

mod default;
mod facts;
mod identity;
mod image;
mod plan;
mod rules;
mod values;
pub(crate) mod violation;

pub(crate) use default::default_column;
pub(crate) use facts::Facts;
pub(crate) use identity::ids;
pub(crate) use image::{Broken, Image, NewRows, TableWrite, WantedEnd, WantedEnds};
pub(crate) use plan::{KeyPart, PropertyPlan, RowPlans, TypeIndex, TypePlan};
pub(crate) use rules::TableRules;
pub(crate) use values::{check_nulls, check_rows};
pub(crate) use violation::Violation;
