//! From a seed to a sample, whole or in part.

use rayon::prelude::*;

use super::paint::Painted;
use super::pathology::LesionShape;
use super::region::flip_x;
use super::scene::Scene;
use super::vault;
use super::{Canvas, Crop, HeadMap, Region, Rng, Sample, SampleSpec, SynthConfig};

/// Draws samples from head maps.
#[derive(Debug)]
pub struct HeadSynth {
    maps: Vec<HeadMap>,
    shapes: Vec<LesionShape>,
    config: SynthConfig,
}

impl HeadSynth {
    /// A synthesiser over at least one map; `None` when there is no map.
    pub fn new(mut maps: Vec<HeadMap>, config: SynthConfig) -> Option<Self> {
        if config.smooth_vault {
            maps.par_iter_mut().for_each(vault::smooth);
        }
        (!maps.is_empty()).then_some(Self { maps, shapes: Vec::new(), config })
    }

    /// Uses these shapes for strokes; without any there are no strokes.
    pub fn with_shapes(self, shapes: Vec<LesionShape>) -> Self {
        Self { shapes, ..self }
    }

    /// The specification of the sample with this seed.
    pub fn spec(&self, seed: u64) -> SampleSpec {
        SampleSpec::draw(seed, self.maps.len(), &self.config)
    }

    /// The whole sample with this seed.
    pub fn sample(&self, seed: u64) -> Sample {
        let scene = self.scene(seed);
        let Painted { image, target, findings } = scene.render(&Canvas::region());
        Sample { dims: Canvas::DIMS, image, target, findings, truth: scene.truth() }
    }

    /// A window of `size` voxels (at most the canvas) at a random place, mostly in the brain, of
    /// the sample with this seed. Draws only what the window and its mirror need.
    pub fn sample_crop(&self, seed: u64, size: [usize; 3]) -> Crop {
        let region = crop_region(&mut Rng::new(seed).fork("crop"), size);
        self.crop_at(seed, region)
    }

    /// A given window of the sample with this seed.
    pub fn crop_at(&self, seed: u64, region: Region) -> Crop {
        let scene = self.scene(seed);
        let other = region.mirrored();
        let both = region.union(&other);
        let (painted, mirror) = if both.size[0] < 2 * region.size[0] {
            let drawn = scene.render(&both);
            let painted = Painted {
                image: both.cut(&drawn.image, &region),
                target: both.cut(&drawn.target, &region),
                findings: both.cut(&drawn.findings, &region),
            };
            (painted, both.cut(&drawn.image, &other))
        } else {
            (scene.render(&region), scene.render(&other).image)
        };
        let mirror = flip_x(&mirror, region.size);
        let Painted { image, target, findings } = painted;
        Crop { region, image, mirror, target, findings, truth: scene.truth() }
    }

    fn scene(&self, seed: u64) -> Scene<'_> {
        let spec = self.spec(seed);
        Scene::new(&self.maps[spec.map], spec, &self.config, &self.shapes)
    }
}

/// A window inside the canvas whose middle is mostly somewhere in the brain.
fn crop_region(rng: &mut Rng, size: [usize; 3]) -> Region {
    let anywhere = rng.chance(0.1);
    let reach = [60.0, 75.0, 60.0];
    let start = std::array::from_fn(|a| {
        let room = Canvas::DIMS[a].saturating_sub(size[a]) as f32;
        let middle = Canvas::ORIGIN[a] + rng.range(-reach[a], reach[a]);
        let wanted = if anywhere { rng.range(0.0, room + 1.0) } else { middle - size[a] as f32 / 2.0 };
        wanted.round().clamp(0.0, room) as i32
    });
    Region { start, size }
}
