//! How one weight becomes bytes.

use half::f16;
use safetensors::tensor::Dtype;
use saswin_kernels::Bits;

use super::{Precision, Weight};

pub(super) fn is_transposed(key: &str) -> bool {
    key.contains("transp_conv")
}

/// Whether a tensor is a matrix or kernel: only these are quantised.
pub fn is_matrix(key: &str, shape: &[usize]) -> bool {
    shape.len() >= 2 && !key.ends_with("relative_position_bias_table")
}

/// Values with the output channel first, and the number of output channels.
fn rows(key: &str, weight: &Weight) -> (Vec<f32>, usize) {
    if !is_transposed(key) {
        return (weight.values.clone(), weight.shape[0]);
    }
    (swap_leading(&weight.values, &weight.shape), weight.shape[1])
}

/// Swaps the first two axes of a row-major array.
pub(super) fn swap_leading(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let (a, b) = (shape[0], shape[1]);
    let inner: usize = shape[2..].iter().product();
    let cell = |j: usize, i: usize| &values[(i * b + j) * inner..(i * b + j + 1) * inner];
    (0..b).flat_map(|j| (0..a).flat_map(move |i| cell(j, i))).copied().collect()
}

/// A tensor of the file.
pub(super) struct Stored {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn f16_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect()
}

/// The scale that makes the largest magnitude the largest integer of `bits`.
fn scale_for(values: &[f32], bits: Bits) -> f32 {
    values.iter().fold(0.0_f32, |m, v| m.max(v.abs())) / bits.largest()
}

fn quantise(value: f32, scale: f32, bits: Bits) -> i8 {
    let limit = bits.largest();
    if scale == 0.0 { 0 } else { (value / scale).round().clamp(-limit, limit) as i8 }
}

fn pack_q8(values: &[f32], out: usize) -> (Vec<u8>, Vec<f32>) {
    let row = values.len() / out;
    let scales: Vec<f32> = values.chunks(row).map(|r| scale_for(r, Bits::Eight)).collect();
    let code = |v: &f32, scale: f32| quantise(*v, scale, Bits::Eight);
    let codes = values.chunks(row).zip(&scales).flat_map(|(r, s)| r.iter().map(|v| code(v, *s)));
    (codes.map(|c| c as u8).collect(), scales)
}

fn pack_q4(values: &[f32], out: usize) -> (Vec<u8>, Vec<f32>) {
    let row = values.len() / out;
    let (mut bytes, mut scales) = (Vec::new(), Vec::new());
    for r in values.chunks(row) {
        let mut codes = Vec::with_capacity(row + 1);
        for group in r.chunks(Bits::GROUP) {
            let scale = f16::from_f32(scale_for(group, Bits::Four)).to_f32();
            scales.push(scale);
            codes.extend(group.iter().map(|v| (quantise(*v, scale, Bits::Four) + 8) as u8));
        }
        codes.resize(row.next_multiple_of(2), 8);
        bytes.extend(codes.chunks(2).map(|p| p[0] | (p[1] << 4)));
    }
    (bytes, scales)
}

/// A weight as it is stored.
pub(super) struct Encoded {
    /// Scales of integers.
    pub scale: Option<Stored>,
    pub values: Stored,
}

/// `weight` at `precision`, if it is a matrix or kernel, and else in 32-bit floats.
pub(super) fn encode(key: &str, weight: &Weight, precision: Precision) -> Encoded {
    let shape = weight.shape.clone();
    let plain = |dtype, bytes| Encoded { scale: None, values: Stored { dtype, shape: shape.clone(), bytes } };
    if !is_matrix(key, &shape) {
        return plain(Dtype::F32, f32_bytes(&weight.values));
    }
    match precision {
        Precision::F32 => plain(Dtype::F32, f32_bytes(&weight.values)),
        Precision::F16 => plain(Dtype::F16, f16_bytes(&weight.values)),
        Precision::Q8 => {
            let (values, out) = rows(key, weight);
            let (bytes, scales) = pack_q8(&values, out);
            Encoded {
                scale: Some(Stored { dtype: Dtype::F32, shape: vec![out], bytes: f32_bytes(&scales) }),
                values: Stored { dtype: Dtype::I8, shape, bytes },
            }
        }
        Precision::Q4 => {
            let (values, out) = rows(key, weight);
            let (bytes, scales) = pack_q4(&values, out);
            let groups = vec![out, scales.len() / out];
            Encoded {
                scale: Some(Stored { dtype: Dtype::F16, shape: groups, bytes: f16_bytes(&scales) }),
                values: Stored { dtype: Dtype::U8, shape: vec![out, bytes.len() / out], bytes },
            }
        }
    }
}

/// Bytes that `weight` takes in a file at `precision`, scales included.
pub fn stored_bytes(key: &str, weight: &Weight, precision: Precision) -> usize {
    let Encoded { scale, values } = encode(key, weight, precision);
    values.bytes.len() + scale.map_or(0, |scale| scale.bytes.len())
}
