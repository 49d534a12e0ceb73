//! What a device reaches at best.

use burn::tensor::Tensor;
use saswin_kernels::{gemm, linear, stream};
use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::infer::read;
use crate::{DeviceTier, Engine, RunError};

/// Side of the matrices that are multiplied: on software adapters and the CPU, and on others.
const SIDES: [usize; 2] = [1024, 4096];
/// Elements that are copied, 64 MiB.
const ELEMENTS: usize = 1 << 24;
/// Seconds that calls are repeated for, so that launching and reading back weigh little.
const ENOUGH: f64 = 0.2;

/// Measured ceilings of a device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// Billions of multiplications and additions a second in a product of two large matrices of 32-bit floats: the
    /// better of a tiled shader and of the one that the networks use.
    pub gflops: f64,
    /// Billions of bytes read and written a second.
    pub gbps: f64,
}

impl Ceiling {
    /// # Errors
    /// If the device fails.
    pub(super) async fn measure(engine: &Engine) -> Result<Self, RunError> {
        let device = &engine.device;
        let slow = matches!(engine.adapter.tier(), DeviceTier::Cpu | DeviceTier::Software);
        let side = SIDES[usize::from(!slow)];
        let flop = 2.0 * (side as f64).powi(3);
        let a = Tensor::<2>::ones([side, side], device);
        let rows = a.clone().reshape([1, side, 1, 1, side]);
        let tiled = rate(engine, || gemm(a.clone(), a.clone()).flatten(0, 1)).await?;
        let ours = rate(engine, || linear(rows.clone(), a.clone(), None).flatten(0, 4)).await?;
        let x = Tensor::<1>::ones([ELEMENTS], device);
        let copies = rate(engine, || stream(x.clone())).await?;
        let bytes = (2 * size_of::<f32>() * ELEMENTS) as f64;
        Ok(Self { gflops: flop * tiled.max(ours) / 1e9, gbps: bytes * copies / 1e9 })
    }
}

/// Calls a second, after one that compiles.
async fn rate(engine: &Engine, call: impl Fn() -> Tensor<1>) -> Result<f64, RunError> {
    finish(engine, call()).await?;
    let mut calls = 1;
    loop {
        let start = Instant::now();
        for _ in 1..calls {
            call();
        }
        finish(engine, call()).await?;
        let seconds = start.elapsed().as_secs_f64();
        if seconds >= ENOUGH {
            return Ok(f64::from(calls) / seconds);
        }
        calls *= 2;
    }
}

/// Waits for a result by reading one element.
async fn finish(engine: &Engine, result: Tensor<1>) -> Result<(), RunError> {
    read(result.narrow(0, 0, 1), engine, "the device's ceilings").await.map(|_| ())
}
