//! Siemens CSA header ("SV10"): the number of mosaic tiles and the direction they are stacked in.

/// What a mosaic needs to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mosaic {
    pub tiles: usize,
    /// Direction from one tile to the next, in patient coordinates (LPS).
    pub normal: Option<[f64; 3]>,
}

/// Reads the CSA image header. None if it is no such header or names no mosaic.
pub(super) fn read(bytes: &[u8]) -> Option<Mosaic> {
    if !bytes.starts_with(b"SV10") {
        return None;
    }
    let count = word(bytes, 8)?;
    let mut at = 16;
    let mut tiles = None;
    let mut normal = None;
    for _ in 0..count.min(128) {
        let name = bytes.get(at..at + 64)?;
        let items = word(bytes, at + 76)?;
        at += 84;
        let mut values = Vec::new();
        for _ in 0..items.min(4096) {
            let length = word(bytes, at + 4)?;
            at += 16;
            let text = bytes.get(at..at.checked_add(length)?)?;
            values.extend(number(text));
            at += length.next_multiple_of(4);
        }
        match name.split(|&b| b == 0).next() {
            Some(b"NumberOfImagesInMosaic") => tiles = values.first().copied(),
            Some(b"SliceNormalVector") => normal = values.first_chunk::<3>().copied(),
            _ => {}
        }
    }
    let tiles = tiles.filter(|t| (1.0..=4096.0).contains(t))? as usize;
    Some(Mosaic { tiles, normal })
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(*bytes.get(at..at.checked_add(4)?)?.first_chunk()?) as usize)
}

fn number(text: &[u8]) -> Option<f64> {
    let text = text.split(|&b| b == 0).next()?;
    std::str::from_utf8(text).ok()?.trim().parse().ok().filter(|v: &f64| v.is_finite())
}
