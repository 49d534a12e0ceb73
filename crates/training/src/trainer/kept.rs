//! Whole heads that are drawn once and read back for many windows: drawing one at 1 mm takes longer than a step.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::f16;
use rayon::prelude::*;

use super::TrainError;
use crate::synth::{HeadSynth, Rng, Sample};

/// A head as it is kept: intensities in half precision.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeptHead {
    /// Voxel counts along x, y, z.
    pub dims: [usize; 3],
    /// Intensities, `z` fastest.
    pub image: Vec<f32>,
    /// Anatomical classes.
    pub anatomy: Vec<u8>,
    /// Lesions, blood and clefts.
    pub findings: Vec<u8>,
    /// mm, positive to the right; not a number if unknown.
    pub midline_shift: f32,
}

/// A folder of heads, which are drawn when they are first asked for.
#[derive(Debug, Clone)]
pub(super) struct KeptHeads {
    folder: PathBuf,
    synth: Arc<HeadSynth>,
    /// Each head's is forked off it.
    seeds: Rng,
    spacing: f32,
    /// Number of heads.
    pub count: usize,
}

impl KeptHeads {
    /// `count` heads of `synth` in voxels of `spacing` mm in `folder`, which must be for this stream alone.
    pub fn new(folder: PathBuf, synth: Arc<HeadSynth>, seeds: Rng, spacing: f32, count: usize) -> Self {
        Self { folder, synth, seeds, spacing, count }
    }

    /// Draws all heads that are not there yet.
    pub fn fill(&self) -> Result<(), TrainError> {
        (0..self.count).into_par_iter().try_for_each(|index| {
            let path = self.path(index);
            if path.is_file() { Ok(()) } else { self.draw(index, &path).map(|_| ()) }
        })
    }

    /// Head `index`. One that cannot be kept is drawn again each time.
    pub fn head(&self, index: usize) -> KeptHead {
        let path = self.path(index);
        let known = fs::read(&path).ok().and_then(|bytes| KeptHead::parse(&bytes));
        known.unwrap_or_else(|| self.draw(index, &path).unwrap_or_else(|_| self.sample(index)))
    }

    fn path(&self, index: usize) -> PathBuf {
        self.folder.join(format!("{index:06}.head"))
    }

    fn sample(&self, index: usize) -> KeptHead {
        let seed = self.seeds.fork(&index.to_string()).bits();
        let sample = self.synth.sample(seed);
        KeptHead::of(if self.spacing > 1.0 { sample.coarser(self.spacing) } else { sample })
    }

    fn draw(&self, index: usize, path: &Path) -> Result<KeptHead, TrainError> {
        let head = self.sample(index);
        // Other threads and programs see the whole file or none.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let write = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            fs::write(&part, head.bytes())?;
            fs::rename(&part, path)
        };
        write().map_err(|e| TrainError::io(path, e))?;
        Ok(head)
    }
}

impl KeptHead {
    fn of(sample: Sample) -> Self {
        Self {
            dims: sample.dims,
            image: sample.image.iter().map(|v| f16::from_f32(*v).to_f32()).collect(),
            anatomy: sample.target,
            findings: sample.findings,
            midline_shift: sample.truth.midline_shift.unwrap_or(f32::NAN),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + 4 * self.image.len());
        self.dims.iter().for_each(|n| bytes.extend((*n as u32).to_le_bytes()));
        bytes.extend(self.midline_shift.to_le_bytes());
        self.image.iter().for_each(|v| bytes.extend(f16::from_f32(*v).to_le_bytes()));
        bytes.extend(&self.anatomy);
        bytes.extend(&self.findings);
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<16>()?;
        let word = |i: usize| [head[4 * i], head[4 * i + 1], head[4 * i + 2], head[4 * i + 3]];
        let dims = [0, 1, 2].map(|a| u32::from_le_bytes(word(a)) as usize);
        let n: usize = dims.iter().product();
        let (image, rest) = rest.split_at_checked(2 * n)?;
        let (anatomy, findings) = rest.split_at_checked(n)?;
        (findings.len() == n).then(|| Self {
            dims,
            image: image.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            anatomy: anatomy.to_vec(),
            findings: findings.to_vec(),
            midline_shift: f32::from_le_bytes(word(3)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_as_it_was_and_half_of_it_does_not() {
        let head = KeptHead {
            dims: [1, 2, 3],
            image: vec![-1000.0, 0.0, 40.0, 60.5, 1500.0, 0.25],
            anatomy: vec![1, 2, 3, 4, 5, 6],
            findings: vec![0, 0, 2, 2, 3, 0],
            midline_shift: -3.5,
        };
        let bytes = head.bytes();
        assert_eq!(KeptHead::parse(&bytes), Some(head));
        assert_eq!(KeptHead::parse(&bytes[..bytes.len() - 1]), None);
    }
}
