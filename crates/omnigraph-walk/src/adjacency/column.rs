//! An immutable array of numbers: in memory of its own, or a section of shared bytes such as a mapped file.

use std::ops::Range;
use std::sync::Arc;

use bytemuck::Pod;

/// Bytes that several columns lie in.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The numbers of one section of an adjacency.
pub(crate) enum Column<T> {
    Owned(Box<[T]>),
    /// Aligned, in the byte order of this machine, and a whole number of numbers: [`Column::shared`] sees to it.
    Shared {
        bytes: SharedBytes,
        range: Range<usize>,
    },
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::Owned(numbers.into_boxed_slice())
    }
}

impl<T: Pod> Column<T> {
    /// The little-endian numbers in a range of bytes: in place where alignment and byte order allow, else copied by
    /// `read`, which takes the bytes of one number.
    pub(crate) fn shared(bytes: &SharedBytes, range: Range<usize>, read: impl Fn(&[u8]) -> T) -> Self {
        let section = (**bytes).as_ref().get(range.clone()).unwrap_or(&[]);
        if cfg!(target_endian = "little") && bytemuck::try_cast_slice::<u8, T>(section).is_ok() {
            return Self::Shared { bytes: Arc::clone(bytes), range };
        }
        Self::Owned(section.chunks_exact(size_of::<T>()).map(read).collect())
    }

    /// The numbers. A loop over many rows asks once.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::Owned(numbers) => numbers,
            Self::Shared { bytes, range } => {
                let section = (**bytes).as_ref().get(range.clone()).unwrap_or(&[]);
                bytemuck::try_cast_slice(section).unwrap_or(&[])
            }
        }
    }

    /// Bytes of the numbers.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl<T: Pod> std::fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} numbers", self.as_slice().len())
    }
}
