//! Disease and injury with exact truth: what is laid over a head and how it pushes the brain.

mod anatomy;
mod bleeds;
mod blob;
mod chalk;
mod injury;
mod lesions;
pub(crate) mod overlay;
mod shapes;
mod skull;

use serde::Serialize;

use super::contrast::Looks;
use super::deform::Deform;
use super::{Contrast, HeadMap, Rng, SampleSpec, SynthConfig};
pub(crate) use anatomy::Anatomy;
use blob::Blob;
pub(crate) use injury::BROKEN_MM;
pub(crate) use overlay::Overlay;
pub use overlay::finding;
use overlay::{OverlayLook, Tissues};
pub use shapes::{LesionShape, load_or_pack_shapes};

/// One thing that is wrong with a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pathology {
    /// Brain infarct.
    Stroke,
    /// Plaques as in multiple sclerosis.
    Plaques,
    /// Tumour with oedema.
    Tumour,
    /// Blood in the brain, with oedema.
    Intraparenchymal,
    /// Blood between dura and brain.
    Subdural,
    /// Blood between skull and dura.
    Epidural,
    /// Blood in the fluid around the brain.
    Subarachnoid,
    /// Blood in the ventricles.
    Intraventricular,
    /// Cleft in the skull.
    Fracture,
}

impl Pathology {
    /// Whether it is blood inside the skull.
    pub fn is_bleed(self) -> bool {
        use Pathology::{Epidural, Intraparenchymal, Intraventricular, Subarachnoid, Subdural};
        matches!(self, Intraparenchymal | Subdural | Epidural | Subarachnoid | Intraventricular)
    }
}

/// Everything wrong with one head, ready to be painted.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub overlays: Vec<Overlay>,
    pub pathologies: Vec<Pathology>,
    pub pushes: Vec<Push>,
}

impl Case {
    /// Lays a blob over `tissues`.
    fn lay(&mut self, setting: &Setting, blob: &Blob, tissues: Tissues, look: OverlayLook, finding: u8) {
        let region = overlay::around(blob.centre, blob.reach());
        let share = |place| blob.share(place, &setting.ragged);
        self.overlays.push(Overlay::drawn(region, tissues, look, finding, share));
    }
}

/// A displacement of tissue; but for dents, the skull stays where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Push {
    /// Tissue around a growth gives way by up to `amount` mm.
    Away { from: [f32; 3], radius: f32, amount: f32 },
    /// The midline moves by `amount` mm along x around `centre`.
    Sideways { centre: [f32; 3], amount: f32 },
    /// Bone within `reach` of `at`, on one side of the cleft across `across`, is pressed in.
    Dent { at: [f32; 3], out: [f32; 3], across: [f32; 3], amount: f32, reach: f32 },
}

/// Distance over which tissue around a growth is pushed less and less, in mm.
const GIVE: f32 = 25.0;

impl Push {
    /// Movement in mm of the tissue that ends at `place`; `anatomy` is the head without it.
    fn at(&self, place: [f32; 3], anatomy: &Anatomy) -> [f32; 3] {
        match *self {
            Self::Away { from, radius, amount } => {
                let v: [f32; 3] = std::array::from_fn(|a| place[a] - from[a]);
                let r = v.iter().map(|c| c * c).sum::<f32>().sqrt().max(1e-3);
                let fall = if r < radius { r / radius } else { (-(r - radius) / GIVE).exp() };
                let size = if fall < 0.02 { 0.0 } else { amount * fall * anatomy.inner(place, 15.0) };
                v.map(|c| c / r * size)
            }
            Self::Sideways { centre, amount } => {
                let (dy, dz) = ((place[1] - centre[1]) / 50.0, (place[2] - centre[2]) / 40.0);
                let fall = (-dy * dy - dz * dz).exp();
                let size = if fall < 0.02 { 0.0 } else { amount * fall * anatomy.inner(place, 28.0) };
                [size, 0.0, 0.0]
            }
            Self::Dent { at, out, across, amount, reach } => {
                let v: [f32; 3] = std::array::from_fn(|a| place[a] - at[a]);
                let far = blob::dot(v, v) / (reach * reach);
                let beyond = (blob::dot(v, across) / 2.0 + 0.5).clamp(0.0, 1.0);
                let size = if far > 4.0 { 0.0 } else { amount * (-far).exp() * beyond };
                out.map(|c| -c * size)
            }
        }
    }
}

/// What a case is drawn with.
pub(crate) struct Setting<'a> {
    pub anatomy: Anatomy<'a>,
    pub looks: &'a Looks,
    pub contrast: Contrast,
    pub shapes: &'a [LesionShape],
    pub ragged: super::lattice::Lattice,
    /// Whether the vault is smooth, so that clefts can be seen in it.
    pub smooth_vault: bool,
}

/// Draws the case of one sample and bends `deform` accordingly.
pub(crate) fn draw_case(
    map: &HeadMap,
    spec: &SampleSpec,
    config: &SynthConfig,
    shapes: &[LesionShape],
    looks: &Looks,
    deform: &mut Deform,
) -> Case {
    let mut rng = Rng::new(spec.seed).fork("pathology");
    let is_ct = spec.contrast == Contrast::Ct;
    let ill = rng.chance(config.ill);
    // Without rims nothing is drawn for them, so that heads of older recipes stay as they were.
    let rim = !is_ct && config.rim > 0.0 && spec.contrast != Contrast::T1 && rng.chance(config.rim);
    if !ill && !is_ct && !rim {
        return Case::default();
    }
    let base = deform.clone();
    let setting = Setting {
        anatomy: Anatomy::survey(map, &base),
        looks,
        contrast: spec.contrast,
        shapes,
        ragged: super::lattice::Lattice::rough(&mut rng, 6.0),
        smooth_vault: config.smooth_vault,
    };
    let mut case = Case::default();
    if is_ct {
        injury::furnish(&setting, &mut rng, &mut case);
        // Only forked, so that heads of older recipes stay as they were.
        if config.sutures > 0.0 && rng.fork("skull").chance(config.sutures) {
            skull::furnish(&setting, &mut rng.fork("skull"), &mut case);
        }
    }
    if rim {
        lesions::rim(&setting, &mut rng, &mut case);
    }
    if ill && is_ct {
        bleeds::draw(&setting, config, &mut rng, &mut case);
    } else if ill {
        lesions::draw(&setting, config, &mut rng, &mut case);
    }
    if !case.pushes.is_empty() {
        deform.push(|place| {
            let mut moved = [0.0; 3];
            for push in &case.pushes {
                let by = push.at(place, &setting.anatomy);
                moved.iter_mut().zip(by).for_each(|(m, b)| *m += b);
            }
            moved
        });
    }
    case
}

/// Displacement of the septum from the line between the front and the back end of the skull's
/// inside at its height, in mm, positive to the right. `None` when the map shows no septum.
pub(crate) fn midline_shift(map: &HeadMap, deform: &Deform) -> Option<f32> {
    let septum = (*map.septum.get_or_init(|| anatomy::septum(map)))?;
    let head = map.head_of_voxel(septum);
    let on_canvas = |head: [f32; 3]| deform.canvas_of(map.voxel_of(head));
    let [middle, front, back] =
        [on_canvas(head), on_canvas([0.0, 78.0, head[2]]), on_canvas([0.0, -82.0, head[2]])];
    let along = (middle[1] - back[1]) / (front[1] - back[1]);
    Some(middle[0] - (back[0] + along * (front[0] - back[0])))
}
