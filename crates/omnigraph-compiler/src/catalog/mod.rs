//! The resolved schema: what the names of a `.pg` source mean.
//!
//! The catalogue is what the type checker, the planner and the engine read. Types, properties and tables carry ids that
//! survive renames and are never reused; ids are minted by the caller (they are ULIDs), so two branches that add a type
//! each can never mint the same one.

mod accepted;
mod build;
mod fingerprint;
mod id;
mod model;
mod verify;
mod words;

pub use accepted::{Accepted, AcceptedError};
pub use build::build;
pub use fingerprint::fingerprint;
pub use id::{PropertyId, TableId, TypeId, provisional_ids};
pub use model::{
    Analyzer, Annotation, Cardinality, Catalog, Check, DefaultValue, EdgeType, Embed, Index, Interface, Metric,
    NodeType, Number, OnDelete, Property, Range, Unique,
};
pub use verify::Inconsistency;
pub use words::ANALYZERS;
