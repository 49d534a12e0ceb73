//! From all planes to the best one: an exhaustive grid, then downhill refinement of the leaders.

use super::cost::{Mirror, Pose};

/// Half ranges of the exhaustive search: degrees, degrees, millimetres.
pub(super) const RANGE: [f64; 3] = [30.0, 30.0, 32.0];
const STEPS: [f64; 3] = [6.0, 6.0, 6.4];

/// The best poses of the exhaustive grid, no two of them neighbours, best first.
pub(super) fn leaders(mirror: &Mirror, count: usize) -> Vec<Pose> {
    let axis = |a: usize| {
        let half = (RANGE[a] / STEPS[a]) as i32;
        (-half..=half).map(move |step| f64::from(step) * STEPS[a])
    };
    let mut scored: Vec<(f64, Pose)> = axis(0)
        .flat_map(|yaw| axis(1).flat_map(move |roll| axis(2).map(move |shift| Pose { yaw, roll, shift })))
        .map(|pose| (mirror.correlation(&pose), pose))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut leaders: Vec<Pose> = Vec::new();
    for (_, pose) in scored {
        if leaders.len() == count {
            break;
        }
        if leaders.iter().all(|leader| !adjacent(leader, &pose)) {
            leaders.push(pose);
        }
    }
    leaders
}

fn adjacent(a: &Pose, b: &Pose) -> bool {
    let steps = [a.yaw - b.yaw, a.roll - b.roll, a.shift - b.shift];
    (0..3).all(|axis| steps[axis].abs() < 1.5 * STEPS[axis])
}

/// Nelder–Mead from `start` with steps of `size` (degrees and millimetres) until the simplex is smaller
/// than `tolerance`: the pose and its correlation.
pub(super) fn refine(mirror: &Mirror, start: Pose, size: f64, tolerance: f64) -> (f64, Pose) {
    let score = |p: [f64; 3]| mirror.correlation(&Pose { yaw: p[0], roll: p[1], shift: p[2] });
    let origin = [start.yaw, start.roll, start.shift];
    let mut simplex: Vec<(f64, [f64; 3])> = (0..4)
        .map(|vertex| {
            let mut p = origin;
            if vertex > 0 {
                p[vertex - 1] += size;
            }
            (score(p), p)
        })
        .collect();
    for _ in 0..200 {
        simplex.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = simplex[0];
        let extent = simplex.iter().flat_map(|v| (0..3).map(move |a| (v.1[a] - best.1[a]).abs()));
        if extent.fold(0.0, f64::max) < tolerance {
            break;
        }
        step(&mut simplex, &score);
    }
    simplex.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (correlation, [yaw, roll, shift]) = simplex[0];
    (correlation, Pose { yaw, roll, shift })
}

/// One move of a simplex sorted best first.
fn step(simplex: &mut [(f64, [f64; 3])], score: &impl Fn([f64; 3]) -> f64) {
    let worst = simplex[3];
    let centroid: [f64; 3] = std::array::from_fn(|a| simplex[..3].iter().map(|v| v.1[a]).sum::<f64>() / 3.0);
    let along = |t: f64| {
        let p = std::array::from_fn(|a| centroid[a] + t * (centroid[a] - worst.1[a]));
        (score(p), p)
    };
    let reflected = along(1.0);
    if reflected.0 > simplex[0].0 {
        let expanded = along(2.0);
        simplex[3] = if expanded.0 > reflected.0 { expanded } else { reflected };
    } else if reflected.0 > simplex[2].0 {
        simplex[3] = reflected;
    } else {
        let contracted = along(if reflected.0 > worst.0 { 0.5 } else { -0.5 });
        if contracted.0 > worst.0.max(reflected.0) {
            simplex[3] = contracted;
        } else {
            let best = simplex[0].1;
            for vertex in &mut simplex[1..] {
                let p = std::array::from_fn(|a| 0.5 * (vertex.1[a] + best[a]));
                *vertex = (score(p), p);
            }
        }
    }
}
