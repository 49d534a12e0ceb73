//! Shapes that are odd, thin, larger than a tile, and those of the networks.

use burn::tensor::{Device, Tensor};

use super::drawn::drawn;
use super::{Case, noise};
use crate::{
    Arithmetic, Bits, LayerWeight, MergeMode, Packed, WindowAttention, conv3x3x3, cross_attention, gemm,
    instance_norm, layer_norm, layer_norm_plain, linear, linear_add, linear_gelu, patch_embed, patch_merge,
    pointwise, pointwise_to_space, stream, upsample2, window_attention,
};

/// How many shapes of each operation are drawn beside those that were chosen.
const DRAWN: u64 = 4;

/// `ways` of multiplying packed weights.
pub(super) fn all(ways: &[Arithmetic]) -> Vec<Case> {
    let floats = [convolutions(), products(), norms(), merges(), attentions(), crossings(), ceilings()]
        .into_iter()
        .flatten()
        .chain((1..=DRAWN).flat_map(drawn));
    let bits = |way| match way {
        Arithmetic::Integers { .. } => [Bits::Eight].as_slice(),
        Arithmetic::Floats | Arithmetic::Halves => &[Bits::Eight, Bits::Four],
    };
    let packed = ways.iter().flat_map(|way| bits(*way).iter().flat_map(|bits| packed(*bits, *way)));
    floats.chain(packed).collect()
}

fn ceilings() -> Vec<Case> {
    let product =
        |d: &Device| gemm(noise([128, 128], 1, d), noise([128, 128], 2, d)).reshape([1, 1, 1, 128, 128]);
    let sum = |d: &Device| stream(noise([1004], 1, d)).reshape([1, 1, 1, 1, 1004]);
    vec![
        Case::new("gemm", "128 rows".to_owned(), product),
        Case::new("stream", "1004 elements".to_owned(), sum),
    ]
}

/// Input, channels of the skip input, output channels.
const CONVOLUTIONS: [([usize; 5], usize, usize); 6] = [
    ([1, 5, 3, 9, 3], 0, 5),
    ([2, 3, 3, 3, 24], 24, 12),
    ([1, 1, 2, 1, 1], 0, 1),
    ([1, 6, 7, 17, 12], 12, 24),
    ([1, 2, 3, 8, 4], 1, 100),
    // A word of four bytes has channels of both.
    ([1, 4, 3, 9, 6], 6, 8),
];

/// Operations on packed weights.
fn packed(bits: Bits, arithmetic: Arithmetic) -> Vec<Case> {
    let rounds = arithmetic != Arithmetic::Floats;
    let how = format!("{bits:?} bits, {arithmetic:?}");
    let convolution = |(shape, skip, out): ([usize; 5], usize, usize)| {
        let run = move |d: &Device| {
            let [b, x, y, z, c] = shape;
            let more = (skip > 0).then(|| noise([b, x, y, z, skip], 2, d) * 3.0);
            let weight = Packed::kernel(noise([out, c + skip, 3, 3, 3], 3, d), bits, arithmetic);
            conv3x3x3(noise(shape, 1, d), more, LayerWeight::Packed(weight))
        };
        Case { rounds, ..Case::new("conv3x3x3", format!("{shape:?} + {skip} to {out}, {how}"), run) }
    };
    let mut cases: Vec<Case> = CONVOLUTIONS.into_iter().map(convolution).collect();
    let mut product = |name: &str, run: Box<dyn Fn(&Device) -> Tensor<5>>| {
        cases.push(Case { rounds, ..Case::new("linear", format!("{name}, {how}"), run) });
    };
    product(
        "[2, 27, 1, 1, 192] to 768, gelu",
        Box::new(move |d| {
            let weight = Packed::matrix(noise([192, 768], 2, d), bits, arithmetic);
            linear_gelu(
                noise([2, 27, 1, 1, 192], 1, d),
                LayerWeight::Packed(weight),
                Some(noise([768], 3, d)),
            )
        }),
    );
    product(
        "[1, 5, 3, 7, 13] to 37, residual",
        Box::new(move |d| {
            let weight = Packed::matrix(noise([13, 37], 2, d), bits, arithmetic);
            let residual = noise([1, 5, 3, 7, 37], 4, d);
            linear_add(noise([1, 5, 3, 7, 13], 1, d), LayerWeight::Packed(weight), None, residual)
        }),
    );
    for (width, name) in [(24, "1×1×1 with skip"), (22, "1×1×1 with skip, 22 and 11 channels")] {
        product(
            name,
            Box::new(move |d| {
                let weight = Packed::kernel(noise([13, width + 11, 1, 1, 1], 3, d), bits, arithmetic);
                let skip = Some(noise([2, 3, 2, 5, 11], 2, d));
                pointwise(noise([2, 3, 2, 5, width], 1, d) * 5.0, skip, LayerWeight::Packed(weight), None)
            }),
        );
    }
    product(
        "transposed 2×2×2",
        Box::new(move |d| {
            let weight = Packed::transposed(noise([24, 12, 2, 2, 2], 2, d), bits, arithmetic);
            upsample2(noise([1, 3, 4, 2, 24], 1, d), None, LayerWeight::Packed(weight))
        }),
    );
    cases
}

fn convolutions() -> Vec<Case> {
    CONVOLUTIONS.into_iter().map(convolution).collect()
}

/// Input, channels of the skip input, output channels.
pub(super) fn convolution((shape, skip, out): ([usize; 5], usize, usize)) -> Case {
    let name = format!("{shape:?} + {skip} to {out}");
    Case::new("conv3x3x3", name, move |device| {
        let [b, x, y, z, c] = shape;
        let more = (skip > 0).then(|| noise([b, x, y, z, skip], 2, device));
        conv3x3x3(noise(shape, 1, device), more, noise([out, c + skip, 3, 3, 3], 3, device))
    })
}

/// With bias, and GELU or a residual after it.
pub(super) fn product(shape: [usize; 5], out: usize, gelu: bool) -> Case {
    let after = if gelu { "gelu" } else { "residual" };
    Case::new("linear", format!("{shape:?} to {out}, {after}"), move |d| {
        let [b, x, y, z, c] = shape;
        let (input, weight, bias) =
            (noise(shape, 1, d) * 2.0, noise([c, out], 2, d), Some(noise([out], 3, d)));
        if gelu {
            linear_gelu(input, weight, bias)
        } else {
            linear_add(input, weight, bias, noise([b, x, y, z, out], 4, d))
        }
    })
}

fn products() -> Vec<Case> {
    let x = |device: &Device| noise([1, 5, 3, 7, 12], 1, device);
    let w = |device: &Device| noise([12, 36], 2, device);
    let bias = |device: &Device| Some(noise([36], 3, device));
    let shape = "[1, 5, 3, 7, 12] to 36";
    vec![
        Case::new("linear", shape.into(), move |d| linear(x(d), w(d), bias(d))),
        Case::new("linear", "one row".into(), |d| {
            linear(noise([1, 1, 1, 1, 7], 1, d), noise([7, 1], 2, d), None)
        }),
        Case::new("linear", "[2, 27, 1, 1, 192] to 768".into(), |d| {
            linear(noise([2, 27, 1, 1, 192], 1, d), noise([192, 768], 2, d), Some(noise([768], 3, d)))
        }),
        Case::new("linear", format!("{shape}, gelu"), move |d| linear_gelu(x(d) * 4.0, w(d), bias(d))),
        Case::new("linear", format!("{shape}, residual"), move |d| {
            linear_add(x(d), w(d), bias(d), noise([1, 5, 3, 7, 36], 4, d))
        }),
        Case::new("linear", "1×1×1 with skip".into(), |d| {
            let skip = Some(noise([2, 3, 2, 5, 3], 2, d));
            pointwise(noise([2, 3, 2, 5, 4], 1, d), skip, noise([13, 7, 1, 1, 1], 3, d), None)
        }),
        Case::new("linear", "1×1×1 to space".into(), |d| {
            let weight = noise([104, 24, 1, 1, 1], 2, d);
            pointwise_to_space(noise([2, 3, 2, 5, 24], 1, d), weight, Some(noise([104], 3, d)))
        }),
        Case::new("linear", "transposed 2×2×2".into(), |d| {
            upsample2(noise([1, 3, 4, 2, 24], 1, d), None, noise([24, 12, 2, 2, 2], 2, d))
        }),
        Case::new("linear", "patch embedding of an odd grid".into(), |d| {
            let weight = noise([12, 2, 2, 2, 2], 2, d);
            patch_embed(noise([2, 5, 6, 7, 2], 1, d), weight, Some(noise([12], 3, d)))
        }),
        Case::new("linear", "of a permuted view".into(), move |d| {
            linear(noise([1, 12, 5, 3, 7], 1, d).permute([0, 2, 3, 4, 1]), w(d), bias(d))
        }),
        Case::new("linear", "of the second half of a batch".into(), move |d| {
            linear(noise([2, 4, 4, 4, 12], 1, d).narrow(0, 1, 1), w(d), bias(d))
        }),
    ]
}

fn norms() -> Vec<Case> {
    let shapes = [[1, 5, 3, 7, 12], [2, 9, 8, 11, 3], [1, 2, 1, 1, 50], [1, 20, 20, 20, 24]];
    let mut cases: Vec<Case> = shapes.into_iter().flat_map(norm).collect();
    cases.push(Case::new("instance_norm", "linear".into(), |d| {
        instance_norm(noise([1, 4, 4, 4, 12], 1, d), None, false)
    }));
    cases
}

/// Both norms, each with and without what it may have.
pub(super) fn norm(shape: [usize; 5]) -> [Case; 4] {
    let x = move |device: &Device| noise(shape, 1, device) * 3.0 + 50.0;
    [
        Case::new("instance_norm", format!("{shape:?}"), move |d| instance_norm(x(d), None, true)),
        Case::new("instance_norm", format!("{shape:?} residual"), move |d| {
            instance_norm(x(d), Some(noise(shape, 2, d)), true)
        }),
        Case::new("layer_norm", format!("{shape:?}"), move |d| layer_norm_plain(x(d))),
        Case::new("layer_norm", format!("{shape:?} affine"), move |d| {
            layer_norm(x(d), noise([shape[4]], 2, d), noise([shape[4]], 3, d), 1e-12)
        }),
    ]
}

fn merges() -> Vec<Case> {
    let shapes = [[2, 5, 6, 7, 12], [1, 1, 2, 3, 5]];
    let modes = [MergeMode::Legacy, MergeMode::Fixed, MergeMode::V2];
    modes.into_iter().flat_map(|mode| shapes.map(|shape| merge(shape, mode))).collect()
}

pub(super) fn merge(shape: [usize; 5], mode: MergeMode) -> Case {
    Case::new("patch_merge", format!("{shape:?} {mode:?}"), move |d| {
        let width = 8 * shape[4];
        patch_merge(noise(shape, 1, d), mode, noise([width], 2, d), noise([width], 3, d), 1e-5)
    })
}

fn attentions() -> Vec<Case> {
    let cases = [
        ([1, 8, 8, 8, 12], [4; 3], [0; 3], 1),
        ([2, 8, 9, 10, 24], [4; 3], [2; 3], 2),
        ([1, 9, 8, 15, 12], [7; 3], [3; 3], 3),
        // Windows clipped by the grid on some axes or on all.
        ([2, 3, 9, 3, 24], [7; 3], [3; 3], 6),
        ([1, 3, 3, 3, 48], [7; 3], [3; 3], 3),
        ([1, 5, 6, 7, 8], [7, 4, 2], [3, 2, 1], 1),
        // Lines in parts that overlap; regions that differ along z alone.
        ([1, 7, 7, 9, 32], [7; 3], [0, 0, 3], 1),
    ];
    cases.into_iter().map(attention).chain([biases_beyond_the_mask()]).collect()
}

/// Tokens of the bottleneck of narrower networks and of the published one, more of them than a tile or a workgroup takes.
fn crossings() -> Vec<Case> {
    let cases = [([2, 27, 192], 27, 12), ([1, 70, 768], 70, 12), ([2, 5, 8], 131, 2)];
    cases.into_iter().map(crossing).collect()
}

/// Queries `[batch, tokens, channels]`, tokens of the context, heads.
pub(super) fn crossing(([b, n, c], keys, heads): ([usize; 3], usize, usize)) -> Case {
    Case::new("cross_attention", format!("{n} to {keys} tokens of {c}, {heads} heads"), move |d| {
        let tokens = |n, seed| noise([b, n, 1, 1, c], seed, d) * 2.0;
        cross_attention(tokens(n, 1), tokens(keys, 2), tokens(keys, 3), heads)
    })
}

/// Grid with its channels, window, shift, heads.
pub(super) fn attention(
    (shape, configured, shift, heads): ([usize; 5], [usize; 3], [usize; 3], usize),
) -> Case {
    let name = format!("{shape:?}, window {configured:?}, shift {shift:?}, {heads} heads");
    Case::new("window_attention", name, move |device| {
        let c = shape[4];
        let rows = configured.iter().map(|w| 2 * w - 1).product();
        let spec = WindowAttention { configured, shift, heads };
        let x = noise(shape, 1, device) * 2.0;
        let weight = noise([c, 3 * c], 2, device);
        window_attention(x, weight, noise([3 * c], 3, device), noise([rows, heads], 4, device), &spec)
    })
}

/// The mask between regions is no infinity: scores that differ by more outdo it, also where regions differ along several
/// axes. Queries and keys are nought, so that scores, and with them large exponents, are exact.
fn biases_beyond_the_mask() -> Case {
    Case::new("window_attention", "position biases beyond the mask".to_owned(), |d| {
        let spec = WindowAttention { configured: [4; 3], shift: [2; 3], heads: 2 };
        let weight = Tensor::cat(vec![Tensor::zeros([24, 48], d), noise([24, 24], 2, d)], 1);
        let bias = Tensor::cat(vec![Tensor::zeros([48], d), noise([24], 3, d)], 0);
        let table = noise([343, 2], 4, d) * 150.0;
        window_attention(noise([2, 8, 9, 10, 24], 1, d), weight, bias, table, &spec)
    })
}
