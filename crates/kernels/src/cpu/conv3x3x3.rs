//! 3×3×3 convolution: the inner loop keeps some output voxels of a line, times some vectors of output
//! channels, in registers and runs over taps and input channels.

use burn::tensor::{Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};

use super::{Lanes, planes, values};

/// Output voxels that are kept in registers: 128-bit vectors have no multiply-add, which takes registers, too.
const VOXELS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };
/// Taps of a kernel.
const TAPS: usize = 27;

/// [`crate::conv3x3x3()`] of floats.
pub(super) fn run(x: Tensor<5>, skip: Option<Tensor<5>>, weight: Tensor<5>) -> Tensor<5> {
    let (device, [batch, dx, dy, dz, c]) = (x.device(), x.dims());
    let out = weight.dims()[0];
    let more = skip.as_ref().map_or(0, |skip| skip.dims()[4]);
    let (x, skip, weight) = (x.into_data(), skip.map(Tensor::into_data), weight.into_data());
    let arch = Arch::new();
    let kernel = Kernel::new(values(&weight), c + more, out, arch.dispatch(Lanes));
    let inputs = [(values(&x), c), (skip.as_ref().map_or(&[], values), more)];
    let convolution =
        Convolution { inputs, sides: [dx, dy, dz], kernel: &kernel, nought: &vec![0.0; c.max(more)] };
    let mut y = vec![0.0; batch * dx * dy * dz * out];
    planes::each(&mut y, dy * dz * out, |plane, y| {
        arch.dispatch(OutputPlane { convolution: &convolution, plane, y });
    });
    Tensor::from_data(TensorData::new(y, [batch, dx, dy, dz, out]), &device)
}

/// A kernel in the order in which it is read.
struct Kernel {
    /// `[block, tap, input, channel of the block]`, channels beyond the last are 0.
    values: Vec<f32>,
    inputs: usize,
    outputs: usize,
    /// Vectors of a block.
    vectors: usize,
}

impl Kernel {
    /// From `[out, in, 3, 3, 3]`, for vectors of `lanes` values.
    fn new(weight: &[f32], inputs: usize, outputs: usize, lanes: usize) -> Self {
        let vectors = match outputs.div_ceil(lanes) {
            n if n % 3 == 0 => 3,
            n if n % 2 == 0 => 2,
            1 => 1,
            _ => 3,
        };
        let width = lanes * vectors;
        let mut values = vec![0.0; outputs.div_ceil(width) * width * TAPS * inputs];
        for (o, weight) in weight.chunks_exact(TAPS * inputs).enumerate() {
            let block = &mut values[(o / width) * TAPS * inputs * width..];
            for (i, taps) in weight.chunks_exact(TAPS).enumerate() {
                for (tap, value) in taps.iter().enumerate() {
                    block[(tap * inputs + i) * width + o % width] = *value;
                }
            }
        }
        Self { values, inputs, outputs, vectors }
    }
}

struct Convolution<'a> {
    /// `[b, x, y, z, c]` and `c`.
    inputs: [(&'a [f32], usize); 2],
    sides: [usize; 3],
    kernel: &'a Kernel,
    /// The channels of a voxel outside.
    nought: &'a [f32],
}

/// One plane of the output, `[y, z, out]`.
struct OutputPlane<'a> {
    convolution: &'a Convolution<'a>,
    /// `batch item · sides[0] + x`
    plane: usize,
    y: &'a mut [f32],
}

impl WithSimd for OutputPlane<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.convolution.kernel.vectors {
            1 => self.blocks::<S, 1>(simd),
            2 => self.blocks::<S, 2>(simd),
            _ => self.blocks::<S, 3>(simd),
        }
    }
}

impl OutputPlane<'_> {
    #[inline(always)]
    fn blocks<S: Simd, const V: usize>(self, simd: S) {
        let Self { convolution, plane, y } = self;
        let [_, rows, columns] = convolution.sides;
        let Kernel { values, inputs, outputs, .. } = convolution.kernel;
        let width = V * S::F32_LANES;
        for (block, kernel) in values.chunks_exact(TAPS * inputs * width).enumerate() {
            let kernel = S::as_simd_f32s(kernel).0.as_chunks::<V>().0;
            for row in 0..rows {
                for column in (0..columns).step_by(VOXELS) {
                    let sums = convolution.sums::<S, V>(simd, kernel, [plane, row, column]);
                    for (voxel, sums) in (column..columns).zip(sums) {
                        let voxel = &mut y[(row * columns + voxel) * outputs..][..*outputs][block * width..];
                        for (part, sum) in voxel.chunks_mut(S::F32_LANES).zip(sums) {
                            simd.partial_store_f32s(part, sum);
                        }
                    }
                }
            }
        }
    }
}

impl Convolution<'_> {
    /// Sums for the voxels from `[plane, row, column]` on.
    #[inline(always)]
    fn sums<S: Simd, const V: usize>(
        &self,
        simd: S,
        kernel: &[[S::f32s; V]],
        [plane, row, column]: [usize; 3],
    ) -> [[S::f32s; V]; VOXELS] {
        let [planes, rows, columns] = self.sides;
        let mut sums = [[simd.splat_f32s(0.0); V]; VOXELS];
        for line in 0..9 {
            let (px, py) = (plane % planes + line / 3, row + line % 3);
            if !(1..=planes).contains(&px) || !(1..=rows).contains(&py) {
                continue;
            }
            let start = ((plane + line / 3 - 1) * rows + py - 1) * columns;
            for tap in 0..3 {
                let mut kernel = &kernel[(line * 3 + tap) * self.kernel.inputs..][..self.kernel.inputs];
                for (input, channels) in self.inputs {
                    let voxels = std::array::from_fn(|v| {
                        let place = column + v + tap;
                        let inside = (1..=columns).contains(&place);
                        let from =
                            if inside { &input[(start + place - 1) * channels..] } else { self.nought };
                        &from[..channels]
                    });
                    let (own, rest) = kernel.split_at(channels);
                    add(simd, &mut sums, own, voxels);
                    kernel = rest;
                }
            }
        }
        sums
    }
}

/// Adds the products of the channels of `voxels` with their rows of `kernel`.
#[inline(always)]
fn add<S: Simd, const V: usize>(
    simd: S,
    sums: &mut [[S::f32s; V]; VOXELS],
    kernel: &[[S::f32s; V]],
    voxels: [&[f32]; VOXELS],
) {
    for (channel, kernel) in kernel.iter().enumerate() {
        for (sums, voxel) in sums.iter_mut().zip(voxels) {
            let value = simd.splat_f32s(voxel[channel]);
            for (sum, weight) in sums.iter_mut().zip(kernel) {
                *sum = simd.mul_add_e_f32s(value, *weight, *sum);
            }
        }
    }
}
