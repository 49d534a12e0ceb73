//! The exponential function in a form that compilers turn into vectors.

/// Added to a number below 2²², leaves its rounded value in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, the first exact in few bits.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Polynomial of the Cephes library (Moshier 1992), highest power first.
const SERIES: [f32; 6] = [1.987_569_2e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// `e^x` to about 2e-7 of itself for `x` up to 87; for less than −87 at most 2e-38.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // `max` is a call in a browser. What is not a number stays so.
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let rest = x - n * LN_2[0] - n * LN_2[1];
    let series = SERIES.iter().fold(0.0, |sum, c| sum * rest + c);
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    (series * rest * rest + rest + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library() {
        for i in -8700..8700 {
            let x = i as f32 * 0.01;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
        assert!((0.0..2e-38).contains(&exp(-1e30)));
        assert!((0.0..2e-38).contains(&exp(f32::NEG_INFINITY)));
    }
}
