//! DICOM files from lists of elements.

/// How the data set is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Implicit,
    Explicit,
    Big,
    Deflated,
}

/// A value of an element.
#[derive(Clone)]
pub enum Value {
    Text(&'static str, String),
    Shorts(&'static str, Vec<u16>),
    Bytes(&'static str, Vec<u8>),
    Items(Vec<Vec<Element>>),
    /// Items of a sequence that is written as UN in undefined or defined length.
    Unknown(Vec<Vec<Element>>, bool),
    Fragments(Vec<Vec<u8>>),
}

/// Tag and value.
pub type Element = ((u16, u16), Value);

pub fn text(tag: (u16, u16), vr: &'static str, value: &str) -> Element {
    (tag, Value::Text(vr, value.to_owned()))
}

pub fn short(tag: (u16, u16), value: u16) -> Element {
    (tag, Value::Shorts("US", vec![value]))
}

pub fn items(tag: (u16, u16), items: Vec<Vec<Element>>) -> Element {
    (tag, Value::Items(items))
}

pub fn decimals(tag: (u16, u16), values: &[f64]) -> Element {
    let text: Vec<String> = values.iter().map(|v| format!("{v}")).collect();
    (tag, Value::Text("DS", text.join("\\")))
}

/// Writes elements one after another.
struct Writer {
    out: Vec<u8>,
    implicit: bool,
    big: bool,
}

impl Writer {
    fn short(&mut self, value: u16) {
        self.out.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn long(&mut self, value: u32) {
        self.out.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn header(&mut self, (group, element): (u16, u16), vr: &str, length: u32) {
        self.short(group);
        self.short(element);
        if self.implicit {
            return self.long(length);
        }
        self.out.extend(vr.as_bytes());
        if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "OF") {
            self.short(0);
            self.long(length);
        } else {
            self.short(length as u16);
        }
    }

    fn element(&mut self, (tag, value): &Element) {
        match value {
            Value::Text(vr, text) => {
                let pad = if *vr == "UI" { '\0' } else { ' ' };
                let mut text = text.clone();
                if text.len() % 2 == 1 {
                    text.push(pad);
                }
                self.header(*tag, vr, text.len() as u32);
                self.out.extend(text.as_bytes());
            }
            Value::Shorts(vr, values) => {
                self.header(*tag, vr, 2 * values.len() as u32);
                values.iter().for_each(|&v| self.short(v));
            }
            Value::Bytes(vr, bytes) => {
                self.header(*tag, vr, bytes.len() as u32);
                self.out.extend(bytes);
            }
            Value::Items(items) => {
                self.header(*tag, "SQ", u32::MAX);
                self.items(items);
            }
            Value::Unknown(items, undefined) => {
                let mut inner = Writer { out: Vec::new(), implicit: true, big: false };
                inner.items(items);
                self.header(*tag, "UN", if *undefined { u32::MAX } else { inner.out.len() as u32 });
                self.out.extend(inner.out);
            }
            Value::Fragments(fragments) => {
                self.header(*tag, "OB", u32::MAX);
                for fragment in fragments {
                    self.item(0xE000, fragment.len() as u32);
                    self.out.extend(fragment);
                }
                self.item(0xE0DD, 0);
            }
        }
    }

    /// Undefined length outside, defined length for every second item: both forms get read.
    fn items(&mut self, items: &[Vec<Element>]) {
        for (index, item) in items.iter().enumerate() {
            let mut inner = Writer { out: Vec::new(), implicit: self.implicit, big: self.big };
            item.iter().for_each(|e| inner.element(e));
            let open = index % 2 == 0;
            self.item(0xE000, if open { u32::MAX } else { inner.out.len() as u32 });
            self.out.extend(inner.out);
            if open {
                self.item(0xE00D, 0);
            }
        }
        self.item(0xE0DD, 0);
    }

    fn item(&mut self, element: u16, length: u32) {
        self.short(0xFFFE);
        self.short(element);
        self.long(length);
    }
}

/// A whole file with preamble and meta group. `syntax` overrides the UID that `encoding` implies.
pub fn write(elements: &[Element], encoding: Encoding, syntax: Option<&str>) -> Vec<u8> {
    let uid = syntax.unwrap_or(match encoding {
        Encoding::Implicit => "1.2.840.10008.1.2",
        Encoding::Explicit => "1.2.840.10008.1.2.1",
        Encoding::Big => "1.2.840.10008.1.2.2",
        Encoding::Deflated => "1.2.840.10008.1.2.1.99",
    });
    let mut meta = Writer { out: vec![0; 128], implicit: false, big: false };
    meta.out.extend(b"DICM");
    meta.element(&text((2, 2), "UI", "1.2.840.10008.5.1.4.1.1.4"));
    meta.element(&text((2, 0x10), "UI", uid));
    let set = dataset(elements, encoding);
    if encoding == Encoding::Deflated {
        use std::io::Write;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&set).unwrap();
        meta.out.extend(encoder.finish().unwrap());
    } else {
        meta.out.extend(set);
    }
    meta.out
}

/// The bare data set, elements in tag order.
pub fn dataset(elements: &[Element], encoding: Encoding) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    sorted.sort_by_key(|(tag, _)| *tag);
    let (implicit, big) = (encoding == Encoding::Implicit, encoding == Encoding::Big);
    let mut writer = Writer { out: Vec::new(), implicit, big };
    sorted.iter().for_each(|e| writer.element(e));
    writer.out
}

/// One axial slice of a classic series. `position` is in DICOM's LPS millimetres.
#[derive(Clone)]
pub struct SliceSpec {
    pub series: &'static str,
    pub modality: &'static str,
    pub columns: u16,
    pub rows: u16,
    pub position: [f64; 3],
    pub orientation: [f64; 6],
    pub number: u16,
    pub pixels: Vec<u16>,
    pub extra: Vec<Element>,
}

impl Default for SliceSpec {
    fn default() -> Self {
        Self {
            series: "1.2.3",
            modality: "MR",
            columns: 4,
            rows: 3,
            position: [0.0; 3],
            orientation: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            number: 1,
            pixels: (0..12).collect(),
            extra: Vec::new(),
        }
    }
}

impl SliceSpec {
    /// Elements of the slice; those of `extra` replace the usual ones of the same tag.
    pub fn elements(&self) -> Vec<Element> {
        let mut all = vec![
            text((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\M"),
            text((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.4"),
            text((0x0008, 0x0060), "CS", self.modality),
            text((0x0008, 0x103E), "LO", "t1 head"),
            text((0x0010, 0x0010), "PN", "SECRET^PATIENT"),
            text((0x0018, 0x0050), "DS", "5"),
            text((0x0020, 0x000E), "UI", self.series),
            text((0x0020, 0x0013), "IS", &self.number.to_string()),
            decimals((0x0020, 0x0032), &self.position),
            decimals((0x0020, 0x0037), &self.orientation),
            short((0x0028, 0x0002), 1),
            text((0x0028, 0x0004), "CS", "MONOCHROME2"),
            short((0x0028, 0x0010), self.rows),
            short((0x0028, 0x0011), self.columns),
            decimals((0x0028, 0x0030), &[2.0, 1.5]),
            short((0x0028, 0x0100), 16),
            short((0x0028, 0x0101), 16),
            short((0x0028, 0x0102), 15),
            short((0x0028, 0x0103), 0),
            (PIXELS, Value::Shorts("OW", self.pixels.clone())),
        ];
        all.retain(|(tag, _)| !self.extra.iter().any(|(other, _)| other == tag));
        all.extend(self.extra.clone());
        all
    }

    pub fn bytes(&self) -> Vec<u8> {
        write(&self.elements(), Encoding::Explicit, None)
    }
}

pub const PIXELS: (u16, u16) = (0x7FE0, 0x0010);
