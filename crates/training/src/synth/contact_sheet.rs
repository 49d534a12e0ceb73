//! Samples side by side as one picture, to look at before training on them.

use super::{Canvas, Sample, finding, targets};

/// What is laid over the slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetStyle {
    /// MR with its target classes.
    Targets,
    /// MR with its lesions; slices go through them.
    Findings,
    /// CT in a brain window, with its findings, and in a bone window; slices go through findings.
    Ct,
}

#[derive(Clone, Copy)]
enum Panel {
    Plain,
    Overlay,
    Bone,
}

/// Width, height, and the voxel of a column and row.
type View = (usize, usize, Box<dyn Fn(usize, usize) -> usize>);

const TARGET_COLOURS: [[u8; 3]; targets::COUNT] = [
    [0, 0, 0],
    [230, 90, 90],
    [230, 150, 60],
    [240, 240, 240],
    [190, 210, 240],
    [120, 220, 120],
    [40, 160, 100],
    [80, 120, 250],
    [140, 80, 250],
    [240, 220, 80],
    [200, 160, 40],
    [240, 100, 220],
    [60, 190, 210],
];
const FINDING_COLOURS: [[u8; 3]; 4] = [[0, 0, 0], [255, 90, 40], [255, 30, 60], [60, 255, 90]];

/// One row of slices per sample: two axial, coronal, sagittal; the left of the head is on the left.
#[derive(Debug)]
pub struct ContactSheet {
    style: SheetStyle,
    width: usize,
    rgb: Vec<u8>,
}

impl ContactSheet {
    /// An empty sheet.
    pub fn new(style: SheetStyle) -> Self {
        Self { style, width: 0, rgb: Vec::new() }
    }

    /// Adds a sample below; all samples of a sheet must have equal dimensions.
    pub fn add(&mut self, sample: &Sample) {
        let [nx, ny, nz] = sample.dims;
        let at = move |x: usize, y: usize, z: usize| (x * ny + y) * nz + z;
        let ([x, y], slices) = self.cuts(sample);
        let mut views: Vec<View> = Vec::new();
        for z in slices {
            views.push((nx, ny, Box::new(move |c, r| at(c, ny - 1 - r, z))));
        }
        views.push((nx, nz, Box::new(move |c, r| at(c, y, nz - 1 - r))));
        views.push((ny, nz, Box::new(move |c, r| at(x, c, nz - 1 - r))));
        let panels: &[Panel] = match self.style {
            SheetStyle::Ct => &[Panel::Plain, Panel::Overlay, Panel::Bone],
            _ => &[Panel::Plain, Panel::Overlay],
        };
        self.width = panels.len() * views.iter().map(|v| v.0).sum::<usize>();
        for r in 0..ny.max(nz) {
            for panel in panels {
                for (width, rows, index) in &views {
                    for c in 0..*width {
                        let inside = r < *rows;
                        let colour = if inside { self.shade(sample, index(c, r), *panel) } else { [0; 3] };
                        self.rgb.extend_from_slice(&colour);
                    }
                }
            }
        }
    }

    /// Width and height in pixels, and red, green, blue per pixel, row by row from the top.
    pub fn rgb(&self) -> (usize, usize, &[u8]) {
        let height = if self.width == 0 { 0 } else { self.rgb.len() / (3 * self.width) };
        (self.width, height, &self.rgb)
    }

    /// The sagittal and coronal slice, and two axial ones.
    fn cuts(&self, sample: &Sample) -> ([usize; 2], [usize; 2]) {
        let scale = |a: usize, offset: f32| {
            let place = (Canvas::ORIGIN[a] + offset) * sample.dims[a] as f32 / Canvas::DIMS[a] as f32;
            place as usize
        };
        let (mut cut, mut slices) = ([scale(0, -4.0), scale(1, 4.0)], [scale(2, -30.0), scale(2, 8.0)]);
        if self.style == SheetStyle::Targets {
            return (cut, slices);
        }
        let [_, ny, nz] = sample.dims;
        let mut count = sample.dims.map(|n| vec![0usize; n]);
        for (i, f) in sample.findings.iter().enumerate().filter(|(_, f)| **f != finding::NONE) {
            // Clefts are thin but wanted on the sheet.
            let weight = if *f == finding::FRACTURE { 8 } else { 1 };
            for (c, v) in count.iter_mut().zip([i / (ny * nz), i / nz % ny, i % nz]) {
                c[v] += weight;
            }
        }
        let most = |counts: &[usize], default: usize| {
            let best = counts.iter().copied().enumerate().max_by_key(|(_, n)| *n);
            best.filter(|(_, n)| *n > 0).map_or(default, |(i, _)| i)
        };
        cut = [most(&count[0], cut[0]), most(&count[1], cut[1])];
        slices[0] = most(&count[2], slices[0]);
        (cut, slices)
    }

    fn shade(&self, sample: &Sample, index: usize, panel: Panel) -> [u8; 3] {
        let v = sample.image[index];
        let grey = match (self.style, panel) {
            (SheetStyle::Ct, Panel::Bone) => (v + 500.0) / 2000.0,
            (SheetStyle::Ct, _) => (v + 5.0) / 90.0,
            _ => v,
        };
        let grey = grey.clamp(0.0, 1.0) * 255.0;
        let colour = match (self.style, panel) {
            (SheetStyle::Targets, Panel::Overlay) => TARGET_COLOURS[sample.target[index] as usize],
            (_, Panel::Overlay) => FINDING_COLOURS[sample.findings[index] as usize],
            _ => [0; 3],
        };
        if colour == [0; 3] {
            [grey as u8; 3]
        } else {
            colour.map(|c| (0.45 * grey + 0.55 * f32::from(c)) as u8)
        }
    }
}
