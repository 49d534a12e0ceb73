//! Multi-head attention among all tokens, without mask or position bias: SACA's.

use burn::tensor::Tensor;

use crate::operations::operations;
use crate::window_attention::attention;

/// What the tokens of `q` find among those of `k` and `v`: `softmax(q·kᵀ / √width)·v` for each of `heads` heads.
///
/// Tokens are `[b, n, 1, 1, c]`, channels head-major; `k` and `v` may have another `n` than `q` and the result.
pub fn cross_attention(q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, heads: usize) -> Tensor<5> {
    operations(&q).cross_attention(q, k, v, heads)
}

pub(crate) fn composed(q: Tensor<5>, k: Tensor<5>, v: Tensor<5>, heads: usize) -> Tensor<5> {
    let shape @ [b, .., c] = q.dims();
    let split = |t: Tensor<5>| {
        let tokens = t.dims()[1];
        t.reshape([b, tokens, heads, c / heads]).swap_dims(1, 2)
    };
    attention(split(q), split(k), split(v), None).swap_dims(1, 2).reshape(shape)
}
