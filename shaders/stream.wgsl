// Every element plus one: what a device reads and writes at best, to measure other shaders by.

const QUADS = {{ quads }}u;

@group(0) @binding(0) var<storage, {{ read }}> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size({{ threads }}, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let at = (group.x + group.z * {{ groups_x }}u) * {{ threads }}u + local.x;
    if (at < QUADS) { y[at] = x[at] + 1.0; }
}
