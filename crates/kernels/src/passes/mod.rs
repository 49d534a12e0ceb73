//! What to run on a GPU: WGSL text and the shape of its dispatch, computed from tensor shapes alone.
//!
//! Each file describes the shader of the same name in `shaders/`. Shapes are written into the text as
//! constants; two passes with equal constants are the same pipeline.

mod ceiling;
mod conv3x3x3;
mod cross_attention;
mod instance_norm;
mod layer_norm;
mod linear;
mod patch_merge;
mod quantise;
#[cfg(test)]
mod validate;
mod window_attention;

pub(crate) use ceiling::{TILE, gemm, stream};
pub(crate) use conv3x3x3::conv3x3x3;
pub(crate) use cross_attention::cross_attention;
pub(crate) use instance_norm::{Normalise, chunks, instance_moments, instance_norm};
pub(crate) use layer_norm::layer_norm;
pub(crate) use linear::{Epilogue, linear};
pub(crate) use patch_merge::patch_merge;
pub(crate) use quantise::quantise;
pub(crate) use window_attention::window_attention;

/// Workgroups that every device dispatches along one axis.
const MAX_GROUPS: usize = 65_535;
/// Invocations of an ordinary workgroup.
const THREADS: usize = 64;
/// Workgroup memory to use: half of what is guaranteed, because it is zeroed for every workgroup and bounds how
/// many are resident.
const MEMORY: usize = 8 * 1024;
/// Output channels that one invocation computes.
const COLUMNS: usize = 3;

/// The text of a file in `shaders/`, followed by those it shares with others.
macro_rules! shader {
    ($($file:literal),+) => { concat!($(include_str!(concat!("../../../../shaders/", $file))),+) };
}
use shader;

/// Channels of the two inputs of a product or convolution, the second of which may have none.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Inputs {
    /// 32-bit floats.
    Floats { x: usize, skip: usize, weight: Elements },
    /// What [`quantise`] makes of them; `native` where WGSL has `dot4I8Packed`.
    Bytes { x: usize, skip: usize, native: bool },
}

/// Elements of the weight of a product or convolution over floats.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Elements {
    /// 32-bit floats.
    Floats,
    /// Packed integers of so many bits; so many, taps fastest, share a scale. A convolution multiplies in 16-bit floats
    /// if `half`.
    Packed { bits: usize, group: usize, half: bool },
}

impl Elements {
    fn constants(self) -> Vec<(&'static str, String)> {
        let (element, half, [dense, packed, bits, group]) = match self {
            Self::Floats => ("f32", false, [1, 0, 0, 0]),
            Self::Packed { bits, group, half } => ("u32", half, [0, 1, bits, group]),
        };
        let (real, sums) = if half { ("f16", "part") } else { ("f32", "t") };
        let half = usize::from(half);
        let mut all = constants([
            ("dense", dense),
            ("packed", packed),
            ("bits", bits),
            ("group", group),
            ("half", half),
        ]);
        all.extend(
            [("element", element), ("real", real), ("sums", sums)].map(|(name, v)| (name, v.to_owned())),
        );
        all
    }
}

impl Inputs {
    fn constants(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Floats { x, skip, weight } => {
                let mut all = constants([("x_channels", x), ("skip_channels", skip)]);
                all.extend(weight.constants());
                all
            }
            Self::Bytes { x, skip, native } => constants([
                ("x_words", x.div_ceil(4)),
                ("skip_words", skip.div_ceil(4)),
                ("native", usize::from(native)),
                ("emulated", usize::from(!native)),
            ]),
        }
    }
}

/// One dispatch.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    /// Name of the shader.
    pub name: &'static str,
    /// WGSL with `{{ constant }}` and `//: repeat`.
    pub template: &'static str,
    /// The constants.
    pub constants: Vec<(&'static str, String)>,
    /// Workgroups along x, y, z.
    pub groups: [u32; 3],
    /// Invocations of a workgroup along x, y.
    pub threads: [u32; 2],
}

impl Pass {
    /// WGSL; `access` is how storage that is only read is declared, `read` or `read_write`.
    pub fn source(&self, access: &str) -> String {
        let mut text = self.template.replace("{{ read }}", access);
        for (name, value) in &self.constants {
            text = text.replace(&format!("{{{{ {name} }}}}"), value);
        }
        unroll(&text)
    }
}

/// Writes out every `//: repeat i 3` … `//: end` block, with `{i}` counting from 0. Blocks may hold blocks.
fn unroll(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(rest) = line.trim().strip_prefix("//: repeat ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let (name, count) = rest.split_once(' ').unwrap_or((rest, "0"));
        let block = block(&mut lines);
        for i in 0..count.parse().unwrap_or(0_usize) {
            out.push_str(&unroll(&block.replace(&format!("{{{name}}}"), &i.to_string())));
        }
    }
    out
}

/// The lines up to the end of the block that has just begun.
fn block(lines: &mut std::str::Lines<'_>) -> String {
    let (mut block, mut depth) = (String::new(), 1);
    for line in lines {
        depth += usize::from(line.trim().starts_with("//: repeat "));
        depth -= usize::from(line.trim() == "//: end");
        if depth == 0 {
            break;
        }
        block.push_str(line);
        block.push('\n');
    }
    block
}

/// Splits many workgroups over x and z; z-major.
fn fold(groups: usize) -> (usize, usize) {
    let x = groups.clamp(1, MAX_GROUPS);
    (x, groups.div_ceil(x))
}

/// How the output channels of a matrix product or convolution lie over invocations: invocations side by side,
/// rows of them in a workgroup, and workgroups that all channels need.
struct Lanes {
    lanes: usize,
    rows: usize,
    groups: usize,
}

fn lanes(out: usize) -> Lanes {
    let lanes = out.div_ceil(4 * COLUMNS).clamp(1, 8) * 4;
    Lanes { lanes, rows: THREADS / lanes, groups: out.div_ceil(lanes * COLUMNS) }
}

fn constants<const N: usize>(list: [(&'static str, usize); N]) -> Vec<(&'static str, String)> {
    list.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

fn flags<const N: usize>(list: [(&'static str, bool); N]) -> Vec<(&'static str, String)> {
    list.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

/// A number as a WGSL abstract float.
fn float(name: &'static str, value: f64) -> (&'static str, String) {
    (name, format!("{value:e}"))
}

/// Dispatch sizes fit 32 bits because the tensors behind them do.
fn dispatch(x: usize, y: usize, z: usize) -> [u32; 3] {
    [x, y, z].map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}
