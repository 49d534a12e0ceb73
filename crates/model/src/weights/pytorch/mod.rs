//! PyTorch checkpoints from their bytes: the zip container (PyTorch ≥ 1.6) and the pickle stream before it.
//!
//! Only what `torch.save` writes for dictionaries of tensors is understood; nothing in a pickle is executed.

mod archive;
mod global;
mod machine;
mod opcode;
mod tensor;

use std::collections::HashSet;

use self::archive::Storages;
use self::machine::{Heap, Object, Ref};
use super::{Weight, WeightMap};

/// Keys that training scripts store a network's tensors under.
const TOP_LEVEL: [&str; 3] = ["state_dict", "model", "net"];
/// Dictionaries inside dictionaries that are followed.
const MAX_DEPTH: usize = 8;
/// Bytes of the longest name of a tensor.
const MAX_NAME: usize = 4096;

/// Whether `bytes` begin like a PyTorch checkpoint: a zip container, or a pickle of protocol 2 to 5.
///
/// A safetensors file begins with the length of its header, whose lowest bytes may look like either; its ninth byte
/// is the header's brace, which neither has there.
pub(super) fn is_pytorch(bytes: &[u8]) -> bool {
    let safetensors = bytes.get(8) == Some(&b'{');
    !safetensors && (is_zip(bytes) || bytes.starts_with(&[0x80]))
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Every floating-point tensor as 32-bit floats, by its dotted path in the file.
///
/// # Errors
/// In plain words, with the place in the file.
pub(super) fn read(bytes: &[u8]) -> Result<WeightMap, String> {
    let (heap, root, storages) =
        if is_zip(bytes) { archive::open_zip(bytes)? } else { archive::open_stream(bytes)? };
    let root = TOP_LEVEL
        .iter()
        .filter_map(|key| heap.get(root, key))
        .find(|inner| holds_tensor(&heap, *inner))
        .unwrap_or(root);
    let mut collector = Collector {
        heap: &heap,
        storages: &storages,
        seen: HashSet::new(),
        weights: WeightMap::new(),
        left: bytes.len(),
    };
    collector.dictionary(root, "", 0)?;
    Ok(collector.weights)
}

fn holds_tensor(heap: &Heap, dictionary: Ref) -> bool {
    heap.items(dictionary).any(|(_, value)| matches!(heap.object(value), Object::Tensor(_)))
}

/// Walks dictionaries, each once, for their tensors.
struct Collector<'a> {
    heap: &'a Heap,
    storages: &'a Storages<'a>,
    seen: HashSet<Ref>,
    weights: WeightMap,
    /// Values and bytes of names and shapes that may still come: no honest file holds more than it has bytes.
    left: usize,
}

impl Collector<'_> {
    fn dictionary(&mut self, from: Ref, prefix: &str, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH || !self.seen.insert(from) {
            return Ok(());
        }
        for (key, value) in self.heap.items(from) {
            if prefix.len() + key.len() >= MAX_NAME {
                return Err(format!("a name begins with `{prefix:.80}` and is longer than {MAX_NAME} bytes"));
            }
            let name = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
            match self.heap.object(value) {
                Object::Tensor(parts) => {
                    self.tensor(&name, *parts).map_err(|reason| format!("tensor `{name}` {reason}"))?;
                }
                Object::Dictionary(_) => self.dictionary(value, &name, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn tensor(&mut self, name: &str, parts: [Ref; 4]) -> Result<(), String> {
        let tensor = self.heap.tensor(parts).ok_or("has a broken description")?;
        let bytes = self.storages.get(&*tensor.storage.key).copied();
        if let Some(values) = tensor.values(bytes)? {
            let size = values.len() + name.len() + size_of_val(&tensor.shape[..]);
            let left = self.left.checked_sub(size);
            self.left = left.ok_or("and those before it hold more than the file has bytes")?;
            self.weights.insert(name.to_owned(), Weight { shape: tensor.shape, values });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safetensors_header_of_any_length_is_no_checkpoint_of_pytorch() {
        for length in [0x4b50_u64, 0x0403_4b50, 0x280, 0x380] {
            let file = [&length.to_le_bytes()[..], b"{\"a\":1}"].concat();
            assert!(!is_pytorch(&file), "{length:#x}");
        }
        assert!(is_pytorch(b"PK\x03\x04\x14\0\0\0\0\0"));
        assert!(is_pytorch(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j"));
    }
}
