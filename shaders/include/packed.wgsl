// Integer weights as floats. The shader declares `weight`, `scales`, `IN` and `TAPS`.

const BITS = {{ bits }}u;
const PER_WORD = 32u / BITS;
const WORDS = (IN + PER_WORD - 1u) / PER_WORD;
/// Elements of an output channel that share a scale, taps fastest.
const GROUP = {{ group }}u;

/// Weight of one tap, input channel and output channel.
fn expanded(tap: u32, c: u32, n: u32) -> f32 {
    let word = bitcast<i32>(weight[(tap * WORDS + c / PER_WORD) * OUT + n]);
    let code = extractBits(word, c % PER_WORD * BITS, BITS);
    return f32(code) * scales[(c * TAPS + tap) / GROUP * OUT + n];
}
