//! How integers are stored and multiplied.

/// How a packed weight is multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Inputs are rounded to bytes with one scale per voxel, products are summed as integers. Weights of four
    /// bits are multiplied as [`Arithmetic::Floats`].
    Integers {
        /// Whether WGSL has `dot4I8Packed`; otherwise it is emulated.
        native: bool,
    },
    /// Weights become floats where they are used, inputs stay floats.
    Floats,
    /// The same, but convolutions multiply both as 16-bit floats, and sum a few products in as many bits.
    Halves,
}

/// Size of a packed weight's integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// One scale per output channel.
    Eight,
    /// One scale per [`Bits::GROUP`] inputs of an output channel.
    Four,
}

impl Bits {
    /// Inputs of an output channel that share one scale of [`Bits::Four`].
    pub const GROUP: usize = 32;

    pub(super) fn count(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
        }
    }

    /// Codes in a word.
    pub(crate) fn per_word(self) -> usize {
        32 / self.count()
    }

    /// The largest magnitude of an integer.
    pub const fn largest(self) -> f32 {
        match self {
            Self::Eight => 127.0,
            Self::Four => 7.0,
        }
    }
}
