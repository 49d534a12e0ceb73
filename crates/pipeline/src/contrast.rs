//! Whether a scan has the contrast that a network learnt from.
//!
//! Files seldom say: a NIfTI never does. What a network of one contrast says of another looks like any other answer, so
//! the brightness of the tissues it found is checked before anything is reported.

use saswin_model::{Manifest, Shade};

use crate::{Prepared, Scores};

/// Fewest voxels that tell how bright a tissue is.
const MIN_VOXELS: usize = 100;

/// Why not to rely on findings.
pub(crate) enum Mismatch {
    /// The network never saw such a scan.
    Refuses(String),
    /// It saw some.
    Warns(String),
}

impl Mismatch {
    /// The reason, if it refuses.
    pub fn refusal(&self) -> Option<&String> {
        if let Self::Refuses(reason) = self { Some(reason) } else { None }
    }
}

/// Doubts a scan whose tissues are not as dark and bright as in those that the network learnt from, or most from.
pub(crate) fn doubt(manifest: &Manifest, scores: &Scores, prepared: &Prepared) -> Option<Mismatch> {
    let contrast = manifest.contrast.as_ref().filter(|_| scores.classes > 0)?;
    if rises(&contrast.dark_to_bright, &scores.labels(), &prepared.input) {
        return None;
    }
    let unlike = format!("the scan does not look like {}, which", contrast.name);
    Some(if contrast.only_best {
        Mismatch::Warns(format!("{unlike} this model knows best: its findings are less certain"))
    } else {
        Mismatch::Refuses(format!("{unlike} is all that this model learnt from"))
    })
}

/// Whether every class is there and as much brighter than the one before as it should be.
fn rises(shades: &[Shade], labels: &[u8], input: &[f32]) -> bool {
    let medians: Option<Vec<f32>> = shades.iter().map(|s| median_of(s.class, labels, input)).collect();
    let Some(medians) = medians else { return false };
    let brightest = medians.iter().copied().fold(0.0, f32::max);
    medians.windows(2).zip(&shades[1..]).all(|(pair, shade)| pair[1] - pair[0] >= shade.by * brightest)
}

/// Median of the first input channel where `labels` are `class`.
fn median_of(class: u8, labels: &[u8], input: &[f32]) -> Option<f32> {
    let mut values: Vec<f32> =
        labels.iter().zip(input).filter(|(label, _)| **label == class).map(|(_, value)| *value).collect();
    let middle = values.len() / 2;
    (values.len() >= MIN_VOXELS).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each class in turn, with its brightness and a little noise; a second channel follows, which is not looked at.
    fn scan(brightness: &[f32]) -> (Vec<u8>, Vec<f32>) {
        let labels: Vec<u8> =
            (0..brightness.len() * MIN_VOXELS).map(|i| (i % brightness.len()) as u8).collect();
        let mut input: Vec<f32> = labels
            .iter()
            .enumerate()
            .map(|(i, l)| brightness[usize::from(*l)] + 0.001 * (i % 7) as f32)
            .collect();
        input.extend(vec![9.0; labels.len()]);
        (labels, input)
    }

    /// Fluid, white and grey matter on FLAIR.
    const FLAIR: [Shade; 3] =
        [Shade { class: 1, by: 0.0 }, Shade { class: 2, by: 0.25 }, Shade { class: 3, by: -0.03 }];

    fn is_flair(brightness: &[f32]) -> bool {
        let (labels, input) = scan(brightness);
        rises(&FLAIR, &labels, &input)
    }

    #[test]
    fn tissues_in_another_order_or_too_much_alike_are_doubted() {
        assert!(is_flair(&[0.0, 0.1, 0.5, 0.6]));
        assert!(is_flair(&[0.0, 0.1, 0.51, 0.5]), "white and grey lie close together");
        assert!(!is_flair(&[0.0, 0.3, 0.87, 0.79]), "T1");
        assert!(!is_flair(&[0.0, 0.9, 0.3, 0.5]), "T2");
        assert!(!is_flair(&[0.0, 0.4, 0.5, 0.6]), "fluid is not dark");
    }

    #[test]
    fn a_class_that_is_not_there_is_doubted() {
        assert!(!is_flair(&[0.0, 0.1, 0.5]));
    }
}
