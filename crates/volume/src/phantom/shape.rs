//! Distances to simple shapes in millimetres, negative inside.

/// Approximate distance to the ellipsoid round `centre` with half axes `radii`.
#[inline(always)]
pub(super) fn ellipsoid(p: [f64; 3], centre: [f64; 3], radii: [f64; 3]) -> f64 {
    let (mut once, mut twice) = (0.0, 1e-12);
    for a in 0..3 {
        // Inlined with constant radii, the reciprocal is a constant too.
        let inverse = 1.0 / radii[a];
        let scaled = (p[a] - centre[a]) * inverse;
        once += scaled * scaled;
        twice += scaled * scaled * inverse * inverse;
    }
    let once = once.sqrt();
    once * (once - 1.0) / twice.sqrt()
}

/// Distance to a round stick from `a` to `b` whose radius goes from `radius_a` to `radius_b`.
#[inline(always)]
pub(super) fn stick(p: [f64; 3], a: [f64; 3], b: [f64; 3], radius_a: f64, radius_b: f64) -> f64 {
    let along: [f64; 3] = std::array::from_fn(|i| b[i] - a[i]);
    let from_a: [f64; 3] = std::array::from_fn(|i| p[i] - a[i]);
    let dot = |u: [f64; 3], v: [f64; 3]| (0..3).map(|i| u[i] * v[i]).sum::<f64>();
    let t = (dot(from_a, along) / dot(along, along)).clamp(0.0, 1.0);
    let off: [f64; 3] = std::array::from_fn(|i| from_a[i] - t * along[i]);
    dot(off, off).sqrt() - (radius_a + t * (radius_b - radius_a))
}

/// Union of two shapes, rounded over `width` where they meet.
#[inline]
pub(super) fn joined(a: f64, b: f64, width: f64) -> f64 {
    let overlap = (width - (a - b).abs()).max(0.0) / width;
    a.min(b) - 0.25 * width * overlap * overlap
}

/// Intersection of two shapes, rounded over `width` where they meet.
#[inline]
pub(super) fn common(a: f64, b: f64, width: f64) -> f64 {
    -joined(-a, -b, width)
}
