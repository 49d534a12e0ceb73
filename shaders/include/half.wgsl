// Sums of a few 16-bit products, which are added to 32-bit sums before they lose precision.

/// Input channels, of three taps each, whose products are summed in 16 bits.
const PART = 4u;

/// 8 rows of columns a, b and c, as in `Tile`.
struct Part { a0: vec4<f16>, a1: vec4<f16>, b0: vec4<f16>, b1: vec4<f16>, c0: vec4<f16>, c1: vec4<f16> }

fn added(t: Tile, part: Part) -> Tile {
    return Tile(
        t.a0 + vec4<f32>(part.a0),
        t.a1 + vec4<f32>(part.a1),
        t.b0 + vec4<f32>(part.b0),
        t.b1 + vec4<f32>(part.b1),
        t.c0 + vec4<f32>(part.c0),
        t.c1 + vec4<f32>(part.c1),
    );
}
