//! Indexes of table versions: keys, topology, text and vectors.
//!
//! ```text
//! immutable table version ─┬─► key          row addresses by id            in memory
//!                          ├─► topology     node ordinals and adjacency    in memory, large ones persisted
//!                          └─► column_index inverted, sorted, quantized    in memory, per fragment
//! ```
//!
//! Every index is computed from an immutable version. It can be deleted and rebuilt at any time.
//!
//! - `key`          row addresses by entity id
//! - `topology`     node ordinals and adjacency of edge tables
//! - `column_index` indexes of single columns, by fragment
//! - `text`         inverted indexes and sorted text
//! - `vector`       vectors and their quantization
//! - `persisted`    files below `__derived/` that keep indexes for later processes

mod column_index;
pub(crate) mod key;
mod persisted;
mod text;
pub(crate) mod topology;
mod vector;

pub(crate) use column_index::ColumnIndexCache;
pub(crate) use persisted::PersistMode;
pub(crate) use text::{TextProbe, new_tokenizer};
pub(crate) use vector::{vector_at, vector_width};
