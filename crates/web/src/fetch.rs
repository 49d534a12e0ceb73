//! Downloads from the page's own origin, kept in Cache Storage.

use gloo::timers::callback::Timeout;
use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, DedicatedWorkerGlobalScope, ReadableStreamDefaultReader, Request, Response};

/// Name of the cache that holds weights.
const CACHE: &str = "saswin-models";

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// What JavaScript threw.
pub(crate) fn words(error: &JsValue) -> String {
    error
        .as_string()
        .or_else(|| Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string()))
        .unwrap_or_else(|| format!("{error:?}"))
}

async fn cache() -> Option<Cache> {
    let caches = scope().caches().ok()?;
    JsFuture::from(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

/// Whether `url` is in the cache.
pub async fn is_cached(url: &str) -> bool {
    let Some(cache) = cache().await else { return false };
    JsFuture::from(cache.match_with_str(url)).await.is_ok_and(|hit| !hit.is_undefined())
}

/// Bytes of `url` from the cache.
pub async fn cached(url: &str) -> Option<Vec<u8>> {
    let cache = cache().await?;
    let hit = JsFuture::from(cache.match_with_str(url)).await.ok()?;
    let response: Response = hit.dyn_into().ok()?;
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Keeps verified bytes under `url`. A full disk only costs a later download.
pub async fn keep(url: &str, bytes: &[u8]) {
    let Some(cache) = cache().await else { return };
    let array = Uint8Array::from(bytes);
    if let Ok(response) = Response::new_with_opt_buffer_source(Some(&array)) {
        let _ = JsFuture::from(cache.put_with_str(url, &response)).await;
    }
}

/// Forgets `url`.
pub async fn forget(url: &str) {
    if let Some(cache) = cache().await {
        let _ = JsFuture::from(cache.delete_with_str(url)).await;
    }
}

/// Forgets every address in `folder` that ends with none of `kept`. Other pages of this origin keep theirs here, too.
pub async fn forget_except(folder: &str, kept: &[String]) {
    let (Some(cache), Ok(folder)) = (cache().await, Request::new_with_str(folder)) else { return };
    let folder = folder.url();
    let Ok(requests) = JsFuture::from(cache.keys()).await else { return };
    for request in Array::from(&requests).iter().filter_map(|r| r.dyn_into::<Request>().ok()) {
        let url = request.url();
        if url.starts_with(&folder) && !kept.iter().any(|end| url.ends_with(end)) {
            let _ = JsFuture::from(cache.delete_with_str(&url)).await;
        }
    }
}

/// A connection that brings nothing for so long brings nothing any more.
const PATIENCE_SECONDS: u32 = 30;

/// What `promise` brings.
async fn within_patience(promise: Promise) -> Result<JsValue, String> {
    let mut timer = None;
    let silence = Promise::new(&mut |_, reject| {
        timer = Some(Timeout::new(1000 * PATIENCE_SECONDS, move || {
            let reason = format!("nothing came for {PATIENCE_SECONDS} seconds");
            let _ = reject.call1(&JsValue::NULL, &reason.into());
        }));
    });
    let answer = JsFuture::from(Promise::race(&Array::of2(&promise, &silence))).await;
    drop(timer);
    answer.map_err(|e| words(&e))
}

/// Downloads `url`.
///
/// # Errors
/// In plain words, if the server or the connection fails, or is silent for long.
pub async fn download(url: &str) -> Result<Vec<u8>, String> {
    download_while(url, |_| Ok(())).await
}

/// Downloads `url`; `go_on` hears how many bytes have come, and an error of it ends the download.
///
/// # Errors
/// That one; in plain words, if the server or the connection fails, or is silent for long.
pub async fn download_while<E: From<String>>(
    url: &str,
    mut go_on: impl FnMut(usize) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let answer = within_patience(scope().fetch_with_str(url)).await?;
    let response: Response = answer.dyn_into().map_err(|e| words(&e))?;
    if !response.ok() {
        return Err(format!("the server answered {} for {url}", response.status()).into());
    }
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let chunk = within_patience(reader.read()).await?;
        let done = Reflect::get(&chunk, &"done".into()).is_ok_and(|d| d.is_truthy());
        if done {
            return Ok(bytes);
        }
        let value = Reflect::get(&chunk, &"value".into()).map_err(|e| words(&e))?;
        bytes.extend(Uint8Array::new(&value).to_vec());
        if let Err(unwanted) = go_on(bytes.len()) {
            let _ = JsFuture::from(reader.cancel()).await;
            return Err(unwanted);
        }
    }
}
