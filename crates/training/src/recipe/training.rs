//! How steps are made and looked at, and when they end.

use serde::{Deserialize, Serialize};

/// When training ends: the learning rate reaches its end exactly then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// After this many minutes of training, over all resumptions.
    Minutes(f64),
    /// After this many steps; such a run repeats exactly.
    Steps(u64),
}

/// AdamW with linear warm-up and cosine decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserRecipe {
    /// Highest learning rate.
    pub rate: f64,
    /// Highest learning rate of SA-Swin's encoder and SACA, whose updates are then made as `torch/steady.py` says; it
    /// follows the same schedule.
    #[serde(default)]
    pub encoder_rate: Option<f64>,
    /// Learning rate at the end, as a fraction of the highest.
    pub rate_end: f64,
    /// Fraction of the budget spent warming up.
    pub warm_up: f64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Largest L2 norm of all gradients together.
    pub clip: f32,
    /// Decay per step of the moving average of weights, which is what ships.
    pub average: f64,
}

/// How the segmentation's logits are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segmentation {
    /// Mutually exclusive classes: cross-entropy and Dice.
    Classes,
    /// One mask: binary cross-entropy and Dice.
    Mask,
    /// No segmentation is trained.
    None,
}

/// Held-out samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// Minutes between looks.
    pub minutes: f64,
    /// Windows per look, the same ones each time.
    pub crops: usize,
    /// Minutes between checkpoints.
    pub checkpoint_minutes: f64,
}
