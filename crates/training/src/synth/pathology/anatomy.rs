//! Where things are in a deformed head, coarsely: tissues, depth below the skull, landmarks.

use super::overlay::{INSIDE, Tissues};
use crate::synth::classes::{CLASSES, Tissue};
use crate::synth::deform::Deform;
use crate::synth::filters::trilinear;
use crate::synth::targets::{is_brain, is_cerebellum, is_cerebrum, mirrored};
use crate::synth::{Canvas, HeadMap, Rng};

/// Spacing of the coarse survey in mm.
const STEP: usize = 3;

/// A deformed head, surveyed.
pub(crate) struct Anatomy<'a> {
    map: &'a HeadMap,
    pub deform: &'a Deform,
    size: [usize; 3],
    depth: Vec<f32>,
    /// Distances to cerebrum and cerebellum in mm.
    to_brains: [Vec<f32>; 2],
    /// Middle of the chiasm on the canvas, if the map has one.
    pub chiasm: Option<[f32; 3]>,
    /// Lowest and highest brain coordinates on the canvas.
    pub brain: [[f32; 3]; 2],
}

impl<'a> Anatomy<'a> {
    pub fn survey(map: &'a HeadMap, deform: &'a Deform) -> Self {
        let size = Canvas::DIMS.map(|n| n / STEP + 1);
        let mut inside = Vec::with_capacity(size.iter().product());
        let mut beyond: [Vec<bool>; 2] = Default::default();
        let mut chiasm = [0.0; 4];
        let mut brain = [[f32::MAX; 3], [f32::MIN; 3]];
        let mut mapper = deform.mapper(0.0, STEP as f32, size[2]);
        for x in 0..size[0] {
            for y in 0..size[1] {
                let [px, py] = [x, y].map(|v| (v * STEP) as f32);
                mapper.map(px, py);
                for z in 0..size[2] {
                    let class = &CLASSES[map.nearest([mapper.at[0][z], mapper.at[1][z], mapper.at[2][z]])];
                    let spinal = class.tissue == Tissue::Fluid && class.target == 0;
                    inside.push(INSIDE.has(class.tissue) && !spinal);
                    beyond[0].push(!is_cerebrum(class.target));
                    beyond[1].push(!is_cerebellum(class.target));
                    if class.tissue == Tissue::Chiasm {
                        let place = [px, py, (z * STEP) as f32, 1.0];
                        chiasm.iter_mut().zip(place).for_each(|(s, p)| *s += p);
                    }
                    if is_brain(class.target) {
                        for (a, p) in [px, py, (z * STEP) as f32].into_iter().enumerate() {
                            brain[0][a] = brain[0][a].min(p);
                            brain[1][a] = brain[1][a].max(p);
                        }
                    }
                }
            }
        }
        let depth = distance_to_outside(&inside, size);
        let to_brains = beyond.map(|beyond| distance_to_outside(&beyond, size));
        let chiasm = (chiasm[3] > 0.0).then(|| std::array::from_fn(|a| chiasm[a] / chiasm[3]));
        Self { map, deform, size, depth, to_brains, chiasm, brain }
    }

    /// Distances to cerebrum and cerebellum in mm.
    pub fn to_brains(&self, place: [f32; 3]) -> [f32; 2] {
        [0, 1].map(|i| trilinear(&self.to_brains[i], self.size, place.map(|p| p / STEP as f32)))
    }

    /// Distance to the inner skull in mm, about 0 at it and outside.
    pub fn depth(&self, place: [f32; 3]) -> f32 {
        let d = trilinear(&self.depth, self.size, place.map(|p| p / STEP as f32));
        (d - STEP as f32 * 0.5).max(0.0)
    }

    /// 0 at the skull, 1 from `reach` mm below it on, smooth between.
    pub fn inner(&self, place: [f32; 3], reach: f32) -> f32 {
        let t = (self.depth(place) / reach).min(1.0);
        t * t * (3.0 - 2.0 * t)
    }

    /// Tissue at a place of the canvas.
    pub fn tissue(&self, place: [f32; 3]) -> Tissue {
        CLASSES[self.map.nearest(self.deform.voxel_of(place))].tissue
    }

    /// A random place of one of these tissues, and not further from the skull than `deepest` mm.
    pub fn site(&self, rng: &mut Rng, tissues: Tissues, depth: [f32; 2]) -> Option<[f32; 3]> {
        let [low, high] = self.brain;
        (0..600).find_map(|_| {
            let place: [f32; 3] = std::array::from_fn(|a| rng.range(low[a], high[a]));
            let deep = self.depth(place);
            let fits = tissues.has(self.tissue(place)) && deep >= depth[0] && deep <= depth[1];
            fits.then_some(place)
        })
    }

    /// From `from` along `direction`, the first place outside the skull's inside.
    pub fn skull_along(&self, from: [f32; 3], direction: [f32; 3]) -> [f32; 3] {
        let mut place = from;
        for _ in 0..140 {
            let next: [f32; 3] = std::array::from_fn(|a| place[a] + direction[a]);
            if self.depth(next) <= 0.0 {
                return next;
            }
            place = next;
        }
        place
    }

    /// Middle of the brain's box.
    pub fn middle(&self) -> [f32; 3] {
        std::array::from_fn(|a| 0.5 * (self.brain[0][a] + self.brain[1][a]))
    }
}

/// Map voxel of the septum: where the lateral ventricles face each other, before the thalami.
pub(crate) fn septum(map: &HeadMap) -> Option<[f32; 3]> {
    let [_, ny, nz] = map.dims;
    let mut sum = [0.0f64; 4];
    for row in 0..map.dims[0] * ny {
        let (x, y) = (row / ny, row % ny);
        for z in 0..nz {
            let here = CLASSES[map.labels[row * nz + z] as usize];
            if here.tissue != Tissue::Ventricle || here.target == mirrored(here.target) {
                continue;
            }
            // Facing within 3 voxels along x: the septum is thinner than that.
            let faces = (1..=3).any(|d| {
                let other = (x + d < map.dims[0]).then(|| map.labels[((x + d) * ny + y) * nz + z]);
                other.is_some_and(|o| CLASSES[o as usize].target == mirrored(here.target))
            });
            if faces {
                let place = [x as f64 + 1.0, y as f64, z as f64, 1.0];
                sum.iter_mut().zip(place).for_each(|(s, p)| *s += p);
            }
        }
    }
    (sum[3] > 20.0).then(|| std::array::from_fn(|a| (sum[a] / sum[3]) as f32))
}

/// Chamfer (3-4-5) distance in mm from each coarse place to the nearest one outside.
fn distance_to_outside(inside: &[bool], size: [usize; 3]) -> Vec<f32> {
    const FAR: i32 = 1 << 20;
    let mut d: Vec<i32> = inside.iter().map(|i| if *i { FAR } else { 0 }).collect();
    let index = |x: i32, y: i32, z: i32| ((x * size[1] as i32 + y) * size[2] as i32 + z) as usize;
    let mut back = Vec::new();
    for x in -1..=1i32 {
        for y in -1..=1i32 {
            for z in -1..=1i32 {
                if (x, y, z) < (0, 0, 0) {
                    back.push(([x, y, z], 2 + x.abs() + y.abs() + z.abs()));
                }
            }
        }
    }
    let n = size.map(|s| s as i32);
    for forward in [true, false] {
        let sign = if forward { 1 } else { -1 };
        for step in 0..d.len() {
            let i = if forward { step } else { d.len() - 1 - step };
            if d[i] == 0 {
                continue;
            }
            let at = [i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]].map(|v| v as i32);
            for ([x, y, z], cost) in &back {
                let p = [at[0] + sign * x, at[1] + sign * y, at[2] + sign * z];
                let beyond = (0..3).any(|a| p[a] < 0 || p[a] >= n[a]);
                let near = if beyond { 0 } else { d[index(p[0], p[1], p[2])] };
                d[i] = d[i].min(near + cost);
            }
        }
    }
    d.into_iter().map(|v| v as f32 / 3.0 * STEP as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_grows_towards_the_middle_of_a_ball() {
        let size = [21; 3];
        let inside: Vec<bool> = (0..21usize.pow(3))
            .map(|i| {
                let at = [i / 441, i / 21 % 21, i % 21].map(|v| v as f32 - 10.0);
                at.iter().map(|v| v * v).sum::<f32>() <= 64.5
            })
            .collect();
        let depth = distance_to_outside(&inside, size);
        let middle = depth[(10 * 21 + 10) * 21 + 10] / STEP as f32;
        assert!((middle - 8.8).abs() < 1.0, "depth of the middle {middle}");
        assert_eq!(depth[0], 0.0);
    }
}
