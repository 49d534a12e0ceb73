/** What the module's GPU runtime takes for granted and some browsers do not have. */
export function fillGpuGaps() {
  const adapter = globalThis.GPUAdapter?.prototype;
  if (!adapter) return;
  doWithoutTimestamps(adapter);
  doWithoutNames(adapter);
}

/** Chromium before 127 does not tell of an adapter in this way, and wgpu 30 takes it that it does. */
function doWithoutNames(adapter) {
  if ("info" in adapter) return;
  const info = { vendor: "", architecture: "", device: "", description: "" };
  Object.defineProperty(adapter, "info", { configurable: true, get: () => info });
}

const opened = new WeakSet();

/**
 * Lets the module compute on adapters without timestamps. Its GPU runtime (cubecl-wgpu 0.11) ends the module there as
 * soon as it computes, although only profiles need timestamps. It asks the adapter, once the device has been opened;
 * from then on the adapter is said to have them. The device has none, and profiles ask that one.
 */
function doWithoutTimestamps(adapter) {
  const { requestDevice } = adapter;
  adapter.requestDevice = async function (...wishes) {
    const device = await requestDevice.apply(this, wishes);
    opened.add(this);
    return device;
  };
  const { get } = Object.getOwnPropertyDescriptor(adapter, "features");
  const claimed = (features) => ({
    has: (name) => name === "timestamp-query" || features.has(name),
  });
  Object.defineProperty(adapter, "features", {
    configurable: true,
    get() {
      const features = get.call(this);
      return opened.has(this) ? claimed(features) : features;
    },
  });
}
