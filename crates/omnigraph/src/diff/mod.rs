//! What two states of a graph differ by: entities inserted, updated and deleted, with their exact images.
//!
//! The cost follows the change. Versions of a table share fragments, and what they share is skipped unread; of the rest ids
//! are read first, and whole rows only where they are shown or where a row has both a before and an after.
//!
//! - `filter` which changes are wanted
//! - `types`  the types of two schemas, side by side
//! - `rows`   what became of the rows of one table
//! - `equal`  whether two rows say the same
//! - `image`  a row as it is shown
//! - `change` one entity's change
//! - `page`   the changes in order, a page at a time
//! - `tally`  how many rows of a table changed, and which

mod change;
mod equal;
mod filter;
mod image;
mod page;
mod rows;
mod tally;
mod types;

pub use change::{EntityChange, TypeRef};
pub(crate) use equal::Compared;
pub use filter::{ChangeFilter, ChangeOp};
pub use image::{Endpoints, Image};
pub use page::{ChangePage, Difference, Position};
pub(crate) use rows::{RowChange, TablePair};
pub(crate) use tally::tally;
pub(crate) use types::{EntityType, TypePair, entity_types, type_pairs};
