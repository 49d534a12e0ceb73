//! Feature maps whose channels lie in several tensors where one would be too large.

use std::ops::Range;

use burn::tensor::Tensor;

/// A feature map `[b, x, y, z, c]`: its channels lie in one tensor or, in order, in several.
#[derive(Debug, Clone)]
pub(super) struct Map(Vec<Tensor<5>>);

impl From<Tensor<5>> for Map {
    fn from(x: Tensor<5>) -> Self {
        Self(vec![x])
    }
}

impl FromIterator<Tensor<5>> for Map {
    fn from_iter<I: IntoIterator<Item = Tensor<5>>>(tensors: I) -> Self {
        Self(tensors.into_iter().collect())
    }
}

impl Map {
    /// In one tensor.
    pub(super) fn join(mut self) -> Tensor<5> {
        if self.0.len() == 1 { self.0.remove(0) } else { Tensor::cat(self.0, 4) }
    }

    /// With the channels of `other` behind its own.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Elements of a channel.
    pub(super) fn places(&self) -> u64 {
        let [b, x, y, z, _] = self.0[0].dims();
        [b, x, y, z].iter().map(|n| *n as u64).product()
    }

    /// The channels `wanted`, in one tensor.
    pub(super) fn channels(&self, wanted: &Range<usize>) -> Tensor<5> {
        let mut from = 0;
        let mut found = Vec::new();
        for x in &self.0 {
            let to = from + x.dims()[4];
            let (first, last) = (wanted.start.max(from), wanted.end.min(to));
            if first == from && last == to {
                found.push(x.clone());
            } else if first < last {
                found.push(x.clone().narrow(4, first - from, last - first));
            }
            from = to;
        }
        Self(found).join()
    }

    /// What a linear operation makes of all channels: the sum of what `part` makes of one or two tensors at a time,
    /// whose channels it is told.
    pub(super) fn sum(
        &self,
        part: impl Fn(Tensor<5>, Option<Tensor<5>>, Range<usize>) -> Tensor<5>,
    ) -> Tensor<5> {
        self.sum_of(2, |tensors, channels| part(tensors[0].clone(), tensors.get(1).cloned(), channels))
    }

    /// [`sum`](Self::sum) of an operation that takes one tensor.
    pub(super) fn sum_of_each(&self, part: impl Fn(Tensor<5>, Range<usize>) -> Tensor<5>) -> Tensor<5> {
        self.sum_of(1, |tensors, channels| part(tensors[0].clone(), channels))
    }

    fn sum_of(&self, most: usize, part: impl Fn(&[Tensor<5>], Range<usize>) -> Tensor<5>) -> Tensor<5> {
        let mut from = 0;
        let mut next = |tensors: &[Tensor<5>]| {
            let start = from;
            from += tensors.iter().map(|x| x.dims()[4]).sum::<usize>();
            part(tensors, start..from)
        };
        let (first, rest) = self.0.split_at(self.0.len().min(most));
        let total = next(first);
        rest.chunks(most).fold(total, |total, tensors| total + next(tensors))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use saswin_kernels::Arithmetic;
    use saswin_kernels::check::relative_l2;

    use super::*;
    use crate::fidelity::{named_tensor, named_weights};
    use crate::nets::{Network, Trace};
    use crate::weights::{Precision, fill, pack_integers};
    use crate::{DecoderKind, Merge, Room, SwinConfig};

    fn network(decoder: DecoderKind) -> Network {
        let mut config = SwinConfig::encoder(1, 12, Merge::Fixed);
        config.symmetry = true;
        config.decoder = Some(decoder);
        config.out_channels = 2;
        let mut network = Network::new(&config.into(), &Device::flex()).unwrap();
        let weights = named_weights(&network);
        fill(&mut network, weights).unwrap();
        network
    }

    fn logits(network: &Network) -> Vec<f32> {
        let [x, mirror] = ["input:x", "input:x_flip"].map(|name| {
            let x = named_tensor(name, &[1, 1, 32, 32, 32]);
            Tensor::<5>::from_data(TensorData::new(x.values, x.shape), &Device::flex())
        });
        let output = network.forward(x, Some(mirror), &mut Trace::off());
        output.segmentation.unwrap().into_data().try_to_vec().unwrap()
    }

    /// Room for four channels at full resolution, and not for both streams.
    const SMALL: u64 = 600 << 10;

    #[test]
    fn a_divided_network_computes_the_same() {
        for decoder in [DecoderKind::Full, DecoderKind::Subvoxel { width: 24 }] {
            let whole = network(decoder);
            let expected = logits(&whole);
            for bytes in [SMALL, 64 << 10] {
                let found = logits(&whole.clone().with_room(Room::new(Some(bytes))));
                let error = relative_l2(&expected, &found);
                assert!(error < 1e-5, "{decoder:?} {bytes} {error}");
            }
        }
    }

    #[test]
    fn packed_weights_are_divided_with_their_maps() {
        for precision in [Precision::Q8, Precision::Q4] {
            let whole = pack_integers(network(DecoderKind::Full), precision, Arithmetic::Floats, &[]);
            let divided = whole.clone().with_room(Room::new(Some(SMALL)));
            let error = relative_l2(&logits(&whole), &logits(&divided));
            assert!(error < 1e-5, "{precision:?} {error}");
        }
    }
}
