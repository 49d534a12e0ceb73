//! Time and bytes of each pass on a GPU, and the memory that is held there.
//!
//! Where the adapter has timestamps, they are written around every pass. Natively, without them, the device is waited
//! for around every pass. In a browser without them passes have no times.

use burn::tensor::Device;

#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
pub(crate) use gpu::timed;

/// How passes were timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// By timestamps on the device.
    Timestamps,
    /// By waiting for the device before and after each pass.
    Synchronised,
    /// Not at all.
    Untimed,
}

/// All passes of one shader.
#[derive(Debug, Clone, PartialEq)]
pub struct PassTime {
    /// Name of the shader.
    pub pass: &'static str,
    /// How often it ran.
    pub calls: usize,
    /// Bytes that all of them must move at least: each of their buffers once.
    pub bytes: u64,
    /// Milliseconds of all of them, if they were timed.
    pub milliseconds: Option<f64>,
}

/// Bytes that the allocator of `device` holds, in use or not; nothing if it is no GPU.
pub fn held_bytes(device: &Device) -> Option<u64> {
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    if crate::gpu::is_gpu(device) {
        return crate::gpu::held_bytes(device);
    }
    let _ = device;
    None
}

/// Runs `work` and gives the shaders that this thread launched in it, longest first; nothing where none was launched.
/// Burn's own operations are not among them. `timestamps` says whether the device has any: the runtime is not asked,
/// because in a browser it only computes where it believes so.
pub async fn profile<T>(timestamps: bool, work: impl FnOnce() -> T) -> (T, Option<(Timing, Vec<PassTime>)>) {
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    {
        // In a browser nothing can be waited for.
        gpu::profile(timestamps || cfg!(not(target_arch = "wasm32")), work).await
    }
    #[cfg(not(any(feature = "wgpu", target_arch = "wasm32")))]
    {
        let _ = timestamps;
        (work(), None)
    }
}

#[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
mod gpu {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use burn::cubecl::client::Client;
    use burn::cubecl::profile::{ProfileDuration, TimingMethod};

    use super::{PassTime, Timing};

    /// One launch.
    struct Span {
        pass: &'static str,
        bytes: u64,
        time: Option<ProfileDuration>,
    }

    /// The profile that is being made.
    struct Spans {
        timed: bool,
        launches: Vec<Span>,
    }

    thread_local! {
        static SPANS: RefCell<Option<Spans>> = const { RefCell::new(None) };
    }

    /// Launches a pass, and notes it if a profile is being made.
    pub(crate) fn timed(
        client: &Client,
        pass: &'static str,
        bytes: impl FnOnce() -> u64,
        launch: impl FnOnce(),
    ) {
        let Some(timed) = SPANS.with_borrow(|spans| spans.as_ref().map(|s| s.timed)) else { return launch() };
        let window = if timed { client.profile_start().ok() } else { None };
        launch();
        let time = window.and_then(|window| client.profile_end(window).ok());
        let span = Span { pass, bytes: bytes(), time };
        SPANS.with_borrow_mut(|spans| spans.as_mut().map(|s| s.launches.push(span)));
    }

    pub(super) async fn profile<T>(
        timed: bool,
        work: impl FnOnce() -> T,
    ) -> (T, Option<(Timing, Vec<PassTime>)>) {
        SPANS.replace(Some(Spans { timed, launches: Vec::new() }));
        let result = work();
        let spans = SPANS.take().map_or_else(Vec::new, |spans| spans.launches);
        let Some(first) = spans.first() else { return (result, None) };
        let timing = match first.time.as_ref().map(ProfileDuration::timing_method) {
            Some(TimingMethod::Device) => Timing::Timestamps,
            Some(TimingMethod::System) => Timing::Synchronised,
            None => Timing::Untimed,
        };
        let mut all: BTreeMap<&str, PassTime> = BTreeMap::new();
        for Span { pass, bytes, time } in spans {
            let ms = milliseconds(time).await;
            let sum =
                all.entry(pass).or_insert(PassTime { pass, calls: 0, bytes: 0, milliseconds: Some(0.0) });
            sum.calls += 1;
            sum.bytes += bytes;
            sum.milliseconds = sum.milliseconds.zip(ms).map(|(sum, ms)| sum + ms);
        }
        let mut passes: Vec<PassTime> = all.into_values().collect();
        let order = |p: &PassTime| p.milliseconds.unwrap_or_default();
        passes.sort_by(|a, b| order(b).total_cmp(&order(a)).then(b.bytes.cmp(&a.bytes)));
        (result, Some((timing, passes)))
    }

    async fn milliseconds(time: Option<ProfileDuration>) -> Option<f64> {
        Some(time?.resolve().await?.duration().as_secs_f64() * 1000.0)
    }
}
