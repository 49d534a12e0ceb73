//! Every shader, instantiated as the networks do, is valid WGSL to naga.

use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::*;
use crate::{MergeMode, WindowAttention};

fn inputs() -> Vec<Inputs> {
    let channels = [(12, 12), (2, 0), (12, 3)];
    let packed = [(8, 999), (4, 32)];
    let packed = [false, true].map(|half| packed.map(|(bits, group)| Elements::Packed { bits, group, half }));
    let weights = [Elements::Floats].into_iter().chain(packed.into_iter().flatten());
    let floats = weights.flat_map(|weight| channels.map(|(x, skip)| Inputs::Floats { x, skip, weight }));
    let bytes = [true, false].map(|native| channels.map(|(x, skip)| Inputs::Bytes { x, skip, native }));
    floats.chain(bytes.into_iter().flatten()).collect()
}

fn passes() -> Vec<Pass> {
    let after =
        |n: usize| Epilogue { bias: n & 1 > 0, gelu: n & 2 > 0, residual: n & 4 > 0, to_space: n & 8 > 0 };
    let mut passes = vec![
        quantise(96 * 96 * 96, 12),
        quantise(7, 5),
        gemm(128),
        stream(1000),
        layer_norm(4096, 12, true, 1e-5),
        layer_norm(27, 192, false, 1e-12),
        patch_merge([2, 7, 8, 9, 12], MergeMode::Legacy, 1e-5),
        instance_moments(1, 96 * 96 * 96, 48),
        instance_moments(2, 27, 6),
    ];
    for inputs in inputs() {
        passes.push(conv3x3x3([1, 96, 96, 96], inputs, 12));
        passes.push(conv3x3x3([2, 5, 3, 7], inputs, 13));
        passes.extend((0..16).map(|n| linear([2, 4, 6, 8], inputs, 24, after(n))));
    }
    for (residual, activate) in [(false, false), (false, true), (true, false), (true, true)] {
        let how = Normalise { residual, activate, epsilon: 1e-5, slope: 0.01 };
        passes.push(instance_norm(2, 1000, 24, how));
    }
    for (tokens, c, heads) in [([27, 27], 192, 12), ([343, 343], 768, 12), ([5, 9], 8, 2)] {
        passes.extend(cross_attention(2, tokens, c, heads));
    }
    for (configured, shift, heads) in [([7; 3], [3; 3], 3), ([4; 3], [0; 3], 1), ([7, 4, 2], [3, 2, 1], 2)] {
        let spec = WindowAttention { configured, shift, heads };
        passes.extend(window_attention([2, 9, 5, 3, 12 * heads], &spec));
        passes.extend(window_attention([1, 48, 48, 48, 4 * heads], &spec));
    }
    passes
}

#[test]
fn every_shader_is_valid() {
    let mut names = std::collections::BTreeSet::new();
    for pass in passes() {
        names.insert(format!("{}.wgsl", pass.name));
        for access in ["read", "read_write"] {
            let source = pass.source(access);
            let module = wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(&source)));
            Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16)
                .validate(&module)
                .unwrap_or_else(|e| panic!("{}: {e:?}", pass.name));
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shaders");
    let files: std::collections::BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "include")
        .collect();
    assert_eq!(names, files);
}

/// Passes over the largest window of a manifest, scan and mirror, with the most channels.
fn largest() -> Vec<Pass> {
    let (full, half) = ([2, 512, 512, 512], [2, 256, 256, 256]);
    let [voxels, half_voxels] = [512_usize.pow(3), 256_usize.pow(3)];
    let how = Normalise { residual: true, activate: true, epsilon: 1e-5, slope: 0.01 };
    let mut passes = vec![
        quantise(2 * voxels, 512),
        layer_norm(2 * half_voxels, 96, true, 1e-5),
        patch_merge([2, 256, 256, 256, 96], MergeMode::Legacy, 1e-5),
        instance_moments(2, voxels, 512),
        instance_norm(2, voxels, 512, how),
        instance_norm(2, voxels, 3, how),
    ];
    for inputs in inputs() {
        passes.push(conv3x3x3(full, inputs, 512));
        passes.push(conv3x3x3(full, inputs, 1));
        passes.push(linear(full, inputs, 8 * 256, Epilogue::default()));
        passes.push(linear(half, inputs, 4 * 8 * 96, Epilogue::default()));
    }
    passes.extend(cross_attention(2, [16 * 16 * 16; 2], 768, 12));
    // The largest maps may have too many small windows for a shader; each size is taken on some map.
    for (window, side) in [(1, 32), (4, 128), (7, 256), (16, 256)] {
        let spec = WindowAttention { configured: [window; 3], shift: [window / 2; 3], heads: 3 };
        passes.push(window_attention([2, side, side, side, 96], &spec).expect("a shader takes it"));
        passes.extend(window_attention([2, 256, 256, 256, 96], &spec));
    }
    passes
}

#[test]
fn no_pass_is_larger_than_every_device_dispatches() {
    for pass in largest() {
        let fits = pass.groups.iter().all(|n| *n as usize <= MAX_GROUPS);
        assert!(fits, "{} {:?}", pass.name, pass.groups);
    }
}

#[test]
fn repeat_blocks_are_written_out() {
    assert_eq!(unroll("a\n  //: repeat i 2\n  b{i}\n  //: end\nc\n"), "a\n  b0\n  b1\nc\n");
    let nested = "//: repeat i 2\n//: repeat j 2\n{i}{j}\n//: end\n-\n//: end\nc\n";
    assert_eq!(unroll(nested), "00\n01\n-\n10\n11\n-\nc\n");
}
