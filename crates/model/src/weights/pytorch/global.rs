//! Python's classes and functions in a pickle, as far as they matter.

use super::tensor::Kind;

/// A name that a pickle imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    /// Makes a tensor from a storage.
    RebuildTensor,
    /// Makes a parameter from a tensor.
    RebuildParameter,
    /// A dictionary.
    OrderedDict,
    /// Any other; if it is the class of a storage, of these elements.
    Class(Kind),
}

impl Global {
    pub(super) fn named(module: &str, name: &str) -> Self {
        match (module, name) {
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Self::RebuildParameter
            }
            ("collections", "OrderedDict") => Self::OrderedDict,
            _ => Self::Class(Kind::of_class(name)),
        }
    }
}
