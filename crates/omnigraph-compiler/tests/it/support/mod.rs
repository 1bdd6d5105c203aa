//! What the tests share.

pub(crate) mod cases;
pub(crate) mod describe;
pub(crate) mod mint;
