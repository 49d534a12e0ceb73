// What follows a matrix product of 8 rows with one column: bias, GELU, residual, and the placement of columns
// as 2×2×2 voxels. The shader declares `bias`, `residual` and `y`.

const ROWS = {{ rows }}u;
const OUT = {{ out }}u;
const HAS_BIAS = {{ has_bias }};
const GELU = {{ gelu }};
const HAS_RESIDUAL = {{ has_residual }};
/// Whether columns `8·channel + 4·dx + 2·dy + dz` become voxels of a grid of twice the sides.
const TO_SPACE = {{ to_space }};
const GRID = vec3<u32>({{ dim_x }}u, {{ dim_y }}u, {{ dim_z }}u);

/// Four rows; those beyond the last repeat it and are stored over it.
fn four_rows(first: u32) -> vec4<u32> {
    return min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(ROWS - 1u));
}

fn column(ra: vec4<u32>, rb: vec4<u32>, n: u32, lower: vec4<f32>, upper: vec4<f32>) {
    if (n >= OUT) { return; }
    var a = lower;
    var b = upper;
    if (HAS_BIAS) {
        a += bias[n];
        b += bias[n];
    }
    if (GELU) {
        a = gelu(a);
        b = gelu(b);
    }
    var pa = ra * OUT + n;
    var pb = rb * OUT + n;
    if (HAS_RESIDUAL) {
        a += vec4<f32>(residual[pa.x], residual[pa.y], residual[pa.z], residual[pa.w]);
        b += vec4<f32>(residual[pb.x], residual[pb.y], residual[pb.z], residual[pb.w]);
    }
    if (TO_SPACE) {
        pa = in_space(ra, n);
        pb = in_space(rb, n);
    }
    y[pa.x] = a.x;
    y[pa.y] = a.y;
    y[pa.z] = a.z;
    y[pa.w] = a.w;
    y[pb.x] = b.x;
    y[pb.y] = b.y;
    y[pb.z] = b.z;
    y[pb.w] = b.w;
}

/// Where column `n` of rows goes on the grid of twice the sides.
fn in_space(row: vec4<u32>, n: u32) -> vec4<u32> {
    let line = row / GRID.z;
    let z = (row % GRID.z) * 2u + (n & 1u);
    let y = (line % GRID.y) * 2u + ((n >> 1u) & 1u);
    let plane = (line / GRID.y) * 2u + ((n >> 2u) & 1u);
    return ((plane * GRID.y * 2u + y) * GRID.z * 2u + z) * (OUT / 8u) + n / 8u;
}

/// `x·Φ(x)`; the error function after Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
fn gelu(v: vec4<f32>) -> vec4<f32> {
    let x = abs(v) * 0.7071067811865476;
    let t = 1.0 / (1.0 + 0.3275911 * x);
    let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    let erf = sign(v) * (1.0 - p * exp(-x * x));
    return 0.5 * v * (1.0 + erf);
}
