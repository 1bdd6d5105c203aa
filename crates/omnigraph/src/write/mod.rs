//! The write path: rows in, one commit out.
//!
//! ```text
//! load, mutation ──► constraints ──► commit: stage ──► validate ──► publish ──► result
//!                                              ▲                      │ lost race
//!                                              └──────────────────────┘
//! ```
//!
//! - `load`        bulk loads: decode, check, stage
//! - `mutation`    mutations of the query language
//! - `constraints` the constraints of the schema, checked for every write
//! - `commit`      the commit path: group commit with optimistic concurrency control

pub(crate) mod commit;
pub(crate) mod constraints;
pub(crate) mod load;
pub(crate) mod mutation;
