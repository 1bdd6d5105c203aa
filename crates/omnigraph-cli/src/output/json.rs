//! One document.

use std::io;

use super::{Answer, Out};

pub(super) fn write(answer: &Answer<'_>, out: &mut Out) -> io::Result<()> {
    out.json(answer)
}
