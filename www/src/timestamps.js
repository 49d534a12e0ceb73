const opened = new WeakSet();

/**
 * Lets the module compute on adapters without timestamps. Its GPU runtime (cubecl-wgpu 0.11) ends the module there as
 * soon as it computes, although only profiles need timestamps. It asks the adapter, once the device has been opened;
 * from then on the adapter is said to have them. The device has none, and profiles ask that one.
 */
export function doWithoutTimestamps() {
  const adapter = globalThis.GPUAdapter?.prototype;
  if (!adapter) return;
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
