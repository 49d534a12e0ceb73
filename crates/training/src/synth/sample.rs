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
    /// The sample in voxels of `spacing` mm, from 1 to 2: mean intensities, the most frequent target, and
    /// findings that fill three eighths of a voxel.
    pub fn coarser(&self, spacing: f32) -> Self {
        let axes = self.dims.map(|n| Cover::along(n, spacing));
        let dims = [0, 1, 2].map(|a| axes[a].len());
        let count = dims.iter().product();
        let mut coarse = Self {
            dims,
            image: Vec::with_capacity(count),
            target: Vec::with_capacity(count),
            findings: Vec::with_capacity(count),
            truth: self.truth.clone(),
        };
        for i in 0..count {
            let at = [i / (dims[1] * dims[2]), i / dims[2] % dims[1], i % dims[2]];
            let block = self.block([0, 1, 2].map(|a| axes[a][at[a]]));
            coarse.image.push(block.iter().map(|(v, share)| share * self.image[*v]).sum());
            coarse.target.push(most_frequent(block.map(|(v, share)| (self.target[v], share))));
            coarse.findings.push(joint_finding(block.map(|(v, share)| (self.findings[v], share))));
        }
        coarse
    }

    /// The voxels that a coarse voxel covers, and which share of it each of them has.
    fn block(&self, cover: [Cover; 3]) -> [(usize, f32); 8] {
        let [_, ny, nz] = self.dims;
        std::array::from_fn(|b| {
            let [x, y, z] = [cover[0].part(b >> 2), cover[1].part(b >> 1 & 1), cover[2].part(b & 1)];
            ((x.0 * ny + y.0) * nz + z.0, x.1 * y.1 * z.1)
        })
    }
}

/// What a coarse voxel covers along one axis: two neighbours, and the first one's share.
#[derive(Debug, Clone, Copy)]
struct Cover {
    first: usize,
    share: f32,
}

impl Cover {
    /// Of the voxels of `spacing`, from 1 to 2, that lie in `n` of 1; each must end within two of them.
    fn along(n: usize, spacing: f32) -> Vec<Self> {
        let cover = |i: usize| {
            let low = i as f32 * spacing;
            Self { first: low as usize, share: (1.0 - low.fract()) / spacing }
        };
        (0..(n as f32 / spacing) as usize).map(cover).collect()
    }

    fn part(self, which: usize) -> (usize, f32) {
        if which == 0 { (self.first, self.share) } else { (self.first + 1, 1.0 - self.share) }
    }
}

fn most_frequent(block: [(u8, f32); 8]) -> u8 {
    let mut votes = [0.0f32; targets::COUNT];
    block.iter().for_each(|(t, share)| votes[*t as usize] += share);
    (0..targets::COUNT).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).map_or(0, |t| t as u8)
}

fn joint_finding(block: [(u8, f32); 8]) -> u8 {
    let share = |wanted: u8| block.iter().filter(|(f, _)| *f == wanted).map(|(_, share)| share).sum::<f32>();
    let findings = [finding::FRACTURE, finding::BLEED, finding::LESION];
    findings.into_iter().find(|f| share(*f) >= 0.375).unwrap_or(finding::NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eighths(block: [u8; 8]) -> [(u8, f32); 8] {
        block.map(|v| (v, 0.125))
    }

    #[test]
    fn blocks_take_the_common_class_and_what_fills_three_eighths() {
        assert_eq!(most_frequent(eighths([0, 3, 3, 3, 1, 1, 0, 3])), 3);
        assert_eq!(joint_finding(eighths([0, 0, 0, 3, 2, 2, 2, 2])), finding::BLEED);
        assert_eq!(joint_finding(eighths([0, 0, 3, 3, 3, 2, 2, 2])), finding::FRACTURE);
        assert_eq!(joint_finding(eighths([0, 0, 0, 0, 0, 2, 2, 1])), finding::NONE);
        assert_eq!(joint_finding(eighths([0, 0, 0, 0, 0, 1, 1, 1])), finding::LESION);
    }

    #[test]
    fn coarse_voxels_share_the_fine_ones_between_them() {
        for spacing in [1.5f32, 2.0] {
            let mut seen = [0.0f32; 6];
            for cover in Cover::along(6, spacing) {
                [0, 1]
                    .map(|which| cover.part(which))
                    .iter()
                    .for_each(|(at, share)| seen[*at] += share * spacing);
            }
            assert!(seen.iter().all(|s| (s - 1.0).abs() < 1e-6), "{spacing} mm: {seen:?}");
        }
    }
}
