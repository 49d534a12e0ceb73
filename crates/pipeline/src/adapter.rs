//! What computes, as a report names it.

use serde::{Deserialize, Serialize};

use crate::{Capabilities, DeviceTier};

/// What computed a result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adapter {
    /// The driver's name of the adapter.
    pub name: String,
    /// `webgpu`, `wgpu` or `cpu`.
    pub backend: String,
    /// Why this backend was taken, when it is not the obvious one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Arithmetic, e.g. `f32`.
    pub precision: String,
    #[serde(flatten)]
    capabilities: Capabilities,
    /// That of `capabilities`.
    #[serde(default)]
    tier: DeviceTier,
}

impl Adapter {
    /// An adapter that computes in 32-bit floats until a model says otherwise.
    pub(crate) fn new(name: &str, backend: &str, capabilities: Capabilities) -> Self {
        Self {
            name: name.to_owned(),
            backend: backend.to_owned(),
            reason: None,
            precision: "f32".to_owned(),
            capabilities,
            tier: DeviceTier::of(&capabilities),
        }
    }

    /// What it can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// How it computes for that reason.
    pub fn tier(&self) -> DeviceTier {
        self.tier
    }

    /// Once more is known of what it can do, or less shall be used of it.
    pub fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.capabilities = capabilities;
        self.tier = DeviceTier::of(&capabilities);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_capabilities_beside_the_name_and_the_class_that_follows() {
        let mut adapter =
            Adapter::new("a card", "webgpu", Capabilities { gpu: true, ..Capabilities::default() });
        adapter.set_capabilities(Capabilities { dot: true, ..adapter.capabilities() });
        let json = serde_json::json!({
            "name": "a card", "backend": "webgpu", "precision": "f32",
            "gpu": true, "software": false, "max_buffer": null, "f16": false, "dot": true, "timestamps": false, "tier": "plain_dot",
        });
        assert_eq!(serde_json::to_value(&adapter).unwrap(), json);
        let read: Adapter = serde_json::from_value(json).unwrap();
        assert_eq!(read.capabilities(), adapter.capabilities());
        assert_eq!(read.tier(), DeviceTier::PlainDot);
    }
}
