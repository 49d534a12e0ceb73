//! The scan of a JPEG-LS frame: T.87 annex A, in its terms.

use super::jpegls::Parameters;

/// Run-length orders, T.87 A.2.1.
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Bits of the scan, with the zero bit stuffed after each 0xFF taken out.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u32,
    count: u32,
    after_ff: bool,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<u32> {
        if self.count == 0 {
            let byte = *self.bytes.get(self.at)?;
            if self.after_ff && byte >= 0x80 {
                return None;
            }
            self.at += 1;
            self.count = if self.after_ff { 7 } else { 8 };
            self.after_ff = byte == 0xFF;
            self.held = u32::from(byte);
        }
        self.count -= 1;
        Some(self.held >> self.count & 1)
    }

    fn bits(&mut self, count: u32) -> Option<i32> {
        (0..count).try_fold(0i32, |value, _| Some(value << 1 | self.bit()? as i32))
    }

    /// Limited-length Golomb code.
    fn golomb(&mut self, k: u32, limit: u32, quantised_bits: u32) -> Option<i32> {
        let longest = limit.checked_sub(quantised_bits + 1)?;
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > longest {
                return None;
            }
        }
        if zeros < longest {
            return Some((zeros as i32).checked_shl(k)? | self.bits(k)?);
        }
        Some(self.bits(quantised_bits)? + 1)
    }
}

/// Statistics of one context.
#[derive(Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

impl Context {
    /// Golomb parameter for accumulated magnitude `a`.
    fn order(&self, a: i32) -> u32 {
        let mut k = 0;
        while k < 24 && i64::from(self.n) << k < i64::from(a) {
            k += 1;
        }
        k
    }

    fn update(&mut self, error: i32, step: i32, reset: i32) {
        self.b += error * step;
        self.a += error.abs();
        if self.n >= reset {
            self.a >>= 1;
            self.b >>= 1;
            self.n >>= 1;
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
    }
}

pub(super) struct Scan<'a> {
    bits: Bits<'a>,
    p: Parameters,
    range: i32,
    quantised_bits: u32,
    limit: u32,
    contexts: Vec<Context>,
    /// For run interruptions: `b` counts the negative errors.
    run_contexts: [Context; 2],
    run_index: usize,
}

impl<'a> Scan<'a> {
    pub fn new(bytes: &'a [u8], p: Parameters) -> Self {
        let step = 2 * p.near + 1;
        let range = (p.max_value + 2 * p.near) / step + 1;
        let bits_for = |values: i32| 32 - ((values - 1).max(0) as u32).leading_zeros();
        let depth = bits_for(p.max_value + 1).max(2);
        let context = Context { a: ((range + 32) / 64).max(2), b: 0, c: 0, n: 1 };
        Self {
            bits: Bits { bytes, at: 0, held: 0, count: 0, after_ff: false },
            range,
            quantised_bits: bits_for(range),
            limit: 2 * (depth + depth.max(8)),
            contexts: vec![context; 365],
            run_contexts: [context; 2],
            run_index: 0,
            p,
        }
    }

    /// All samples, or none if the bits end early or make no sense.
    pub fn decode(mut self, columns: usize, rows: usize) -> Option<Vec<i32>> {
        let mut out = Vec::with_capacity(columns * rows);
        // One sample more on either side than the image has, as T.87 A.2.1 defines them.
        let mut previous = vec![0i32; columns + 2];
        let mut current = vec![0i32; columns + 2];
        for _ in 0..rows {
            previous[columns + 1] = previous[columns];
            current[0] = previous[1];
            self.line(&previous, &mut current)?;
            out.extend_from_slice(&current[1..=columns]);
            std::mem::swap(&mut previous, &mut current);
        }
        Some(out)
    }

    fn line(&mut self, previous: &[i32], current: &mut [i32]) -> Option<()> {
        let end = current.len() - 1;
        let mut at = 1;
        while at < end {
            let [ra, rb, rc, rd] = [current[at - 1], previous[at], previous[at - 1], previous[at + 1]];
            let gradients = [rd - rb, rb - rc, rc - ra];
            if gradients.iter().all(|d| d.abs() <= self.p.near) {
                at = self.run(previous, current, at, end)?;
                continue;
            }
            current[at] = self.regular(gradients, [ra, rb, rc])?;
            at += 1;
        }
        Some(())
    }

    fn regular(&mut self, gradients: [i32; 3], [ra, rb, rc]: [i32; 3]) -> Option<i32> {
        let [q1, q2, q3] = gradients.map(|d| self.quantise(d));
        let q = (q1 * 9 + q2) * 9 + q3;
        let sign = if q < 0 { -1 } else { 1 };
        let index = q.unsigned_abs() as usize;
        let mut context = *self.contexts.get(index)?;
        let predicted = if rc >= ra.max(rb) {
            ra.min(rb)
        } else if rc <= ra.min(rb) {
            ra.max(rb)
        } else {
            ra + rb - rc
        };
        let predicted = (predicted + sign * context.c).clamp(0, self.p.max_value);
        let k = context.order(context.a);
        let code = self.code(k, self.limit)?;
        let mapped = if code & 1 == 0 { code >> 1 } else { -(code >> 1) - 1 };
        let flipped = self.p.near == 0 && k == 0 && 2 * context.b <= -context.n;
        let error = if flipped { -mapped - 1 } else { mapped };
        context.update(error, 2 * self.p.near + 1, self.p.reset);
        self.contexts[index] = context;
        Some(self.reconstruct(predicted, sign * error))
    }

    /// Decodes a run and, unless the line ends, the sample that interrupts it; returns the next index.
    fn run(&mut self, previous: &[i32], current: &mut [i32], mut at: usize, end: usize) -> Option<usize> {
        let ra = current[at - 1];
        while self.bits.bit()? == 1 {
            let length = 1usize << J[self.run_index];
            let filled = length.min(end - at);
            current[at..at + filled].fill(ra);
            at += filled;
            if filled == length {
                self.run_index = (self.run_index + 1).min(31);
            }
            if at == end {
                return Some(at);
            }
        }
        let rest = self.bits.bits(J[self.run_index])? as usize;
        if at + rest >= end {
            return None;
        }
        current[at..at + rest].fill(ra);
        at += rest;
        current[at] = self.interruption(ra, previous[at])?;
        self.run_index = self.run_index.saturating_sub(1);
        Some(at + 1)
    }

    fn interruption(&mut self, ra: i32, rb: i32) -> Option<i32> {
        let kind = i32::from((ra - rb).abs() <= self.p.near);
        let mut context = self.run_contexts[kind as usize];
        let k = context.order(context.a + if kind == 1 { context.n >> 1 } else { 0 });
        let limit = self.limit.checked_sub(J[self.run_index] + 1)?;
        let code = self.code(k, limit)?;
        let magnitude = (code + kind + 1) / 2;
        let odd = (code + kind) & 1 == 1;
        let error = if (k != 0 || 2 * context.b >= context.n) == odd { -magnitude } else { magnitude };
        context.b += i32::from(error < 0);
        context.a += (code + 1 - kind) >> 1;
        if context.n >= self.p.reset {
            context.a >>= 1;
            context.b >>= 1;
            context.n >>= 1;
        }
        context.n += 1;
        self.run_contexts[kind as usize] = context;
        let (predicted, sign) = if kind == 1 { (ra, 1) } else { (rb, if ra > rb { -1 } else { 1 }) };
        Some(self.reconstruct(predicted, sign * error))
    }

    /// A mapped error. Errors are reduced to half of the range on either side of 0 (T.87 A.4.5), and what statistics
    /// add up of such fits their numbers whatever RESET is; larger ones are no JPEG-LS.
    fn code(&mut self, k: u32, limit: u32) -> Option<i32> {
        let code = self.bits.golomb(k, limit, self.quantised_bits)?;
        (0..=self.range).contains(&code).then_some(code)
    }

    fn quantise(&self, d: i32) -> i32 {
        let [t1, t2, t3] = self.p.thresholds;
        let level = match d.abs() {
            m if m <= self.p.near => 0,
            m if m < t1 => 1,
            m if m < t2 => 2,
            m if m < t3 => 3,
            _ => 4,
        };
        if d < 0 { -level } else { level }
    }

    fn reconstruct(&self, predicted: i32, error: i32) -> i32 {
        let step = 2 * self.p.near + 1;
        let mut value = predicted + error * step;
        if value < -self.p.near {
            value += self.range * step;
        } else if value > self.p.max_value + self.p.near {
            value -= self.range * step;
        }
        value.clamp(0, self.p.max_value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameters, Scan};

    fn scan(bytes: &[u8], max_value: i32) -> Scan<'_> {
        Scan::new(bytes, Parameters { max_value, near: 0, thresholds: [3, 7, 21], reset: 65_535 })
    }

    #[test]
    fn errors_beyond_half_of_the_range_are_refused() {
        // One zero, a one, then the lower eight bits: 256 + 0 and 256 + 1.
        assert_eq!(scan(&[0b0100_0000, 0b0000_0000], 255).code(8, 32), Some(256));
        assert_eq!(scan(&[0b0100_0000, 0b0100_0000], 255).code(8, 32), None);
    }

    #[test]
    fn statistics_of_the_largest_errors_fit() {
        let mut scan = scan(&[], 65_535);
        let (reset, largest) = (scan.p.reset, scan.range / 2);
        let context = &mut scan.contexts[0];
        let sums = (0..40 * reset).map(|_| {
            context.update(-largest, 1, reset);
            context.a
        });
        assert_eq!(sums.max(), Some(i32::MAX - largest));
    }
}
