//! What decides the shapes of a network: one configuration per family.

mod asa;
mod swin;

pub use asa::{AsaConfig, Position};
pub use swin::{ClassHead, DecoderKind, Merge, Pool, SwinConfig};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Configuration of a network of any family.
///
/// Written flat. The field `family` tells `asa` from `swin`, which is the default and not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Architecture {
    /// SA-Swin and Swin UNETR.
    Swin(SwinConfig),
    /// ASA.
    Asa(AsaConfig),
}

/// Why a configuration makes no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchitectureError {
    /// A number is outside its range.
    #[error("architecture field `{field}` is {value}: {requirement}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: usize,
        /// What it must be.
        requirement: &'static str,
    },
}

fn check(
    ok: bool,
    field: &'static str,
    value: usize,
    requirement: &'static str,
) -> Result<(), ArchitectureError> {
    if ok { Ok(()) } else { Err(ArchitectureError::Field { field, value, requirement }) }
}

impl Architecture {
    /// Channels of the input.
    pub fn in_channels(&self) -> usize {
        match self {
            Self::Swin(config) => config.in_channels,
            Self::Asa(config) => config.in_channels,
        }
    }

    /// Segmentation output channels, 0 without a decoder.
    pub fn out_channels(&self) -> usize {
        match self {
            Self::Swin(config) => config.out_channels,
            Self::Asa(config) => config.out_channels,
        }
    }

    /// Outputs of the class head, 0 without one.
    pub fn class_outputs(&self) -> usize {
        match self {
            Self::Swin(config) => config.class_head.map_or(0, |head| head.outputs),
            Self::Asa(_) => 0,
        }
    }

    /// Whether the network is built to be pretrained.
    pub fn pretrains(&self) -> bool {
        match self {
            Self::Swin(config) => config.pretraining,
            Self::Asa(config) => config.pretraining,
        }
    }

    /// The family and its main sizes, for model cards.
    pub fn summary(&self) -> String {
        match self {
            Self::Swin(c) => {
                let stream = if c.symmetry {
                    "SA-Swin (scan and mirror stream with SACA)"
                } else {
                    "without mirror stream"
                };
                format!("{stream}, width {}, attention window {:?}", c.feature_size, c.window)
            }
            Self::Asa(c) => format!("ASA, width {}, {} blocks, window {}", c.hidden_size, c.layers, c.window),
        }
    }

    /// Checks every number before anything is allocated from it.
    ///
    /// # Errors
    /// Names the first field outside its range.
    pub fn validate(&self) -> Result<(), ArchitectureError> {
        match self {
            Self::Swin(config) => config.validate(),
            Self::Asa(config) => config.validate(),
        }
    }
}

impl From<SwinConfig> for Architecture {
    fn from(config: SwinConfig) -> Self {
        Self::Swin(config)
    }
}

impl From<AsaConfig> for Architecture {
    fn from(config: AsaConfig) -> Self {
        Self::Asa(config)
    }
}

impl<'de> Deserialize<'de> for Architecture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = serde_json::Map::<String, serde_json::Value>::deserialize(deserializer)?;
        let family = fields.remove("family");
        let fields = serde_json::Value::Object(fields);
        match family.as_ref().map_or(Some("swin"), |name| name.as_str()) {
            Some("swin") => SwinConfig::deserialize(fields).map(Self::Swin),
            Some("asa") => AsaConfig::deserialize(fields).map(Self::Asa),
            _ => return Err(D::Error::custom("architecture field `family` must be `swin` or `asa`")),
        }
        .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swin_is_written_without_a_family_and_asa_with_one() {
        let swin = Architecture::from(SwinConfig::encoder(1, 12, Merge::Legacy));
        let asa = Architecture::from(AsaConfig::encoder(1, Position::Symmetric1d));
        for (config, family) in [(swin, None), (asa, Some("asa"))] {
            let json = serde_json::to_value(&config).unwrap();
            assert_eq!(json.get("family").and_then(|f| f.as_str()), family);
            assert_eq!(serde_json::from_value::<Architecture>(json).unwrap(), config);
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        let json = |text: &str| serde_json::from_str::<Architecture>(text).unwrap_err().to_string();
        assert!(json(r#"{"family": "resnet"}"#).contains("`family` must be"));
        assert!(json(r#"{"family": "asa", "in_channels": 1}"#).contains("`position`"));
        assert!(json(r#"{"in_channels": 1}"#).contains("`feature_size`"));
    }
}
