// Sums of products of signed bytes, four to a word.

/// Four words with one word.
fn dots(a: vec4<u32>, b: u32) -> vec4<i32> {
//: repeat i {{ native }}
    return vec4<i32>(dot4I8Packed(a.x, b), dot4I8Packed(a.y, b), dot4I8Packed(a.z, b), dot4I8Packed(a.w, b));
//: end
//: repeat i {{ emulated }}
    let s = bytes(b);
    return vec4<i32>(dot(bytes(a.x), s), dot(bytes(a.y), s), dot(bytes(a.z), s), dot(bytes(a.w), s));
//: end
}

//: repeat i {{ emulated }}
fn bytes(word: u32) -> vec4<i32> {
    return bitcast<vec4<i32>>(vec4<u32>(word << 24u, word << 16u, word << 8u, word)) >> vec4<u32>(24u);
}
//: end
