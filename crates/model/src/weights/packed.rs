//! Our weight files: safetensors with optionally quantised matrices.
//!
//! | precision | stored as |
//! |---|---|
//! | `f32` | `F32` |
//! | `f16` | `F16` |
//! | `q8` | `I8` of the same shape, and `<key>.scale` `F32 [out]`: value = scale · int |
//! | `q4` | `U8 [out, ⌈k/2⌉]`, low nibble first, value + 8; `<key>.scale` `F16 [out, ⌈k/32⌉]` |
//!
//! `out` is the first axis (the second for transposed convolutions), `k` the flattened rest. Only matrices
//! and kernels are quantised: tables, norms and biases stay `F32`. Each may have a precision of its own.

use std::collections::HashMap;

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use saswin_kernels::Bits;
use serde::{Deserialize, Serialize};

use super::encode::{Encoded, Stored, encode, is_matrix, is_transposed, swap_leading};
use super::{Weight, WeightMap};

/// How matrices and kernels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
    /// Symmetric 8-bit integers, one scale per output channel.
    Q8,
    /// Symmetric 4-bit integers, one scale per group of [`Bits::GROUP`] inputs.
    Q4,
}

/// Metadata key that holds the shapes of 4-bit tensors.
const SHAPES: &str = "q4_shapes";

/// Why a weight file cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The container is not safetensors.
    #[error("not a safetensors file: {0}")]
    Container(String),
    /// A tensor's encoding is not one of ours.
    #[error("tensor `{key}` {reason}")]
    Tensor {
        /// Checkpoint key.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// Refuses what integers and scales would turn into other numbers, and what no network computes with.
pub(crate) fn check_finite(weights: &WeightMap) -> Result<(), PackError> {
    for (key, weight) in weights {
        if let Some(at) = weight.values.iter().position(|v| !v.is_finite()) {
            let reason = format!("holds {} at place {at}: train or export it again", weight.values[at]);
            return Err(PackError::Tensor { key: key.clone(), reason });
        }
    }
    Ok(())
}

/// Writes weights as a safetensors file. Matrices and kernels are stored at the precision that `of` gives for their key.
///
/// # Errors
/// If a weight is not a finite number, or the container refuses a tensor.
pub fn pack(weights: &WeightMap, of: impl Fn(&str) -> Precision) -> Result<Vec<u8>, PackError> {
    check_finite(weights)?;
    let mut stored: Vec<(String, Stored)> = Vec::new();
    let mut shapes: HashMap<&str, &[usize]> = HashMap::new();
    for (key, weight) in weights {
        let precision = of(key);
        if precision == Precision::Q4 && is_matrix(key, &weight.shape) {
            shapes.insert(key, &weight.shape);
        }
        let Encoded { scale, values } = encode(key, weight, precision);
        stored.extend(scale.map(|scale| (format!("{key}.scale"), scale)));
        stored.push((key.clone(), values));
    }
    let shapes = serde_json::to_string(&shapes).map_err(|e| PackError::Container(e.to_string()))?;
    let metadata = HashMap::from([(SHAPES.to_owned(), shapes)]);
    let views = stored
        .iter()
        .map(|(key, s)| {
            TensorView::new(s.dtype, s.shape.clone(), &s.bytes)
                .map(|view| (key.as_str(), view))
                .map_err(|e| PackError::Tensor { key: key.clone(), reason: e.to_string() })
        })
        .collect::<Result<Vec<_>, _>>()?;
    safetensors::serialize(views, Some(metadata)).map_err(|e| PackError::Container(e.to_string()))
}

fn floats(view: &TensorView<'_>, key: &str) -> Result<Vec<f32>, PackError> {
    let bytes = view.data();
    let four = |b: &[u8]| [b[0], b[1], b[2], b[3]];
    match view.dtype() {
        Dtype::F32 => Ok(bytes.chunks_exact(4).map(|b| f32::from_le_bytes(four(b))).collect()),
        Dtype::F16 => Ok(bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect()),
        Dtype::BF16 => {
            Ok(bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect())
        }
        Dtype::F64 => Ok(bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
            .collect()),
        other => Err(PackError::Tensor { key: key.to_owned(), reason: format!("has type {other:?}") }),
    }
}

/// Undoes the row order of transposed convolutions.
fn restore(key: &str, values: Vec<f32>, shape: Vec<usize>) -> Weight {
    if !is_transposed(key) || shape.len() < 2 {
        return Weight { shape, values };
    }
    let mut swapped = shape.clone();
    swapped.swap(0, 1);
    Weight { values: swap_leading(&values, &swapped), shape }
}

/// Reads a file written by [`pack`], or any safetensors file of floats, as 32-bit floats.
///
/// # Errors
/// If the container or a tensor's encoding is broken. Integer tensors without a scale are skipped.
pub fn unpack(bytes: &[u8]) -> Result<WeightMap, PackError> {
    let container = |e: safetensors::SafeTensorError| PackError::Container(e.to_string());
    let file = SafeTensors::deserialize(bytes).map_err(container)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(container)?;
    let shapes: HashMap<String, Vec<usize>> = match header.metadata().as_ref().and_then(|m| m.get(SHAPES)) {
        Some(json) => serde_json::from_str(json).map_err(|e| PackError::Container(e.to_string()))?,
        None => HashMap::new(),
    };
    let mut weights = WeightMap::new();
    for (key, view) in file.tensors() {
        let scale_key = format!("{key}.scale");
        let broken = |reason: &str| PackError::Tensor { key: key.clone(), reason: reason.to_owned() };
        let scale = match file.tensor(&scale_key) {
            Ok(scale) => Some(floats(&scale, &scale_key)?),
            Err(_) => None,
        };
        let weight = match (view.dtype(), scale) {
            _ if key.ends_with(".scale") => continue,
            (Dtype::I8, Some(scale)) => {
                unpack_q8(&key, &view, &scale).ok_or_else(|| broken("has a scale of another size"))?
            }
            (Dtype::U8, Some(scale)) => {
                let shape = shapes.get(&key).ok_or_else(|| broken("has no shape in the metadata"))?;
                unpack_q4(&key, &view, &scale, shape)
                    .ok_or_else(|| broken("has a size that its shape denies"))?
            }
            (Dtype::F32 | Dtype::F16 | Dtype::BF16 | Dtype::F64, _) => {
                let weight = Weight { shape: view.shape().to_vec(), values: floats(&view, &key)? };
                weights.insert(key, weight);
                continue;
            }
            _ => continue,
        };
        weights.insert(key.clone(), restore(&key, weight.values, weight.shape));
    }
    Ok(weights)
}

/// Number of outputs of a matrix or kernel: that of its scales.
fn outputs(key: &str, shape: &[usize]) -> Option<usize> {
    shape.get(usize::from(is_transposed(key))).copied()
}

fn unpack_q8(key: &str, view: &TensorView<'_>, scale: &[f32]) -> Option<Weight> {
    let codes = view.data();
    if codes.is_empty() || outputs(key, view.shape()) != Some(scale.len()) {
        return None;
    }
    let row = codes.len() / scale.len();
    let values =
        codes.chunks(row).zip(scale).flat_map(|(r, s)| r.iter().map(move |c| f32::from(*c as i8) * s));
    Some(Weight { shape: view.shape().to_vec(), values: values.collect() })
}

fn unpack_q4(key: &str, view: &TensorView<'_>, scale: &[f32], shape: &[usize]) -> Option<Weight> {
    let [out, stride] = *view.shape() else { return None };
    let count = shape.iter().try_fold(1_usize, |a, b| a.checked_mul(*b))?;
    let row = count.checked_div(out)?;
    let groups = row.div_ceil(Bits::GROUP);
    if count == 0
        || outputs(key, shape) != Some(out)
        || row * out != count
        || stride != row.div_ceil(2)
        || scale.len() != groups * out
    {
        return None;
    }
    let nibble = |r: usize, i: usize| {
        let byte = view.data()[r * stride + i / 2];
        f32::from((if i.is_multiple_of(2) { byte & 15 } else { byte >> 4 }) as i8 - 8)
    };
    let values =
        (0..out).flat_map(|r| (0..row).map(move |i| nibble(r, i) * scale[r * groups + i / Bits::GROUP]));
    Some(Weight { shape: shape.to_vec(), values: values.collect() })
}

#[cfg(test)]
mod tests {
    use super::super::stored_bytes;
    use super::*;

    fn example() -> WeightMap {
        let ramp = |n: usize| (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect::<Vec<_>>();
        let mut map = WeightMap::new();
        let mut add = |key: &str, shape: &[usize]| {
            let n = shape.iter().product();
            map.insert(key.to_owned(), Weight { shape: shape.to_vec(), values: ramp(n) });
        };
        add("a.weight", &[5, 33]);
        add("b.bias", &[7]);
        add("decoder5.transp_conv.conv.weight", &[3, 4, 2, 2, 2]);
        map
    }

    #[test]
    fn scales_of_another_axis_are_refused() {
        for (shape, scales, sound) in [([4, 8], 4, true), ([4, 8], 8, false), ([4, 8], 2, false)] {
            let codes = TensorView::new(Dtype::I8, shape.to_vec(), &[1; 32]).unwrap();
            assert_eq!(unpack_q8("a.weight", &codes, &vec![1.0; scales]).is_some(), sound, "{scales}");
            let turned = TensorView::new(Dtype::I8, vec![8, 4], &[1; 32]).unwrap();
            let up = unpack_q8("a.transp_conv.weight", &turned, &vec![1.0; scales]);
            assert_eq!(up.is_some(), sound, "{scales}");
        }
    }

    #[test]
    fn each_precision_keeps_shapes_and_its_error_bound() {
        let weights = example();
        for (precision, bound) in [
            (Precision::F32, 0.0),
            (Precision::F16, 5e-4),
            (Precision::Q8, 1.0 / 254.0),
            (Precision::Q4, 1.0 / 13.9),
        ] {
            let back = unpack(&pack(&weights, |_| precision).unwrap()).unwrap();
            assert_eq!(back.keys().collect::<Vec<_>>(), weights.keys().collect::<Vec<_>>());
            for (key, weight) in &weights {
                assert_eq!(back[key].shape, weight.shape);
                let exact = weight.shape.len() < 2;
                for (a, b) in weight.values.iter().zip(&back[key].values) {
                    assert!((a - b).abs() <= if exact { 0.0 } else { bound }, "{precision:?} {key} {a} {b}");
                }
            }
        }
    }

    #[test]
    fn tensors_are_stored_each_at_its_own_precision() {
        let weights = example();
        let of = |key: &str| if key == "a.weight" { Precision::F32 } else { Precision::Q4 };
        let back = unpack(&pack(&weights, of).unwrap()).unwrap();
        assert_eq!(back["a.weight"], weights["a.weight"]);
        let up = "decoder5.transp_conv.conv.weight";
        assert_ne!(back[up], weights[up]);
        let all = unpack(&pack(&weights, |_| Precision::Q4).unwrap()).unwrap();
        assert_eq!(back[up], all[up]);
    }

    #[test]
    fn bytes_are_those_of_the_file() {
        let weights = example();
        for precision in [Precision::F32, Precision::F16, Precision::Q8, Precision::Q4] {
            let file = pack(&weights, |_| precision).unwrap();
            let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            let sizes = weights.iter().map(|(key, weight)| stored_bytes(key, weight, precision));
            assert_eq!(file.len() - header, sizes.sum::<usize>(), "{precision:?}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused_by_name() {
        for value in [f32::NAN, f32::INFINITY] {
            let mut weights = example();
            weights.entry("a.weight".to_owned()).and_modify(|w| w.values[7] = value);
            for precision in [Precision::F32, Precision::F16, Precision::Q8, Precision::Q4] {
                let error = pack(&weights, |_| precision).unwrap_err().to_string();
                assert!(error.contains("`a.weight` holds") && error.contains("place 7"), "{error}");
            }
        }
    }

    #[test]
    fn garbage_is_a_container_error() {
        assert!(matches!(unpack(b"not a file"), Err(PackError::Container(_))));
    }
}
