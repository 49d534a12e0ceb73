//! Models of this origin.

use saswin_model::Manifest;
use saswin_pipeline::{LoadedModel, RunError};

use crate::fetch;
use crate::protocol::{Failure, ModelOffer};

/// Where models lie, seen from the worker, which lies one folder below the page.
const ROOT: &str = "../models";

/// Every manifest that `index.json` names.
///
/// # Errors
/// If the list or a manifest cannot be read.
pub async fn list() -> Result<Vec<Manifest>, Failure> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let failed = |reason: String| {
        Failure::new("network", format!("the list of models could not be read: {reason}"), "Reload the page.")
    };
    let index = fetch::download(&format!("{ROOT}/index.json")).await.map_err(failed)?;
    let names: Vec<String> = serde_json::from_slice(&index).map_err(|e| failed(e.to_string()))?;
    let mut manifests = Vec::new();
    for name in names {
        let bytes = fetch::download(&format!("{ROOT}/{name}/manifest.json")).await.map_err(failed)?;
        let manifest = Manifest::from_json(&text(bytes)).map_err(RunError::from)?;
        // Addresses are made of names, and a second model of one name would be computed as the first.
        if manifest.name != name {
            return Err(failed(format!("the model in `{name}` says that it is `{}`", manifest.name)));
        }
        manifests.push(manifest);
    }
    Ok(manifests)
}

/// Address of a model's weights; the digest makes a new version a new address.
fn address(manifest: &Manifest) -> String {
    let file = &manifest.files[0];
    format!("{ROOT}/{}/{}?sha256={}", manifest.name, file.name, file.sha256)
}

/// Whether the weights are kept in the browser; imported ones have no file.
pub async fn is_kept(manifest: &Manifest) -> bool {
    !manifest.files.is_empty() && fetch::is_cached(&address(manifest)).await
}

/// The model as the picker shows it.
pub async fn offer(manifest: &Manifest) -> ModelOffer {
    let file = &manifest.files[0];
    ModelOffer {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        modality: manifest.modality.clone(),
        sha256: file.sha256.clone(),
        bytes: file.bytes,
        note: manifest.note.clone(),
        trained: manifest.trained,
        cached: is_kept(manifest).await,
        imported: false,
    }
}

/// An imported model as the picker shows it.
pub fn imported_offer(model: &LoadedModel) -> ModelOffer {
    let manifest = &model.manifest;
    ModelOffer {
        name: manifest.name.clone(),
        title: manifest.title.clone(),
        modality: manifest.modality.clone(),
        sha256: model.sha256.clone(),
        bytes: manifest.files.first().map_or(0, |file| file.bytes),
        note: manifest.note.clone(),
        trained: manifest.trained,
        cached: true,
        imported: true,
    }
}

/// Why weights did not come.
enum Missed {
    /// They are not wanted any more.
    Cancelled,
    /// What went wrong, in plain words.
    Broken(String),
}

impl From<String> for Missed {
    fn from(reason: String) -> Self {
        Self::Broken(reason)
    }
}

impl From<Missed> for Failure {
    fn from(missed: Missed) -> Self {
        match missed {
            Missed::Cancelled => RunError::Cancelled.into(),
            Missed::Broken(reason) => {
                let message = format!("the model could not be downloaded: {reason}");
                Self::new("network", message, "Check the connection and run again.")
            }
        }
    }
}

/// Puts the verified weights into the cache, unless they are there.
///
/// # Errors
/// If the download fails or the bytes are not those of the manifest.
pub async fn keep(manifest: &Manifest, go_on: impl FnMut(usize) -> bool) -> Result<(), Failure> {
    weights(manifest, go_on).await?;
    if is_kept(manifest).await {
        return Ok(());
    }
    let message = "the browser did not keep the model: its storage may be full or switched off";
    Err(Failure::new("storage", message, "Free some space, or allow this site to store data."))
}

/// Bytes of the default weight file from the cache or the network, with the digest that the manifest states; `go_on`
/// hears how many bytes have come and says whether the others are wanted.
///
/// # Errors
/// If the download fails or is cancelled, or the bytes are not those of the manifest.
pub async fn weights(manifest: &Manifest, mut go_on: impl FnMut(usize) -> bool) -> Result<Vec<u8>, Failure> {
    let (url, file) = (address(manifest), &manifest.files[0]);
    if let Some(bytes) = fetch::cached(&url).await {
        if Manifest::verify(file, &bytes).is_ok() {
            return Ok(bytes);
        }
        // A damaged cache is only a reason to download again.
        fetch::forget(&url).await;
    }
    let wanted = |done| if go_on(done) { Ok(()) } else { Err(Missed::Cancelled) };
    let bytes = fetch::download_while(&url, wanted).await?;
    Manifest::verify(file, &bytes).map_err(RunError::from)?;
    fetch::keep(&url, &bytes).await;
    Ok(bytes)
}

/// Forgets the weights of models and versions that are offered no more.
pub async fn tidy(manifests: &[Manifest]) {
    let offered: Vec<String> =
        manifests.iter().map(|m| address(m).trim_start_matches("..").to_owned()).collect();
    fetch::forget_except(&format!("{ROOT}/"), &offered).await;
}
