//! The containers: where the pickle is, and where the storages are.

use std::collections::HashMap;
use std::io::Cursor;
use std::rc::Rc;

use zip::{CompressionMethod, ZipArchive};

use super::machine::{Heap, Object, Ref, unpickle};

/// Bytes of every storage by its key.
pub(super) type Storages<'a> = HashMap<Rc<str>, &'a [u8]>;

/// Objects of the pickle, the outermost one, and the storages that its tensors view.
type Opened<'a> = (Heap, Ref, Storages<'a>);

/// The magic number that opens the pickle stream of PyTorch 0.1.10 to 1.5, as the bytes of a `LONG1`.
const STREAM_MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Opens the zip container. Its entries are stored, not compressed, so that they are slices of the file.
pub(super) fn open_zip(bytes: &[u8]) -> Result<Opened<'_>, String> {
    let failed = |e: zip::result::ZipError| format!("the zip container is broken: {e}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(failed)?;
    let mut entries = HashMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(failed)?;
        let name = entry.name().map_err(failed)?.into_owned();
        if entry.compression() != CompressionMethod::Stored {
            continue;
        }
        let end = entry.data_start().and_then(|start| Some((start, start.checked_add(entry.size())?)));
        let range =
            end.and_then(|(start, end)| Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?));
        let slice = range.and_then(|range| bytes.get(range));
        entries.insert(
            name.clone(),
            slice.ok_or_else(|| format!("entry `{name}` reaches outside of the file"))?,
        );
    }
    let root = entries.keys().filter_map(|name| name.strip_suffix("data.pkl")).min_by_key(|root| root.len());
    let root = root
        .ok_or("there is no uncompressed `data.pkl` in it; if the checkpoint was zipped once more, unpack it first")?
        .to_owned();
    if entries.get(&format!("{root}byteorder")).is_some_and(|order| order.starts_with(b"big")) {
        return Err("it was written on a big-endian machine".to_owned());
    }
    let (heap, object, _) = unpickle(entries[&format!("{root}data.pkl")])?;
    let folder = format!("{root}data/");
    let storages = entries
        .into_iter()
        .filter_map(|(name, slice)| name.strip_prefix(&folder).map(|key| (key.into(), slice)))
        .collect();
    Ok((heap, object, storages))
}

/// Opens the pickle stream: magic number, version, system, object, keys, and each storage behind its length.
pub(super) fn open_stream(bytes: &[u8]) -> Result<Opened<'_>, String> {
    if !bytes.windows(STREAM_MAGIC.len()).take(64).any(|window| window == STREAM_MAGIC) {
        return Err("it is a bare pickle, not a file of `torch.save`".to_owned());
    }
    let mut rest = bytes;
    let mut next = || -> Result<(Heap, Ref), String> {
        let (heap, object, length) = unpickle(rest)?;
        rest = &rest[length..];
        Ok((heap, object))
    };
    for _ in ["magic number", "protocol version", "system"] {
        next()?;
    }
    let (heap, object) = next()?;
    let (keys_heap, keys) = next()?;
    let Object::List(keys) = keys_heap.object(keys) else {
        return Err("the list of storages is missing".to_owned());
    };
    let mut storages = Storages::new();
    for key in keys {
        let Object::Text(key) = keys_heap.object(*key) else {
            return Err("a storage has no name".to_owned());
        };
        let cut = || format!("storage `{key}` is cut off");
        let (length, behind) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let size = heap.element_size(key).unwrap_or(1);
        let length = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|n| n.checked_mul(size));
        let (storage, behind) = length.and_then(|n| behind.split_at_checked(n)).ok_or_else(cut)?;
        storages.insert(key.clone(), storage);
        rest = behind;
    }
    Ok((heap, object, storages))
}
