//! What the channels of a window hold, as `crates/pipeline/src/prepare.rs` fills them for a whole scan.

use saswin_model::InputChannel;

use crate::synth::Canvas;

/// A window of a head with its counterpart from the other side.
pub(super) struct Window<'a> {
    pub start: [i32; 3],
    pub size: [usize; 3],
    pub image: &'a [f32],
    pub mirror: &'a [f32],
    /// −1 where left and right are exchanged, otherwise 1.
    pub side: f32,
}

impl Window<'_> {
    /// The counterpart.
    pub fn mirrored(&self) -> Self {
        Self { image: self.mirror, mirror: self.image, side: -self.side, ..*self }
    }
}

/// All channels of a window, one after the other; voxels of `spacing` mm.
pub(super) fn input(channels: &[InputChannel], window: &Window<'_>, spacing: f32) -> Vec<f32> {
    let mut values = Vec::with_capacity(window.image.len() * channels.len());
    for channel in channels {
        match channel {
            InputChannel::Lateral { scale_mm } => {
                let unit = window.side * spacing / *scale_mm as f32;
                let middle = (Canvas::DIMS[0] as f32 / spacing - 1.0) / 2.0;
                for x in 0..window.size[0] {
                    let off = (window.start[0] + x as i32) as f32 - middle;
                    values.extend(std::iter::repeat_n(off * unit, window.size[1] * window.size[2]));
                }
            }
            InputChannel::Scan => values.extend_from_slice(window.image),
            InputChannel::Hounsfield { low, high } => {
                values.extend(window.image.iter().map(|v| scaled(*v, *low, *high)));
            }
            InputChannel::Difference { low, high } => {
                let both = window.image.iter().zip(window.mirror);
                values.extend(both.map(|(s, m)| scaled(*s, *low, *high) - scaled(*m, *low, *high)));
            }
        }
    }
    values
}

/// `low` becomes 0 and `high` 1; what lies beyond is cut.
fn scaled(value: f32, low: f64, high: f64) -> f32 {
    ((value - low as f32) / (high - low) as f32).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scan_and_counterpart_differ_by_the_opposite() {
        let channels = [
            InputChannel::Hounsfield { low: 0.0, high: 100.0 },
            InputChannel::Difference { low: 0.0, high: 100.0 },
            InputChannel::Lateral { scale_mm: 100.0 },
        ];
        let (image, mirror) = ([30.0, 80.0, -20.0, 500.0], [40.0, 30.0, 20.0, 100.0]);
        let window = Window { start: [7; 3], size: [4, 1, 1], image: &image, mirror: &mirror, side: 1.0 };
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        let here = input(&channels, &window, 2.0);
        assert!(close(&here[..4], &[0.3, 0.8, 0.0, 1.0]), "{here:?}");
        assert!(close(&here[4..8], &[-0.1, 0.5, -0.2, 0.0]), "{here:?}");
        let there = input(&channels, &window.mirrored(), 2.0);
        assert!(close(&there[..4], &[0.4, 0.3, 0.2, 1.0]), "{there:?}");
        let opposite: Vec<f32> = there[4..].iter().map(|v| -v).collect();
        assert!(close(&here[4..], &opposite), "{here:?} {there:?}");
    }
}
