// One module for browsers with and without relaxed SIMD.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { analyse, exported } from "./actions.mjs";
import * as inject from "./inject.mjs";

const ASSETS = new URL("../../www/dist/assets/", import.meta.url);
const GENERATED = new URL("../../www/src/generated/relaxed.js", import.meta.url);
const skip = inject.noRun;

test("without its relaxed instructions the module is a valid one", {
  skip: !existsSync(GENERATED) && "needs the built page",
}, async (t) => {
  const name = readdirSync(ASSETS).find((file) => file.endsWith(".wasm"));
  const { default: others } = await import(GENERATED);
  const { HAS_RELAXED_SIMD, replaced } = await import("../../www/src/relaxed-simd.js");
  const module = readFileSync(new URL(name, ASSETS));
  t.diagnostic(`${others.length} instructions; this Node.js has them: ${HAS_RELAXED_SIMD}`);
  assert.ok(others.length > 0);
  assert.equal(WebAssembly.validate(module), HAS_RELAXED_SIMD);
  assert.ok(WebAssembly.validate(replaced(module, others)));
});

/** The label map of the phantom by the model with random weights, on the CPU. */
async function labels(t, trouble) {
  const page = await inject.tinyPage(t, "?backend=cpu&helpers=0", trouble);
  await analyse(page);
  return gunzipSync(await exported(page, "nifti", "segmentation.nii.gz"));
}

/** As a browser without relaxed SIMD; one that compiles the module as it is served would fail. */
function withoutRelaxedSimd() {
  WebAssembly.validate = () => false;
  WebAssembly.instantiateStreaming = () => Promise.reject(new Error("injected: unknown opcode"));
}

test("a browser without relaxed SIMD finds the same", { skip }, async (t) => {
  const [with_, without] = [await labels(t), await labels(t, withoutRelaxedSimd)];
  assert.equal(with_.length, without.length);
  const differing = with_.filter((value, i) => value !== without[i]).length;
  t.diagnostic(`${differing} of ${with_.length} bytes differ`);
  assert.ok(differing < 1e-3 * with_.length, `${differing} bytes differ`);
});
