//! Discrimination and calibration of probabilities.

use crate::synth::Rng;

/// A logit and whether the finding was there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Logit, or any score that rises with the probability.
    pub logit: f64,
    /// Truth.
    pub present: bool,
}

impl Scored {
    /// Whether its probability is at least one half.
    pub fn called(&self) -> bool {
        self.logit >= 0.0
    }
}

/// Bins of [`calibration_error`].
const BINS: usize = 15;

/// Area under the ROC curve: the chance that a case with the finding scores above one without, ties half.
///
/// `None` unless both kinds of case occur.
pub fn auc(cases: &[Scored]) -> Option<f64> {
    let mut sorted: Vec<Scored> = cases.to_vec();
    sorted.sort_by(|a, b| a.logit.total_cmp(&b.logit));
    let (mut wins, mut below, mut start) = (0.0, 0.0, 0);
    while start < sorted.len() {
        let same = sorted[start..].iter().take_while(|c| c.logit == sorted[start].logit).count();
        let present = sorted[start..start + same].iter().filter(|c| c.present).count() as f64;
        let absent = same as f64 - present;
        wins += present * (below + 0.5 * absent);
        below += absent;
        start += same;
    }
    let present = sorted.len() as f64 - below;
    (present > 0.0 && below > 0.0).then(|| wins / (present * below))
}

/// Fewest cases of a kind that say how much it varies.
const FEWEST: usize = 5;

/// 95 % interval of [`auc`] by bootstrap (percentiles; cases with and without the finding are drawn apart). `None` if there
/// are fewer than five of either. Cases count as independent of each other, which several of one head are not.
pub fn auc_interval(cases: &[Scored], rounds: usize, seed: u64) -> Option<[f64; 2]> {
    let (present, absent): (Vec<Scored>, Vec<Scored>) = cases.iter().partition(|c| c.present);
    if present.len().min(absent.len()) < FEWEST {
        return None;
    }
    let mut rng = Rng::new(seed);
    let mut values: Vec<f64> = (0..rounds)
        .filter_map(|_| {
            let draw = |rng: &mut Rng, from: &[Scored]| -> Vec<Scored> {
                (0..from.len()).map(|_| from[rng.below(from.len())]).collect()
            };
            let mut sample = draw(&mut rng, &present);
            sample.extend(draw(&mut rng, &absent));
            auc(&sample)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at =
        |share: f64| values.get((share * values.len().saturating_sub(1) as f64).round() as usize).copied();
    Some([at(0.025)?, at(0.975)?])
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// Expected calibration error of `sigmoid(logit / temperature)` over 15 equal bins, 0 to 1.
pub fn calibration_error(cases: &[Scored], temperature: f64) -> f64 {
    error_of_each(cases, |_| temperature)
}

/// [`calibration_error`] where each case's temperature is fitted on all others.
pub fn calibration_error_left_out(cases: &[Scored]) -> f64 {
    error_of_each(cases, |i| temperature(&[&cases[..i], &cases[i + 1..]].concat()))
}

fn error_of_each(cases: &[Scored], temperature: impl Fn(usize) -> f64) -> f64 {
    let mut bins = [[0.0f64; 3]; BINS];
    for (i, case) in cases.iter().enumerate() {
        let p = sigmoid(case.logit / temperature(i));
        let bin = &mut bins[((p * BINS as f64) as usize).min(BINS - 1)];
        bin[0] += 1.0;
        bin[1] += p;
        bin[2] += f64::from(u8::from(case.present));
    }
    bins.iter().map(|[_, p, present]| (p - present).abs()).sum::<f64>() / cases.len().max(1) as f64
}

/// Range of [`temperature`].
pub const TEMPERATURES: [f64; 2] = [0.05, 20.0];

/// The temperature of [`TEMPERATURES`] that makes `sigmoid(logit / temperature)` most likely.
pub fn temperature(cases: &[Scored]) -> f64 {
    let loss = |log_t: f64| -> f64 {
        let t = log_t.exp();
        cases
            .iter()
            .map(|c| {
                let x = if c.present { c.logit / t } else { -c.logit / t };
                // ln(1 + e^−x) without overflow.
                (-x).max(0.0) + (-x.abs()).exp().ln_1p()
            })
            .sum()
    };
    golden_section(loss, TEMPERATURES[0].ln(), TEMPERATURES[1].ln()).exp()
}

/// Minimum of a function with one valley.
fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_895;
    for _ in 0..60 {
        let (a, b) = (high - RATIO * (high - low), low + RATIO * (high - low));
        if f(a) < f(b) {
            high = b;
        } else {
            low = a;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(list: &[(f64, bool)]) -> Vec<Scored> {
        list.iter().map(|(logit, present)| Scored { logit: *logit, present: *present }).collect()
    }

    /// Cases whose true log odds are `logit / t`.
    fn drawn(n: usize, t: f64) -> Vec<Scored> {
        let mut rng = Rng::new(11);
        (0..n)
            .map(|_| {
                let logit = f64::from(rng.normal()) * 4.0;
                Scored { logit, present: f64::from(rng.unit()) < sigmoid(logit / t) }
            })
            .collect()
    }

    #[test]
    fn auc_counts_pairs_and_halves_ties() {
        let list = cases(&[(0.1, false), (0.4, true), (0.4, false), (0.9, true)]);
        // Pairs: (0.4 over 0.1) 1, (0.4 ties 0.4) ½, (0.9 over both) 2, of 4.
        assert_eq!(auc(&list), Some(3.5 / 4.0));
        assert_eq!(auc(&list[1..2]), None);
    }

    #[test]
    fn interval_holds_the_value_and_narrows_with_cases() {
        let few = auc_interval(&drawn(40, 2.0), 500, 1).unwrap();
        let many = auc_interval(&drawn(1000, 2.0), 500, 1).unwrap();
        let value = auc(&drawn(1000, 2.0)).unwrap();
        assert!(many[0] < value && value < many[1]);
        assert!(many[1] - many[0] < 0.5 * (few[1] - few[0]));
    }

    #[test]
    fn temperature_is_found_and_calibrates() {
        let list = drawn(20_000, 2.5);
        let t = temperature(&list);
        assert!((t - 2.5).abs() < 0.15, "{t}");
        assert!(calibration_error(&list, t) < 0.02);
        assert!(calibration_error(&list, 1.0) > 0.05);
    }

    #[test]
    fn a_case_has_no_say_in_its_own_temperature() {
        // Without the one that is wrong, nothing speaks against full certainty.
        let list = cases(&[(2.0, true), (2.0, true), (-2.0, false), (1.0, false)]);
        let fitted_on_all = calibration_error(&list, temperature(&list));
        assert!(calibration_error_left_out(&list) > fitted_on_all + 0.1);
        let many = drawn(300, 2.5);
        assert!(
            (calibration_error_left_out(&many) - calibration_error(&many, temperature(&many))).abs() < 0.02
        );
    }

    #[test]
    fn calibration_error_of_sure_and_wrong_answers_is_one() {
        assert!(calibration_error(&cases(&[(50.0, false), (-50.0, true)]), 1.0) > 0.999);
    }
}
