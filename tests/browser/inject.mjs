// Trouble, made to order in the real page: what the worker sees is changed before its first line runs.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

/** A model with random weights, as `cargo run --example tiny_model` writes it. */
const TINY = process.env.SASWIN_TINY_MODEL;

/** Why tests that need a run of the real session are left out, or `false`. */
export const noRun =
  !process.env.SASWIN_MOCK && TINY && existsSync(join(TINY, "manifest.json"))
    ? false
    : "needs the real session and SASWIN_TINY_MODEL (cargo xtask test sets it)";

/** Offers the model with random weights, and no other. `change` may edit its manifest. */
export async function offerTiny(context, change = (manifest) => manifest) {
  const manifest = change(JSON.parse(await readFile(join(TINY, "manifest.json"), "utf8")));
  const weights = await readFile(join(TINY, manifest.files[0].name));
  await context.route("**/models/index.json", (route) => route.fulfill({ json: ["tiny"] }));
  await context.route("**/models/tiny/manifest.json", (route) => route.fulfill({ json: manifest }));
  await context.route("**/models/tiny/*.safetensors*", (route) =>
    route.fulfill({ body: weights, contentType: "application/octet-stream" }),
  );
}

/** The page with the phantom open and the model with random weights chosen, after `trouble` in the worker. */
export async function tinyPage(t, query, trouble) {
  const { page } = await launch(t, {
    query,
    prepare: async (context) => {
      await offerTiny(context);
      if (trouble) await inWorker(context, trouble);
    },
  });
  await ready(page);
  await openSample(page, "Generated phantom");
  await chooseTiny(page);
  return page;
}

/** The page offers untrained models to nobody; a test takes one all the same. */
export async function chooseTiny(page) {
  await page.evaluate(() => {
    const select = document.querySelector("#models");
    for (const option of select.options) option.disabled = false;
    select.value = "tiny";
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

/** Runs `trouble` in the worker before the worker's own code. */
export async function inWorker(context, trouble, ...values) {
  const script = `(${trouble})(${values.map((value) => JSON.stringify(value)).join(", ")});\n`;
  await context.route(/\/assets\/worker-(?!client)[^/]+\.js$/, async (route) => {
    const response = await route.fetch();
    const { "content-encoding": _, "content-length": __, ...headers } = response.headers();
    await route.fulfill({ status: 200, headers, body: script + (await response.text()) });
  });
}

/** Nothing is compiled ahead, so that what is counted belongs to the run. */
export function cold() {
  self.addEventListener("message", (event) => {
    if (event.data.type === "warm") event.stopImmediatePropagation();
  });
}

/** Counts the programs that are compiled, in `self.programs`; `self.warm` once none is left to compile ahead. */
export function countPrograms() {
  self.programs = 0;
  const post = self.postMessage;
  self.postMessage = (message, ...rest) => {
    if (message.type === "warm") self.warm = true;
    post.call(self, message, ...rest);
  };
  for (const name of ["createComputePipeline", "createComputePipelineAsync"]) {
    const create = GPUDevice.prototype[name];
    GPUDevice.prototype[name] = function (descriptor) {
      self.programs += 1;
      return create.call(this, descriptor);
    };
  }
}

/** A software adapter would have to compete with the CPU; this one looks like a card. */
export function disguise() {
  const info = { vendor: "injected", architecture: "", device: "", description: "" };
  Object.defineProperty(GPUAdapter.prototype, "info", { get: () => info });
}

/** As in browsers that keep precise clocks from pages. */
export function noTimestamps() {
  const has = GPUSupportedFeatures.prototype.has;
  GPUSupportedFeatures.prototype.has = function (name) {
    return name !== "timestamp-query" && has.call(this, name);
  };
}

/** No more than the standard demands of every adapter: no features, of WGSL neither, the least limits, no names. */
export function bareAdapter() {
  GPUSupportedFeatures.prototype.has = () => false;
  const nothing = { get: () => new Set() };
  Object.defineProperty(GPU.prototype, "wgslLanguageFeatures", nothing);
  // As in Chromium before 127.
  delete GPUAdapter.prototype.info;
  const { get } = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "limits");
  const least = {
    maxBufferSize: 256 * 2 ** 20,
    maxStorageBufferBindingSize: 128 * 2 ** 20,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupSizeY: 256,
    maxComputeWorkgroupSizeZ: 64,
    maxComputeWorkgroupsPerDimension: 65535,
  };
  const limits = {
    get() {
      const own = get.call(this);
      return new Proxy(own, { get: (_, name) => least[name] ?? own[name] });
    },
  };
  Object.defineProperty(GPUAdapter.prototype, "limits", limits);
}

export function noWebGpu() {
  Object.defineProperty(WorkerNavigator.prototype, "gpu", { get: () => undefined });
}

export function noAdapter() {
  GPU.prototype.requestAdapter = async () => null;
}

export function noDevice() {
  GPUAdapter.prototype.requestDevice = async () => {
    throw new DOMException("injected refusal", "OperationError");
  };
}

/** Loses the device at each of the given read-backs, counted over all devices. */
export function loseDevice(at) {
  const request = GPUAdapter.prototype.requestDevice;
  let device = null;
  GPUAdapter.prototype.requestDevice = async function (...wishes) {
    device = await request.apply(this, wishes);
    return device;
  };
  const map = GPUBuffer.prototype.mapAsync;
  let reads = 0;
  GPUBuffer.prototype.mapAsync = function (...range) {
    reads += 1;
    if (at.includes(reads)) device.destroy();
    return map.apply(this, range);
  };
}

/** Notes the limits of the last device in `self.limits`, and counts what is read back in `self.reads`. */
export function noteDevice() {
  self.reads = 0;
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...wishes) {
    const device = await request.apply(this, wishes);
    const { maxStorageBufferBindingSize: binding, maxBufferSize: buffer } = device.limits;
    self.limits = { binding, buffer };
    return device;
  };
  const map = GPUBuffer.prototype.mapAsync;
  GPUBuffer.prototype.mapAsync = function (...range) {
    self.reads += 1;
    return map.apply(this, range);
  };
}

export function brokenShader() {
  const create = GPUDevice.prototype.createShaderModule;
  let made = 0;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    made += 1;
    const code = made === 4 ? "this is no WGSL" : descriptor.code;
    return create.call(this, { ...descriptor, code });
  };
}

export function brokenCommand() {
  const create = GPUDevice.prototype.createBuffer;
  let made = 0;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    made += 1;
    // No usage at all: the browser itself calls that invalid.
    if (made === 30) create.call(this, { size: 16, usage: 0 });
    return create.call(this, descriptor);
  };
}

/** Storage above `limit` bytes does not fit. */
export function smallMemory(limit) {
  const create = GPUDevice.prototype.createBuffer;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    if (descriptor.size <= limit) return create.call(this, descriptor);
    const error = new GPUOutOfMemoryError("injected");
    this.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
    // What the browser gives then: a buffer that only makes errors.
    for (const kind of ["validation", "out-of-memory"]) this.pushErrorScope(kind);
    const useless = create.call(this, { ...descriptor, size: 2 ** 44 });
    for (let scope = 0; scope < 2; scope++) this.popErrorScope().catch(() => {});
    return useless;
  };
}

/** Every value that is read back is no number. */
export function noNumbers() {
  const mapped = GPUBuffer.prototype.getMappedRange;
  GPUBuffer.prototype.getMappedRange = function (...range) {
    const bytes = mapped.apply(this, range);
    if (this.usage & GPUBufferUsage.MAP_READ) new Uint8Array(bytes).fill(0xff);
    return bytes;
  };
}

/** Every helper fails at its first window. */
export function crashHelpers() {
  self.Worker = class extends self.Worker {
    postMessage(message, ...rest) {
      if (message.type !== "window") super.postMessage(message, ...rest);
      else this.dispatchEvent(new ErrorEvent("error", { message: "injected crash" }));
    }
  };
}

/** Helpers get no window, and so never answer. */
export function stallHelpers() {
  self.Worker = class extends self.Worker {
    postMessage(message, ...rest) {
      if (message.type !== "window") super.postMessage(message, ...rest);
    }
  };
}
