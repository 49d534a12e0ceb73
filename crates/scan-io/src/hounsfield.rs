//! Whether values are Hounsfield units, for files that do not say what they hold.

use std::ops::RangeInclusive;

/// What lies below this is air, or no body at all.
const LOW: f32 = -700.0;
/// Air, with its noise.
const AIR: RangeInclusive<f32> = -1100.0..=-900.0;
/// What lies above this is bone or metal.
const BONE: f32 = 500.0;

/// At least a twentieth of the voxels is air, as are two thirds of all low ones, and something is bone. Phases of MR
/// are as low and as high, but evenly so.
pub(crate) fn looks_like_hounsfield(values: &[f32]) -> bool {
    let padding = padding(values);
    let low = values.iter().filter(|&&v| v < LOW && Some(v) != padding).count();
    let air = values.iter().filter(|v| AIR.contains(v)).count();
    air * 20 >= values.len() && air * 3 >= low * 2 && values.iter().any(|&v| v > BONE)
}

/// The value outside of a scanner's field of view, if it is lower than air.
fn padding(values: &[f32]) -> Option<f32> {
    values.iter().copied().min_by(f32::total_cmp).filter(|lowest| lowest < AIR.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many numbers from `low` to `high`, evenly spread.
    fn even(low: f32, high: f32, count: usize) -> impl Iterator<Item = f32> {
        (0..count).map(move |i| low + (high - low) * i as f32 / count as f32)
    }

    /// A head in air with noise, in a circle that `padding` surrounds; between them, and between air and head, is
    /// what resampling makes of both.
    fn head(padding: f32) -> Vec<f32> {
        let air =
            even(-1050.0, -950.0, 5000).chain(even(-1000.0, 0.0, 500)).chain(even(padding, -1000.0, 300));
        let head = even(0.0, 80.0, 4000).chain(even(300.0, 1500.0, 500));
        air.chain(head).chain(vec![padding; 2700]).collect()
    }

    #[test]
    fn a_head_is_recognised_whatever_surrounds_the_field_of_view() {
        for padding in [-1000.0, -1024.0, -2000.0, -2048.0, -3024.0, -8192.0] {
            assert!(looks_like_hounsfield(&head(padding)), "{padding}");
        }
    }

    #[test]
    fn phases_of_mr_are_no_hounsfield_units() {
        // Siemens, others in thousandths of a radian, and narrower ones.
        for most in [4096.0, 3142.0, 1571.0, 1100.0, 1000.0] {
            let phase: Vec<f32> = even(-most, most, 10_000).collect();
            assert!(!looks_like_hounsfield(&phase), "{most}");
        }
        let masked: Vec<f32> = even(-4096.0, 4096.0, 10_000).chain(vec![-4096.0; 10_000]).collect();
        assert!(!looks_like_hounsfield(&masked));
    }

    #[test]
    fn soft_tissue_alone_is_not_enough() {
        let no_bone: Vec<f32> = head(-1024.0).into_iter().filter(|v| *v <= 500.0).collect();
        assert!(!looks_like_hounsfield(&no_bone));
    }
}
