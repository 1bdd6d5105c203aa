//! The catalog: a resolved schema.
//!
//! The type checker, the planner and the engine read it. Types, properties and tables carry ids that survive renames and are
//! never reused. The caller mints them as ULIDs, so two branches never mint the same id.

mod accepted;
mod build;
mod fingerprint;
mod id;
mod model;
mod verify;
mod vocabulary;

pub use accepted::{AcceptedError, AcceptedSchema};
pub use build::build;
pub use fingerprint::fingerprint;
pub use id::{PropertyId, TableId, TypeId, provisional_ids};
pub use model::{
    Annotation, Cardinality, Catalog, CheckConstraint, DefaultValue, DistanceMetric, EdgeType, EmbeddingSpec,
    IndexSpec, InterfaceType, NodeType, NumberLiteral, OnDelete, Property, RangeConstraint, TextAnalyzer, TypeKind,
    UniqueConstraint,
};
pub use verify::CatalogInconsistency;
pub use vocabulary::ANALYZERS;
