//! What a graphics device does wrong, in words that a reader understands.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

/// Trouble with the device that computes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceTrouble {
    /// The browser or this build cannot reach a GPU.
    #[error("there is no WebGPU here: {0}")]
    Absent(String),
    /// There is no adapter, or the browser keeps it back.
    #[error("no graphics adapter is to be had: {0}")]
    NoAdapter(String),
    /// The adapter gives no device.
    #[error("the graphics adapter refused to open: {0}")]
    Refused(String),
    /// The driver does not compile one of the network's programs.
    #[error("the graphics driver cannot compile a part of the network: {0}")]
    Shader(String),
    /// An allocation failed.
    #[error("the graphics memory is full")]
    OutOfMemory,
    /// The driver refused a command.
    #[error("the graphics driver refused a step: {0}")]
    Invalid(String),
    /// The device is gone: reset, time-out, unplugged, suspended.
    #[error("the graphics device was lost: {0}")]
    Lost(String),
}

impl DeviceTrouble {
    /// Sorts the driver's own words about an error outside of any call.
    pub fn from_validation(words: &str) -> Self {
        let first = words.lines().next().unwrap_or_default().to_owned();
        let about_a_program = ["ShaderModule", "ComputePipeline", "compute pipeline", "WGSL"];
        if about_a_program.iter().any(|name| words.contains(name)) {
            Self::Shader(first)
        } else {
            Self::Invalid(first)
        }
    }

    /// Sorts the runtime's words about a result that could not be read back.
    fn from_read_back(words: &str) -> Self {
        let full = ["can't allocate buffer", "out of device memory", "Out of Memory"];
        if full.iter().any(|sign| words.contains(sign)) {
            Self::OutOfMemory
        } else {
            let said =
                words.lines().map(str::trim).take_while(|line| !line.to_lowercase().contains("backtrace"));
            let cause = said.filter(|line| !line.is_empty()).last().unwrap_or(words);
            Self::Lost(cause.to_owned())
        }
    }

    /// Stable machine-readable name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent(_) => "webgpu_absent",
            Self::NoAdapter(_) => "adapter_refused",
            Self::Refused(_) => "device_refused",
            Self::Shader(_) => "shader",
            Self::OutOfMemory => "out_of_memory",
            Self::Invalid(_) => "device_invalid",
            Self::Lost(_) => "device_lost",
        }
    }

    /// What the user can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Absent(_) => "Use a browser with WebGPU, or run on the CPU with ?backend=cpu.",
            Self::NoAdapter(_) | Self::Refused(_) => {
                "Allow graphics acceleration in the browser's settings, or run on the CPU with ?backend=cpu."
            }
            Self::Shader(_) | Self::Invalid(_) => "Update the graphics driver, or use ?backend=cpu.",
            Self::OutOfMemory => "Close other programs and tabs that use graphics, or use ?backend=cpu.",
            Self::Lost(_) => "Run again; if it fails again, use ?backend=cpu.",
        }
    }
}

/// The first trouble that a device reported outside of any call. Drivers report late and only once; every
/// result is checked against it before it is believed.
#[derive(Debug, Clone, Default)]
pub struct DeviceWatch(Arc<OnceLock<DeviceTrouble>>);

impl DeviceWatch {
    /// Notes trouble. What follows from the first is not kept.
    pub fn report(&self, trouble: DeviceTrouble) {
        let _ = self.0.set(trouble);
    }

    /// What was read back, unless there was trouble before. That it could not be read is noted: drivers need not
    /// report a loss elsewhere.
    pub(crate) fn believed<T>(&self, read: Result<T, impl Display>) -> Result<T, DeviceTrouble> {
        let read = read.map_err(|words| DeviceTrouble::from_read_back(&words.to_string()));
        if let Err(trouble) = &read {
            self.report(trouble.clone());
        }
        // A command that the driver refused still leaves something to read: old or empty memory.
        self.trouble().map_or(read, |first| Err(first.clone()))
    }

    /// The first trouble since the device was opened.
    pub fn trouble(&self) -> Option<&DeviceTrouble> {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_words_are_sorted() {
        let shader = "[Invalid ComputePipeline \"main\"] is invalid.\n - While encoding";
        assert_eq!(DeviceTrouble::from_validation(shader).kind(), "shader");
        assert_eq!(DeviceTrouble::from_validation("Buffer usage is 0").kind(), "device_invalid");
        let full = "An error happened during execution\nCaused by:\n  can't allocate buffer of size: 9\n";
        assert_eq!(DeviceTrouble::from_read_back(full), DeviceTrouble::OutOfMemory);
        let lost = "The device is poisoned\nCaused by:\n  Destroyed: gone\nNo backtrace available\n";
        assert_eq!(DeviceTrouble::from_read_back(lost), DeviceTrouble::Lost("Destroyed: gone".to_owned()));
        let traced =
            "failed\nCaused by:\n  no map\nBacktrace:\n   0: some::function\n             at ./some.rs:7:9\n";
        assert_eq!(DeviceTrouble::from_read_back(traced), DeviceTrouble::Lost("no map".to_owned()));
    }

    #[test]
    fn what_cannot_be_read_back_is_noted() {
        let watch = DeviceWatch::default();
        assert_eq!(watch.believed(Ok::<_, &str>(7)), Ok(7));
        assert_eq!(watch.trouble(), None);
        let lost = DeviceTrouble::Lost("reset".to_owned());
        assert_eq!(watch.believed(Err::<u8, _>("reset")), Err(lost.clone()));
        assert_eq!(watch.trouble(), Some(&lost));
        assert_eq!(watch.believed(Ok::<_, &str>(7)), Err(lost));
    }

    #[test]
    fn only_the_first_trouble_is_kept() {
        let watch = DeviceWatch::default();
        watch.report(DeviceTrouble::OutOfMemory);
        watch.report(DeviceTrouble::Lost("later".to_owned()));
        assert_eq!(watch.trouble(), Some(&DeviceTrouble::OutOfMemory));
    }
}
