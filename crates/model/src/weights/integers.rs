//! Weights that a network holds as integers, in place of floats.
//!
//! A parameter stays where it is in its module, with its shape but without its values; the integers lie in a
//! table by parameter. Layers ask [`held`] for their weight, and get what the running network holds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;
use saswin_kernels::{Arithmetic, Bits, LayerWeight, Packed, lay_out_kernel};

use super::{Family, Precision, lay_out};
use crate::nets::Network;

/// Packed weights by parameter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Integers(Arc<HashMap<ParamId, Packed>>);

thread_local! {
    static RUNNING: RefCell<Integers> = RefCell::default();
}

impl Integers {
    /// Runs `work`, the forward pass of the network that these belong to.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = RUNNING.replace(self.clone());
        let result = work();
        RUNNING.set(before);
        result
    }
}

/// A weight as the running network holds it.
pub(crate) fn held<const D: usize>(param: &Param<Tensor<D>>) -> LayerWeight<D> {
    match RUNNING.with_borrow(|running| running.0.get(&param.id).cloned()) {
        Some(packed) => LayerWeight::Packed(packed),
        None => LayerWeight::Floats(param.val()),
    }
}

/// Parts whose weights stay floats: they come first or last, or feed softmax and norms that amplify errors.
const KEPT: [&str; 7] = [
    "patch_embed",
    "relative_position_bias_table",
    "saca",
    "classification_head",
    "pretrain",
    "full.out",
    "subvoxel.out",
];

/// Layers whose inputs are not rounded: shortcuts and upsampling are little work and hand their errors on
/// (`docs/performance.md` has the measurement).
const UNROUNDED: [&str; 2] = [".conv3.", "transp_conv"];

struct Packer<'a> {
    path: Vec<String>,
    bits: Bits,
    arithmetic: Arithmetic,
    /// Checkpoint keys of further weights that stay floats.
    kept: &'a [String],
    packed: HashMap<ParamId, Packed>,
}

impl Packer<'_> {
    fn pack<const D: usize>(&self, weight: Tensor<D>) -> Option<Packed> {
        let path = self.path.join(".");
        let is_in = |parts: &[&str]| parts.iter().any(|part| path.contains(part));
        let rounds = matches!(self.arithmetic, Arithmetic::Integers { .. });
        let kept = !self.kept.is_empty() && self.kept.contains(&Family::Swin.to_torch(&path));
        if kept || is_in(&KEPT) || (rounds && is_in(&UNROUNDED)) {
            return None;
        }
        let (bits, arithmetic) = (self.bits, self.arithmetic);
        let dims = weight.dims();
        match *dims.as_slice() {
            [a, b] => Some(Packed::matrix(weight.reshape([a, b]), bits, arithmetic)),
            [a, b, c, d, e] => {
                let weight = weight.reshape([a, b, c, d, e]);
                let transposed = path.contains("transp_conv");
                let pack = if transposed { Packed::transposed } else { Packed::kernel };
                Some(pack(weight, bits, arithmetic))
            }
            _ => None,
        }
    }
}

impl ModuleMapper for Packer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id;
        param.map(|weight| match self.pack(weight.clone()) {
            Some(packed) => {
                self.packed.insert(id, packed);
                // One element, of which every other is a view.
                Tensor::<D>::zeros([1; D], &weight.device()).expand(weight.dims())
            }
            None => lay_out_kernel(weight),
        })
    }
}

/// Holds the matrices and kernels of `network` as integers of `precision`, multiplied as `arithmetic` says. Those of
/// sensitive layers stay floats, and so do those whose checkpoint keys are `kept`, which the file holds as floats, and
/// all of a network that is stored as floats or is not of the Swin family; what stays floats is laid out (see [`lay_out`]).
///
/// Only [`Network::forward`] knows the packed weights: they cannot be read back.
pub fn pack_integers(
    network: Network,
    precision: Precision,
    arithmetic: Arithmetic,
    kept: &[String],
) -> Network {
    let bits = match precision {
        Precision::Q8 => Bits::Eight,
        Precision::Q4 => Bits::Four,
        Precision::F32 | Precision::F16 => return lay_out(network),
    };
    match network {
        Network::Swin(network) => {
            let mut packer = Packer { path: Vec::new(), bits, arithmetic, kept, packed: HashMap::new() };
            let network = network.map(&mut packer);
            Network::Swin(network.with_integers(Integers(Arc::new(packer.packed))))
        }
        Network::Asa(network) => Network::Asa(lay_out(network)),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::super::{fill, pack, unpack};
    use super::*;
    use crate::fidelity::{named_tensor, named_weights};
    use crate::nets::Trace;
    use crate::{DecoderKind, Merge, SwinConfig};

    fn network(precision: Precision) -> Network {
        let mut config = SwinConfig::encoder(2, 12, Merge::Fixed);
        config.window = [4; 3];
        config.heads = [1, 2, 4, 8];
        config.symmetry = true;
        config.decoder = Some(DecoderKind::Subvoxel { width: 24 });
        config.out_channels = 3;
        let mut network = Network::new(&config.into(), &Device::flex()).unwrap();
        let stored = pack(&named_weights(&network), |_| precision).unwrap();
        fill(&mut network, unpack(&stored).unwrap()).unwrap();
        network
    }

    fn logits(network: &Network) -> Vec<f32> {
        let x = named_tensor("input:x", &[1, 2, 32, 32, 32]);
        let x = Tensor::<5>::from_data(burn::tensor::TensorData::new(x.values, x.shape), &Device::flex());
        let output = network.forward(x, None, &mut Trace::off());
        output.segmentation.unwrap().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn packing_gives_back_the_stored_integers() {
        for precision in [Precision::Q8, Precision::Q4] {
            let floats = network(precision);
            let packed = pack_integers(floats.clone(), precision, Arithmetic::Floats, &[]);
            let error = saswin_kernels::check::relative_l2(&logits(&floats), &logits(&packed));
            assert!(error < 1e-5, "{precision:?} {error}");
        }
    }

    /// Paths of matrices and kernels that are not packed.
    #[derive(Default)]
    struct Unpacked {
        path: Vec<String>,
        packed: HashMap<ParamId, Packed>,
        found: Vec<String>,
    }

    impl burn::module::ModuleVisitor for Unpacked {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if D > 1 && !self.packed.contains_key(&param.id) {
                self.found.push(self.path.join("."));
            }
        }
    }

    fn unpacked(arithmetic: Arithmetic, kept: &[String]) -> Unpacked {
        let Network::Swin(network) = network(Precision::F32) else { unreachable!() };
        let mut packer =
            Packer { path: Vec::new(), bits: Bits::Eight, arithmetic, kept, packed: HashMap::new() };
        let network = network.map(&mut packer);
        let mut visitor = Unpacked { packed: packer.packed, ..Unpacked::default() };
        network.visit(&mut visitor);
        visitor
    }

    #[test]
    fn sensitive_layers_stay_floats() {
        let Unpacked { packed, found, .. } = unpacked(Arithmetic::Floats, &[]);
        for path in ["swin.patch_embed.proj.weight", "decoder.subvoxel.out.conv.weight"] {
            assert!(found.iter().any(|f| f == path), "{found:?}");
        }
        assert!(found.iter().all(|path| KEPT.iter().any(|part| path.contains(part))), "{found:?}");
        // Four matrices of eight blocks, four reductions, and the decoder's kernels.
        assert_eq!(packed.len(), 4 * 8 + 4 + 4 * 2 + 4 * 4 + 3);
    }

    #[test]
    fn inputs_of_shortcuts_are_not_rounded() {
        let integers = unpacked(Arithmetic::Integers { native: false }, &[]);
        let more = integers.found.len() - unpacked(Arithmetic::Floats, &[]).found.len();
        // Four upsamplings, and the shortcuts of four blocks behind them and of the last.
        assert_eq!(more, 4 + 4 + 1, "{:?}", integers.found);
    }
    #[test]
    fn what_the_file_keeps_stays_floats() {
        let keys = ["swinViT.layers1.0.blocks.0.attn.qkv.weight", "decoder5.transp_conv.conv.weight"];
        let kept = unpacked(Arithmetic::Floats, &keys.map(str::to_owned)).found;
        for path in ["swin.layers1.0.blocks.0.attn.qkv.weight", "decoder.decoder5.transp_conv.conv.weight"] {
            assert!(kept.iter().any(|found| found == path), "{kept:?}");
        }
        assert_eq!(kept.len(), unpacked(Arithmetic::Floats, &[]).found.len() + 2);
    }
}
