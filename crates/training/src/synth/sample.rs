//! What the synthesis gives: samples, windows, truth.

use super::{Pathology, Region, SampleSpec, finding, targets};

/// What was put into a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleTruth {
    /// All draws of the sample.
    pub spec: SampleSpec,
    /// Name of the head map.
    pub map: String,
    /// What is wrong with the head, whether or not a window or the field of view shows it.
    pub pathologies: Vec<Pathology>,
    /// Displacement of the septum from the midline in mm, positive to the right; CT only.
    pub midline_shift: Option<f32>,
}

/// A whole sample on the [`Canvas`].
#[derive(Debug, Clone)]
pub struct Sample {
    /// Voxel counts along x, y, z.
    pub dims: [usize; 3],
    /// Intensities, `z` fastest: MR scaled to `[0, 1]`, CT in HU.
    pub image: Vec<f32>,
    /// Target classes (see [`super::targets`]), `z` fastest.
    pub target: Vec<u8>,
    /// Lesions, blood and clefts (see [`super::finding`]), `z` fastest.
    pub findings: Vec<u8>,
    /// What was put in.
    pub truth: SampleTruth,
}

/// A window of a sample with its counterpart from the other side.
#[derive(Debug, Clone)]
pub struct Crop {
    /// Where the window lies.
    pub region: Region,
    /// Intensities in the window.
    pub image: Vec<f32>,
    /// Intensities of the same window of the volume with its `x` axis reversed.
    pub mirror: Vec<f32>,
    /// Target classes in the window.
    pub target: Vec<u8>,
    /// Lesions, blood and clefts in the window (see [`super::finding`]).
    pub findings: Vec<u8>,
    /// What was put into the sample.
    pub truth: SampleTruth,
}

impl Sample {
    /// The sample at half the resolution: 2 mm, mean intensities, the most frequent target, and
    /// findings where at least 3 of 8 voxels have one (1 of 8 for clefts).
    pub fn halved(&self) -> Self {
        let dims = self.dims.map(|n| n / 2);
        let count = dims.iter().product();
        let mut half = Self {
            dims,
            image: Vec::with_capacity(count),
            target: Vec::with_capacity(count),
            findings: Vec::with_capacity(count),
            truth: self.truth.clone(),
        };
        let [_, ny, nz] = self.dims;
        for i in 0..count {
            let [x, y, z] = [i / (dims[1] * dims[2]), i / dims[2] % dims[1], i % dims[2]];
            let block: [usize; 8] = std::array::from_fn(|b| {
                ((2 * x + (b >> 2)) * ny + 2 * y + (b >> 1 & 1)) * nz + 2 * z + (b & 1)
            });
            half.image.push(block.iter().map(|v| self.image[*v]).sum::<f32>() / 8.0);
            half.target.push(most_frequent(block.map(|v| self.target[v])));
            half.findings.push(joint_finding(block.map(|v| self.findings[v])));
        }
        half
    }
}

fn most_frequent(block: [u8; 8]) -> u8 {
    let mut votes = [0u8; targets::COUNT];
    block.iter().for_each(|t| votes[*t as usize] += 1);
    (0..targets::COUNT).max_by_key(|t| votes[*t]).map_or(0, |t| t as u8)
}

fn joint_finding(block: [u8; 8]) -> u8 {
    let count = |wanted: u8| block.iter().filter(|f| **f == wanted).count();
    if count(finding::FRACTURE) >= 1 {
        finding::FRACTURE
    } else if count(finding::BLEED) >= 3 {
        finding::BLEED
    } else if count(finding::LESION) >= 3 {
        finding::LESION
    } else {
        finding::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_take_the_common_class_and_keep_clefts() {
        assert_eq!(most_frequent([0, 3, 3, 3, 1, 1, 0, 3]), 3);
        assert_eq!(joint_finding([0, 0, 0, 3, 2, 2, 2, 2]), finding::FRACTURE);
        assert_eq!(joint_finding([0, 0, 0, 0, 0, 2, 2, 1]), finding::NONE);
        assert_eq!(joint_finding([0, 0, 0, 0, 0, 1, 1, 1]), finding::LESION);
    }
}
