//! Shapes of a network's parameters, known before any of them has values.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, Tensor};
use burn_store::burn_pack::Error;
use burn_store::{BurnToPyTorchAdapter, ModuleAdapter, ModuleContext, ModuleSnapshot, bridge};

use super::Family;
use crate::nets::Network;

/// Shape in PyTorch's layout of every parameter, ordered by checkpoint key. Nothing is allocated for them.
pub fn shapes(network: &Network) -> Vec<(String, Vec<usize>)> {
    shapes_part(network, network.family(), "")
}

/// Number of every parameter within the module, by checkpoint key.
pub fn ids(network: &Network) -> BTreeMap<String, ParamId> {
    let mut visitor = Shapes::default();
    Module::visit(network, &mut visitor);
    let key = |path: &str| network.family().to_torch(path);
    visitor.found.iter().map(|found| (key(&found.path), found.id)).collect()
}

/// [`shapes`] for a part of a network that lies at `prefix` in the whole.
pub(crate) fn shapes_part(
    network: &impl ModuleSnapshot,
    family: Family,
    prefix: &str,
) -> Vec<(String, Vec<usize>)> {
    let mut visitor = Shapes::default();
    network.visit(&mut visitor);
    let key = |path: &str| family.to_torch(&format!("{prefix}{path}"));
    let mut shapes: Vec<_> = visitor.found.into_iter().map(|f| (key(&f.path), f.shape)).collect();
    shapes.sort();
    shapes
}

/// Walks as burn-store's collector does. That one gives each parameter its random values to learn its shape, so that
/// a small file could ask for the memory of the largest network.
#[derive(Default)]
struct Shapes {
    path: Vec<String>,
    containers: Vec<String>,
    found: Vec<Found>,
}

struct Found {
    path: String,
    shape: Vec<usize>,
    id: ParamId,
}

/// Variants of enumerations have no name in paths.
fn is_named(container: &str) -> bool {
    !container.starts_with("Enum:")
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.containers.push(container.to_owned());
        if is_named(container) {
            self.path.push(name.to_owned());
        }
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        self.containers.pop();
        if is_named(container) {
            self.path.pop();
        }
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = || Err(Error::ValidationError("only the shape was asked for".to_owned()));
        let tensor = bridge::deferred(self.path.join("."), DType::F32, param.lazy_shape(), None, values);
        let tensor = BurnToPyTorchAdapter.adapt(tensor, ModuleContext::new(&self.containers));
        self.found.push(Found { path: tensor.name, shape: tensor.shape.to_vec(), id: param.id });
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::super::{WeightMap, collect, fill};
    use super::*;
    use crate::{Architecture, AsaConfig, ClassHead, DecoderKind, Merge, Pool, Position, SwinConfig};

    fn networks() -> Vec<Network> {
        let mut full = SwinConfig::encoder(1, 12, Merge::Legacy);
        (full.symmetry, full.pretraining, full.use_v2) = (true, true, true);
        (full.decoder, full.out_channels) = (Some(DecoderKind::Full), 2);
        full.class_head = Some(ClassHead { outputs: 2, pool: Pool::Mean });
        let subvoxel = SwinConfig {
            decoder: Some(DecoderKind::Subvoxel { width: 16 }),
            pretraining: false,
            ..full.clone()
        };
        let asa = AsaConfig {
            hidden_size: 24,
            feature_size: Some(2),
            out_channels: 2,
            ..AsaConfig::encoder(1, Position::Symmetric1d)
        };
        let reconstructing =
            AsaConfig { feature_size: None, out_channels: 0, pretraining: true, ..asa.clone() };
        let all: [Architecture; 4] = [full.into(), subvoxel.into(), asa.into(), reconstructing.into()];
        all.iter().map(|config| Network::new(config, &Device::flex()).unwrap()).collect()
    }

    struct Built(usize);

    impl ModuleVisitor for Built {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 += usize::from(param.is_initialized());
        }
    }

    #[test]
    fn nothing_is_built_for_weights_that_do_not_fit() {
        for mut network in networks() {
            assert!(!shapes(&network).is_empty());
            assert!(fill(&mut network, WeightMap::new()).is_err());
            let mut built = Built(0);
            network.visit(&mut built);
            assert_eq!(built.0, 0);
        }
    }

    #[test]
    fn shapes_are_those_of_the_values() {
        for network in networks() {
            let values = collect(&network).unwrap();
            let expected: Vec<_> = values.into_iter().map(|(key, weight)| (key, weight.shape)).collect();
            assert_eq!(shapes(&network), expected);
        }
    }
}
