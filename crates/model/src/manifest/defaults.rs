//! What fields are when they are not written, and whether they are that.

// Serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn is_one(ceiling: &f64) -> bool {
    *ceiling == 1.0
}

// Serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn is_zero(margin: &f32) -> bool {
    *margin == 0.0
}

pub(super) const fn one() -> f64 {
    1.0
}
