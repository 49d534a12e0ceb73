//! The few attributes that matter for reading a volume. Everything else, patient data above all, is skipped
//! unread.

use std::collections::BTreeMap;

use dicom_core::{PrimitiveValue, Tag};
use dicom_dictionary_std::tags;

/// Siemens private creator, mosaic size, and the CSA image header.
pub(super) const MOSAIC_COUNT: Tag = Tag(0x0019, 0x100A);
pub(super) const CSA_CREATOR: Tag = Tag(0x0029, 0x0010);
pub(super) const CSA_IMAGE: Tag = Tag(0x0029, 0x1010);

/// Attributes that are kept, at any depth.
const WANTED: &[Tag] = &[
    tags::TRANSFER_SYNTAX_UID,
    tags::MEDIA_STORAGE_SOP_CLASS_UID,
    tags::SPECIFIC_CHARACTER_SET,
    tags::IMAGE_TYPE,
    tags::SOP_CLASS_UID,
    tags::ACQUISITION_TIME,
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::PROTOCOL_NAME,
    tags::COMPLEX_IMAGE_COMPONENT,
    tags::CONTRAST_BOLUS_AGENT,
    tags::SLICE_THICKNESS,
    tags::ECHO_TIME,
    tags::EFFECTIVE_ECHO_TIME,
    tags::ECHO_NUMBERS,
    tags::TRIGGER_TIME,
    tags::CONVOLUTION_KERNEL,
    tags::SPACING_BETWEEN_SLICES,
    tags::DIFFUSION_B_VALUE,
    MOSAIC_COUNT,
    tags::SERIES_INSTANCE_UID,
    tags::ACQUISITION_NUMBER,
    tags::INSTANCE_NUMBER,
    tags::IMAGE_POSITION_PATIENT,
    tags::IMAGE_ORIENTATION_PATIENT,
    tags::TEMPORAL_POSITION_IDENTIFIER,
    tags::TEMPORAL_POSITION_INDEX,
    tags::STACK_ID,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::NUMBER_OF_FRAMES,
    tags::ROWS,
    tags::COLUMNS,
    tags::PIXEL_SPACING,
    tags::IMAGER_PIXEL_SPACING,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::WINDOW_CENTER,
    tags::WINDOW_WIDTH,
    tags::RESCALE_INTERCEPT,
    tags::RESCALE_SLOPE,
    CSA_CREATOR,
    CSA_IMAGE,
    tags::GRID_FRAME_OFFSET_VECTOR,
    tags::EXTENDED_OFFSET_TABLE,
];

/// Sequences whose items are kept.
const WANTED_SEQUENCES: &[Tag] = &[
    tags::CONTRAST_BOLUS_AGENT_SEQUENCE,
    tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
    tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    tags::FRAME_CONTENT_SEQUENCE,
    tags::PLANE_POSITION_SEQUENCE,
    tags::PLANE_ORIENTATION_SEQUENCE,
    tags::PIXEL_MEASURES_SEQUENCE,
    tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
    tags::FRAME_VOILUT_SEQUENCE,
    tags::MR_ECHO_SEQUENCE,
    tags::MR_IMAGE_FRAME_TYPE_SEQUENCE,
    tags::MR_DIFFUSION_SEQUENCE,
    tags::CT_RECONSTRUCTION_SEQUENCE,
    tags::MODALITY_LUT_SEQUENCE,
];

pub(super) fn is_wanted(tag: Tag) -> bool {
    WANTED.contains(&tag)
}

pub(super) fn is_wanted_sequence(tag: Tag) -> bool {
    WANTED_SEQUENCES.contains(&tag)
}

/// Kept attributes of a data set or a sequence item.
#[derive(Debug, Default)]
pub(super) struct Dataset {
    pub values: BTreeMap<Tag, PrimitiveValue>,
    pub sequences: BTreeMap<Tag, Vec<Dataset>>,
}

fn clean(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_owned()
}

impl Dataset {
    /// All values as trimmed text.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.values.get(&tag).map_or_else(Vec::new, |v| v.to_multi_str().iter().map(|s| clean(s)).collect())
    }

    /// First value as trimmed text, if not empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let value = self.values.get(&tag)?;
        let first = match value {
            PrimitiveValue::Strs(texts) => texts.first().map(|t| clean(t)),
            other => other.to_multi_str().first().map(|t| clean(t)),
        };
        first.filter(|t| !t.is_empty())
    }

    /// The first `N` values as numbers, if they are finite.
    pub fn floats<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        let values = self.values.get(&tag)?.to_multi_float64().ok()?;
        let first: [f64; N] = values.get(..N)?.try_into().ok()?;
        first.iter().all(|v| v.is_finite()).then_some(first)
    }

    /// All values as numbers.
    pub fn all_floats(&self, tag: Tag) -> Vec<f64> {
        self.values.get(&tag).and_then(|v| v.to_multi_float64().ok()).unwrap_or_default()
    }

    /// First value as a number, if finite.
    pub fn float(&self, tag: Tag) -> Option<f64> {
        self.values.get(&tag)?.to_float64().ok().filter(|v| v.is_finite())
    }

    /// First value as a whole number.
    pub fn int(&self, tag: Tag) -> Option<i64> {
        let value = self.values.get(&tag)?;
        value.to_int::<i64>().ok().or_else(|| value.to_float64().ok().map(|v| v as i64))
    }

    /// The value's bytes.
    pub fn bytes(&self, tag: Tag) -> Option<Vec<u8>> {
        self.values.get(&tag).map(|v| v.to_bytes().into_owned())
    }

    /// Items of a sequence; none if it is missing.
    pub fn items(&self, tag: Tag) -> &[Dataset] {
        self.sequences.get(&tag).map_or(&[], Vec::as_slice)
    }

    /// First item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<&Dataset> {
        self.items(tag).first()
    }
}
