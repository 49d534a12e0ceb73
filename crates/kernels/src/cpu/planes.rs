//! Work that is done plane by plane, on all cores where there are threads.

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

/// Calls `work` with the number of each chunk of `size` values and the chunk.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn each(values: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    values.par_chunks_mut(size.max(1)).enumerate().for_each(|(i, chunk)| work(i, chunk));
}

/// Calls `work` with the number of each chunk of `size` values and the chunk.
#[cfg(target_arch = "wasm32")]
pub(super) fn each(values: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32])) {
    values.chunks_mut(size.max(1)).enumerate().for_each(|(i, chunk)| work(i, chunk));
}
