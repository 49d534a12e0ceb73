//! Others who run windows, so that more than one core works: helpers of the page's worker.

use std::pin::Pin;
use std::rc::Rc;

/// One window of the channels and its mirrored counterpart, `[channels, x, y, z]` each.
#[derive(Debug, Clone)]
pub struct WindowInput {
    /// Window of the scan.
    pub scan: Vec<f32>,
    /// The same window of the scan's left-right flip.
    pub mirror: Vec<f32>,
    /// Sides in voxels.
    pub roi: [usize; 3],
}

/// What a network says of one window.
#[derive(Debug, Clone)]
pub struct WindowOutput {
    /// Logits `[classes, x, y, z]`; absent without a decoder.
    pub segmentation: Option<Vec<f32>>,
    /// Class logits; absent without a class head.
    pub classes: Option<Vec<f32>>,
}

/// A window on its way; the error says why it will not come back.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<WindowOutput, String>> + 'a>>;

/// Workers that hold the model of a run and compute on the CPU.
pub trait Crew {
    /// How many of them there are.
    fn size(&self) -> usize;

    /// Hands one window to whoever is free next.
    fn run(&self, window: WindowInput) -> Answer<'_>;
}

/// A crew that a run may keep to its end.
pub type SharedCrew = Rc<dyn Crew>;
