//! Which device to use in this browser, and why.

use burn::tensor::{Device, Distribution, Tensor};
use js_sys::{Function, Object, Promise, Reflect};
use saswin_pipeline::{Capabilities, DeviceTier, DeviceTrouble, Engine, RunError, is_software};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::protocol::BackendChoice;
use crate::watch;

fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(object, &key.into()).ok().filter(|v| !v.is_undefined() && !v.is_null())
}

/// What the browser says of its adapter: name, and whether it is software.
async fn browser_adapter() -> Result<(String, bool), DeviceTrouble> {
    let absent = |what: &str| DeviceTrouble::Absent(what.to_owned());
    let refused = |_| DeviceTrouble::NoAdapter("the browser's request failed".to_owned());
    let gpu = get(&js_sys::global(), "navigator").and_then(|navigator| get(&navigator, "gpu"));
    let secure = get(&js_sys::global(), "isSecureContext").is_none_or(|secure| secure.is_truthy());
    let gpu = gpu.ok_or_else(|| {
        absent(if secure {
            "this browser does not offer it"
        } else {
            "browsers offer it to https addresses only"
        })
    })?;
    let request: Function =
        get(&gpu, "requestAdapter").ok_or_else(|| absent("no requestAdapter"))?.unchecked_into();
    // As the device is asked for: a notebook's two adapters answer to different wishes.
    let wishes = Object::new();
    Reflect::set(&wishes, &"powerPreference".into(), &"high-performance".into()).map_err(refused)?;
    let promise: Promise = request.call1(&gpu, &wishes).map_err(refused)?.unchecked_into();
    let adapter = JsFuture::from(promise).await.map_err(refused)?;
    if adapter.is_null() || adapter.is_undefined() {
        return Err(DeviceTrouble::NoAdapter("the browser gives none".to_owned()));
    }
    let info = get(&adapter, "info").unwrap_or(JsValue::UNDEFINED);
    let text = |key: &str| get(&info, key).and_then(|v| v.as_string()).filter(|s| !s.is_empty());
    let parts: Vec<String> =
        ["vendor", "architecture", "device", "description"].iter().filter_map(|k| text(k)).collect();
    let name = if parts.is_empty() { "unnamed adapter".to_owned() } else { parts.join(" ") };
    let flagged =
        [&info, &adapter].iter().any(|o| get(o, "isFallbackAdapter").is_some_and(|v| v.is_truthy()));
    let software = flagged || is_software(&name);
    Ok((name, software))
}

/// Whether the browser's WGSL has `dot4I8Packed`.
fn has_dot() -> bool {
    let features = get(&js_sys::global(), "navigator")
        .and_then(|navigator| get(&navigator, "gpu"))
        .and_then(|gpu| get(&gpu, "wgslLanguageFeatures"));
    let Some((has, features)) = features.and_then(|f| Some((get(&f, "has")?, f))) else { return false };
    let found = has.unchecked_into::<Function>().call1(&features, &"packed_4x8_integer_dot_product".into());
    found.is_ok_and(|found| found.is_truthy())
}

/// Milliseconds of a small matrix product on `device`, the second time.
async fn probe(device: &Device) -> Option<f64> {
    let a = Tensor::<2>::random([512, 512], Distribution::Uniform(-1.0, 1.0), device);
    let mut last = None;
    for _ in 0..2 {
        let start = js_sys::Date::now();
        a.clone().matmul(a.clone()).sum().into_data_async().await.ok()?;
        last = Some(js_sys::Date::now() - start);
    }
    last
}

/// A WebGPU device; every call opens another one. See [`Engine::gpu`].
///
/// # Errors
/// If WebGPU is not to be had.
pub async fn webgpu(max_buffer: Option<u64>) -> Result<Engine, DeviceTrouble> {
    let (name, software) = browser_adapter().await?;
    let mut engine = watch::open(max_buffer).await?;
    engine.adapter.name = name;
    let known = engine.adapter.capabilities();
    engine.adapter.set_capabilities(Capabilities { software, dot: has_dot(), ..known });
    Ok(engine)
}

/// Opens the device; one of `max_buffer` MiB rehearses weak devices.
///
/// # Errors
/// If WebGPU was demanded and is not to be had.
pub async fn open(choice: BackendChoice, max_buffer: Option<u64>) -> Result<Engine, RunError> {
    let engine = match choice {
        BackendChoice::Cpu => Engine::cpu(Some("asked for by ?backend=cpu".to_owned())),
        BackendChoice::Webgpu => webgpu(max_buffer).await?,
        BackendChoice::Auto => match webgpu(max_buffer).await {
            Err(error) => Engine::cpu(Some(error.to_string())),
            Ok(engine) if engine.adapter.tier() != DeviceTier::Software => engine,
            Ok(engine) => faster_of(engine).await,
        },
    };
    Ok(engine.with_max_buffer(max_buffer))
}

/// A software adapter competes with the CPU backend; the winner says why.
async fn faster_of(mut gpu: Engine) -> Engine {
    let cpu = Engine::cpu(None);
    let name = &gpu.adapter.name;
    let (Some(on_gpu), Some(on_cpu)) = (probe(&gpu.device).await, probe(&cpu.device).await) else {
        let why = format!("{name} is software and did not finish a probe");
        gpu.close();
        return Engine::cpu(Some(why));
    };
    let faster = on_gpu < on_cpu;
    let than = if faster { "faster than the CPU" } else { "not faster than the CPU" };
    let why = format!(
        "{name} is software and {than}: a probe took {on_gpu:.0} ms there, {on_cpu:.0} ms on the CPU"
    );
    if !faster {
        gpu.close();
        return Engine::cpu(Some(why));
    }
    gpu.adapter.reason = Some(why);
    gpu
}
