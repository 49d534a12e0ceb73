//! What planes must share to be of one series.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dicom_dictionary_std::tags;
use saswin_volume::Modality;

use super::dataset::Dataset;
use super::plane::FrameView;

/// What two planes of one series must share.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub file: Arc<FileKey>,
    /// Echo time in microseconds.
    echo: Option<i64>,
    /// Magnitude, phase, real or imaginary.
    component: String,
    stack: String,
}

/// The part of a [`Key`] that all frames of a file have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileKey {
    pub series: String,
    pub localiser: bool,
    pub modality: Modality,
    pub description: String,
    pub notes: Vec<String>,
}

impl Hash for FileKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // What tells series apart as a rule is enough.
        (&self.series, &self.description).hash(state);
    }
}

/// The keys of a file's frames.
pub(super) struct Keys {
    file: Arc<FileKey>,
    /// That of frames that do not name their own.
    component: String,
    last: Option<Arc<Key>>,
}

impl Keys {
    pub fn of(dataset: &Dataset) -> Self {
        Self { file: Arc::new(FileKey::of(dataset)), component: component(dataset), last: None }
    }

    /// The key of a frame: that of the frame before, if it is the same.
    pub fn of_frame(&mut self, view: &FrameView) -> Arc<Key> {
        let own = Key {
            file: Arc::clone(&self.file),
            echo: echo(view),
            component: frame_component(view).unwrap_or_else(|| self.component.clone()),
            stack: view.find(tags::FRAME_CONTENT_SEQUENCE, |d| d.text(tags::STACK_ID)).unwrap_or_default(),
        };
        let key = self.last.take().filter(|last| **last == own).unwrap_or_else(|| Arc::new(own));
        self.last = Some(Arc::clone(&key));
        key
    }
}

impl FileKey {
    fn of(dataset: &Dataset) -> Self {
        let text = |tag| dataset.text(tag).unwrap_or_default();
        let description =
            dataset.text(tags::SERIES_DESCRIPTION).or_else(|| dataset.text(tags::PROTOCOL_NAME));
        let description = description.unwrap_or_default();
        let mut notes = Vec::new();
        if dataset.item(tags::MODALITY_LUT_SEQUENCE).is_some() {
            notes.push("the file's modality look-up table was not applied".to_owned());
        }
        Self {
            series: text(tags::SERIES_INSTANCE_UID),
            localiser: is_localiser(dataset, &description),
            modality: match text(tags::MODALITY).as_str() {
                "CT" => Modality::Ct,
                "MR" => Modality::Mr,
                "" => Modality::Unknown,
                _ => Modality::Other,
            },
            description,
            notes,
        }
    }
}

fn echo(view: &FrameView) -> Option<i64> {
    let time = |tag| view.find(tags::MR_ECHO_SEQUENCE, |d| d.float(tag));
    let ms = time(tags::EFFECTIVE_ECHO_TIME)
        .or_else(|| time(tags::ECHO_TIME))
        .or_else(|| time(tags::ECHO_NUMBERS));
    ms.map(|ms| (ms * 1e3).round() as i64)
}

fn frame_component(view: &FrameView) -> Option<String> {
    view.find(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE, |d| d.text(tags::COMPLEX_IMAGE_COMPONENT))
}

/// The component that the image type names.
fn component(dataset: &Dataset) -> String {
    let known = ["M", "P", "R", "I", "MAGNITUDE", "PHASE", "REAL", "IMAGINARY", "PHASE MAP"];
    let image_type = dataset.texts(tags::IMAGE_TYPE);
    image_type.into_iter().skip(2).find(|t| known.contains(&t.as_str())).unwrap_or_default()
}

fn is_localiser(dataset: &Dataset, description: &str) -> bool {
    let words = ["localizer", "localiser", "scout", "survey", "topogram", "scanogram", "surview"];
    let named = |text: &str| words.iter().any(|w| text.to_lowercase().contains(w));
    named(description) || dataset.texts(tags::IMAGE_TYPE).iter().any(|t| named(t))
}

#[cfg(test)]
mod tests {
    use dicom_core::PrimitiveValue;

    use super::*;

    #[test]
    fn frames_share_what_their_file_says() {
        let frame = |stack: &str| {
            let text = PrimitiveValue::from(stack);
            let content = Dataset { values: [(tags::STACK_ID, text)].into(), ..Dataset::default() };
            Dataset {
                sequences: [(tags::FRAME_CONTENT_SEQUENCE, vec![content])].into(),
                ..Dataset::default()
            }
        };
        let frames = ["1", "1", "2"].map(frame).into();
        let dataset = Dataset {
            sequences: [(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames)].into(),
            ..Dataset::default()
        };
        let mut keys = Keys::of(&dataset);
        let [a, b, c] = [0, 1, 2].map(|frame| keys.of_frame(&FrameView::new(&dataset, frame)));
        assert!(Arc::ptr_eq(&a, &b) && a != c && Arc::ptr_eq(&a.file, &c.file));
    }
}
