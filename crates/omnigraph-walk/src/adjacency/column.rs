//! An immutable array of numbers: in memory of its own.

/// The numbers of one section of an adjacency.
#[derive(Debug)]
pub(crate) struct Column<T> {
    owned: Box<[T]>,
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self { owned: numbers.into_boxed_slice() }
    }
}

impl<T> Column<T> {
    /// The numbers. A loop over many rows asks once.
    pub(crate) fn as_slice(&self) -> &[T] {
        &self.owned
    }

    /// Bytes of the numbers.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}
