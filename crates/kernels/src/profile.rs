//! Time of each pass on a GPU, and the memory that is held there.
//!
//! Where the adapter has timestamps, they are written around every pass. Natively, without them, the device is waited
//! for around every pass. In a browser without them there is no profile.

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
}

/// All passes of one shader.
#[derive(Debug, Clone, PartialEq)]
pub struct PassTime {
    /// Name of the shader.
    pub pass: &'static str,
    /// How often it ran.
    pub calls: usize,
    /// Milliseconds of all of them.
    pub milliseconds: f64,
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

/// Runs `work` and gives the times of the shaders that this thread launched in it, longest first; nothing where they
/// cannot be measured, or none was launched. What burn's own operations take is not among them.
pub async fn profile<T>(work: impl FnOnce() -> T) -> (T, Option<(Timing, Vec<PassTime>)>) {
    #[cfg(any(feature = "wgpu", target_arch = "wasm32"))]
    {
        gpu::profile(work).await
    }
    #[cfg(not(any(feature = "wgpu", target_arch = "wasm32")))]
    {
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

    thread_local! {
        /// Passes of the profile that is being made.
        static SPANS: RefCell<Option<Vec<(&'static str, ProfileDuration)>>> = const { RefCell::new(None) };
    }

    /// Launches a pass, and times it if a profile is being made.
    pub(crate) fn timed(client: &Client, pass: &'static str, launch: impl FnOnce()) {
        let wanted = SPANS.with_borrow(Option::is_some) && can_time(client);
        let window = if wanted { client.profile_start().ok() } else { None };
        launch();
        let Some(span) = window.and_then(|window| client.profile_end(window).ok()) else { return };
        SPANS.with_borrow_mut(|spans| spans.as_mut().map(|spans| spans.push((pass, span))));
    }

    /// In a browser nothing can be waited for, and cubecl panics where it would have to.
    fn can_time(client: &Client) -> bool {
        cfg!(not(target_arch = "wasm32")) || client.properties().timing_method == TimingMethod::Device
    }

    pub(super) async fn profile<T>(work: impl FnOnce() -> T) -> (T, Option<(Timing, Vec<PassTime>)>) {
        SPANS.replace(Some(Vec::new()));
        let result = work();
        let spans = SPANS.take().unwrap_or_default();
        let Some((_, first)) = spans.first() else { return (result, None) };
        let timing = match first.timing_method() {
            TimingMethod::Device => Timing::Timestamps,
            TimingMethod::System => Timing::Synchronised,
        };
        let mut all: BTreeMap<&str, PassTime> = BTreeMap::new();
        for (pass, span) in spans {
            let Some(ticks) = span.resolve().await else { continue };
            let time = all.entry(pass).or_insert(PassTime { pass, calls: 0, milliseconds: 0.0 });
            time.calls += 1;
            time.milliseconds += ticks.duration().as_secs_f64() * 1000.0;
        }
        let mut times: Vec<PassTime> = all.into_values().collect();
        times.sort_by(|a, b| b.milliseconds.total_cmp(&a.milliseconds));
        (result, Some((timing, times)))
    }
}
