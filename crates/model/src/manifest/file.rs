//! A weight file, and how its tensors are stored.

use serde::{Deserialize, Serialize};

use super::sha256_hex;
use crate::weights::{PackError, Precision, WeightMap, pack};

/// A file that belongs to the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Name inside the model's folder.
    pub name: String,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// How its matrices are stored.
    pub precision: Precision,
    /// Keys of matrices that are 16-bit floats all the same, since the network bears their rounding badly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

impl FileEntry {
    /// Packs `weights` at `precision`, but for the matrices `kept`, for a file of this name; gives its bytes, too.
    ///
    /// # Errors
    /// If the container refuses a tensor.
    pub fn pack(
        name: String,
        weights: &WeightMap,
        precision: Precision,
        kept: Vec<String>,
    ) -> Result<(Self, Vec<u8>), PackError> {
        let mut entry = Self { name, sha256: String::new(), bytes: 0, precision, kept };
        let bytes = pack(weights, |key| entry.precision_of(key))?;
        entry.sha256 = sha256_hex(&bytes);
        entry.bytes = bytes.len() as u64;
        Ok((entry, bytes))
    }

    /// A file of 32-bit floats.
    pub fn of_floats(name: String, bytes: &[u8]) -> Self {
        let (sha256, precision) = (sha256_hex(bytes), Precision::F32);
        Self { name, sha256, bytes: bytes.len() as u64, precision, kept: Vec::new() }
    }

    /// How the matrix `key` is stored.
    pub fn precision_of(&self, key: &str) -> Precision {
        if self.kept.iter().any(|kept| kept == key) { Precision::F16 } else { self.precision }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{Weight, unpack};

    #[test]
    fn what_is_kept_is_stored_in_halves_and_said() {
        let weight = Weight { shape: vec![2, 3], values: vec![0.11, 0.52, -0.93, 0.24, 0.75, 0.36] };
        let weights = WeightMap::from([("a".to_owned(), weight.clone()), ("b".to_owned(), weight)]);
        let kept = vec!["a".to_owned()];
        let (entry, bytes) = FileEntry::pack("w".into(), &weights, Precision::Q4, kept).unwrap();
        let back = unpack(&bytes).unwrap();
        let worst = |key: &str| {
            let pairs = back[key].values.iter().zip(&weights[key].values);
            pairs.map(|(found, value)| (found - value).abs()).fold(0.0, f32::max)
        };
        assert!(worst("a") < 5e-4 && worst("b") > 1e-2, "{} {}", worst("a"), worst("b"));
        let json = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<FileEntry>(&json).unwrap(), entry);
        let (plain, _) = FileEntry::pack("w".into(), &weights, Precision::Q4, Vec::new()).unwrap();
        assert!(
            !serde_json::to_string(&plain).unwrap().contains("kept"),
            "manifests of old stay as they are"
        );
    }
}
