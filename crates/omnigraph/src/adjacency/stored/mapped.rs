//! Files in memory without reading them: the one place that needs unsafe code.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

/// The content of a file of ours, as it lies on disk. An empty file cannot be mapped.
#[expect(
    unsafe_code,
    reason = "a file that others cut off while it is mapped takes the process with it; ours are only ever replaced whole"
)]
pub(super) fn map(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: objects of ours are written under another name and renamed, so what is mapped keeps its content and its length
    // even after it is replaced or deleted. Whoever writes into the folder of a graph by other means can break this.
    unsafe { Mmap::map(&file) }
}
