// A network of the benchmark, `shipped`, `classifier` (the encoder pair with SACA and a class head) or `encoder` (the pair
// without a head; scan and mirror are one batch of two), in onnxruntime-web and here, in one browser, one after the other:
//
//   python tests/oracles/onnx_export.py shipped 64 FOLDER
//   npm install --prefix ORT onnxruntime-web@1.30.0
//   node tests/browser/peers.mjs shipped 64 FOLDER ORT/node_modules/onnxruntime-web/dist [rows, as 1,4,5]
//
// Not a test: it prints a table, the adapters, and ratios of warm times. The page must have been built.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { browse, serve } from "./launch.mjs";
import { ask, reachWorker } from "./worker.mjs";

/** Timed runs; a browser compiles WebAssembly anew during the first ones. */
const RUNS = { wasm: 15, cpu: 15, webgpu: 3 };
const TYPES = { ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const CHANNELS = { shipped: 2, classifier: 1, encoder: 1 };
const [network, size, folder, runtime, wanted] = process.argv.slice(2);
const side = Number(size);

/** Files of the runtime and of the exported network, isolated so that threads work. */
function serveRuntime() {
  const server = createServer((request, response) => {
    const asked = normalize(new URL(request.url, "http://x").pathname);
    const path = asked === "/" ? "/page.html" : asked;
    const file = [join(runtime, path), join(folder, path)].find((f) => existsSync(f));
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
    if (path === "/page.html") response.end("<!doctype html><title>peer</title>");
    else if (file) createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() });
    });
  });
}

/** Cold and warm milliseconds of onnxruntime-web, and its relative L2 error against PyTorch. */
function inRuntime(page, provider, threads) {
  return page.evaluate(
    async ([provider, threads, shape, runs]) => {
      const ort = await import("/ort.all.min.mjs");
      ort.env.wasm.numThreads = threads;
      ort.env.wasm.wasmPaths = "/";
      const floats = async (name) => new Float32Array(await (await fetch(name)).arrayBuffer());
      const input = async (name) => new ort.Tensor("float32", await floats(`/${name}.f32`), shape);
      const feeds = { x: await input("x"), x_flip: await input("x_flip") };
      const expected = await floats("/output.f32");
      const session = await ort.InferenceSession.create("/network.onnx", {
        executionProviders: [provider],
      });
      const times = [];
      let values;
      for (let i = 0; i <= runs; i++) {
        const start = performance.now();
        values = await (await session.run(feeds)).output.getData();
        times.push(performance.now() - start);
      }
      let [difference, norm] = [0, 0];
      for (let i = 0; i < expected.length; i++) {
        difference += (values[i] - expected[i]) ** 2;
        norm += expected[i] ** 2;
      }
      const [cold, ...warm] = times;
      warm.sort((a, b) => a - b);
      return { cold, median: warm[warm.length >> 1], error: Math.sqrt(difference / norm) };
    },
    [provider, threads, [1, CHANNELS[network], side, side, side], RUNS[provider]],
  );
}

/** The same of our page. */
async function here(page, url, backend, route) {
  await page.goto(`${url}/?backend=${backend}`);
  await reachWorker(page);
  await page.locator("#adapter .dot:is(.fast, .slow)").waitFor();
  const options = {
    networks: [network],
    features: [12],
    precisions: ["f32"],
    side,
    runs: RUNS[backend],
    plain: route === "plain",
  };
  const { bench, error } = await ask(page, { type: "bench", options });
  const failed = error ?? bench.failures[0];
  if (failed) throw new Error(failed.message);
  const found = bench.measurements.find((m) => m.route === route);
  adapters.add(`here, ${backend}: ${bench.adapter.name}`);
  return { cold: found.cold_ms, median: found.median_ms, error: found.relative_l2 };
}

/** What the browser calls the adapter that onnxruntime-web gets, by the same rule as ours (crates/web/src/adapter.rs). */
function adapter(page) {
  return page.evaluate(async () => {
    const info = (await navigator.gpu?.requestAdapter())?.info;
    const { vendor, architecture, device, description } = info ?? {};
    return [vendor, architecture, device, description].filter(Boolean).join(" ") || "none";
  });
}

const [ours, theirs, browser] = [await serve(), await serveRuntime(), await browse()];
const page = await browser.newPage();
page.setDefaultTimeout(1_200_000);
const adapters = new Set();
const rows = {
  "onnxruntime-web, wasm, 1 thread": () => inRuntime(page, "wasm", 1),
  "here, wasm, 1 thread, our loops": () => here(page, ours.url, "cpu", "shaders"),
  "here, wasm, 1 thread, burn's operations": () => here(page, ours.url, "cpu", "plain"),
  "onnxruntime-web, wasm, 2 threads": () => inRuntime(page, "wasm", 2),
  "onnxruntime-web, WebGPU": () => inRuntime(page, "webgpu", 1),
  "here, WebGPU, our shaders": () => here(page, ours.url, "webgpu", "shaders"),
  "here, WebGPU, burn's operations": () => here(page, ours.url, "webgpu", "plain"),
};
const names = Object.keys(rows);
/** Rows, by number, whose warm times are divided. */
const RATIOS = [
  [2, 1],
  [2, 3],
  [6, 5],
  [6, 7],
];
const medians = new Map();
console.log(
  `Network \`${network}\` at ${side}³, ${browser.version()}, medians of ${RUNS.cpu} runs, on WebGPU ${RUNS.webgpu}.\n`,
);
console.log("| runtime | cold ms | warm ms | error |\n|---|---|---|---|");
for (const [row, name] of names.entries()) {
  if (wanted && !wanted.split(",").includes(String(row + 1))) continue;
  try {
    if (name.startsWith("onnx")) await page.goto(theirs.url);
    if (name === "onnxruntime-web, WebGPU") adapters.add(`${name}: ${await adapter(page)}`);
    const { cold, median, error } = await rows[name]();
    medians.set(row + 1, median);
    console.log(
      `| ${name} | ${cold.toFixed(0)} | ${median.toFixed(0)} | ${error.toExponential(1)} |`,
    );
  } catch (failure) {
    console.log(`| ${name} | failed: ${String(failure.message).split("\n")[0]} | | |`);
  }
}
console.log(`\nAdapters: ${[...adapters].join("; ")}.\n`);
for (const [a, b] of RATIOS.filter((pair) => pair.every((row) => medians.has(row)))) {
  const ratio = (medians.get(a) / medians.get(b)).toFixed(2);
  console.log(`${ratio} of the time: ${names[a - 1]} beside ${names[b - 1]}`);
}
await browser.close();
ours.stop();
theirs.stop();
