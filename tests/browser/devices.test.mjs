// Every way in which a graphics device fails, made to happen in the real page and its real session.
import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, exported, openSample } from "./actions.mjs";
import * as inject from "./inject.mjs";
import { launch, ready } from "./launch.mjs";

const skip = inject.noRun;
const GPU = "?backend=webgpu";

/** The page with the phantom open and the model with random weights chosen. */
async function stage(
  t,
  trouble,
  { query = GPU, values = [], change, asCard = false, ahead = false } = {},
) {
  const opened = await launch(t, {
    query,
    prepare: async (context) => {
      await inject.offerTiny(context, change);
      const first = [...(asCard ? [inject.disguise] : []), ...(ahead ? [] : [inject.cold])];
      const calls = first.map((call) => `(${call})();`).join(" ");
      await inject.inWorker(context, `(...all) => { ${calls} (${trouble})(...all); }`, ...values);
    },
  });
  await ready(opened.page);
  await openSample(opened.page, "Generated phantom");
  await inject.chooseTiny(opened.page);
  return opened;
}

async function outcome(page) {
  await analyse(page);
  const report = JSON.parse(await exported(page, "json", "report.json"));
  return { report, segmentation: await exported(page, "nifti", "segmentation.nii.gz") };
}

async function failure(page, kind) {
  const error = page.getByRole("alert").locator(`[data-kind=${kind}]`);
  await error.waitFor();
  assert.ok((await error.locator("b").textContent()).length > 20);
  assert.ok((await error.locator("span").textContent()).length > 10);
}

for (const [kind, trouble] of [
  ["webgpu_absent", inject.noWebGpu],
  ["adapter_refused", inject.noAdapter],
  ["device_refused", inject.noDevice],
]) {
  test(`${kind}: told where WebGPU was demanded, else the CPU takes over`, { skip }, async (t) => {
    const prepare = async (context) => {
      await inject.offerTiny(context);
      await inject.inWorker(context, trouble);
    };
    const demanded = await launch(t, { query: GPU, prepare });
    await failure(demanded.page, kind);
    const { page } = await launch(t, { query: "", prepare });
    await ready(page);
    assert.match(await page.locator("#adapter").textContent(), /^CPU · .+\(.{20,}\)$/);
  });
}

test("a device without timestamps computes as others do", { skip }, async (t) => {
  const { page } = await stage(t, inject.noTimestamps, { asCard: true });
  const { report } = await outcome(page);
  assert.equal(report.adapter.backend, "webgpu");
  assert.equal(report.adapter.timestamps, false);
});

test("an adapter of nothing but the standard computes as others do", { skip }, async (t) => {
  const { page } = await stage(t, inject.bareAdapter);
  const { report } = await outcome(page);
  const { backend, max_buffer: most, f16, dot, timestamps } = report.adapter;
  assert.deepEqual(
    { backend, most, f16, dot, timestamps },
    { backend: "webgpu", most: 2 ** 27, f16: false, dot: false, timestamps: false },
  );
});

test("programs are compiled while the scan is looked at, and none in the run", {
  skip,
  timeout: 600_000,
}, async (t) => {
  const options = { query: "", asCard: true, ahead: true };
  const { page } = await stage(t, inject.countPrograms, options);
  const [worker] = page.workers();
  const ask = (what) => worker.evaluate(`self.${what}`);
  while (!(await ask("warm"))) await page.waitForTimeout(100);
  const programs = await ask("programs");
  assert.ok(programs > 20, `${programs} programs`);
  await analyse(page);
  assert.equal(await ask("programs"), programs);
});

test("a device lost in mid-run is replaced, and the result is the same", { skip }, async (t) => {
  const nothing = () => {};
  const whole = await outcome((await stage(t, nothing)).page);
  assert.deepEqual(whole.report.warnings, []);
  const { page } = await stage(t, inject.loseDevice, { values: [[5]] });
  const resumed = await outcome(page);
  assert.match(resumed.report.warnings.join(), /lost.+went on at window 3 of \d+ on a new one/);
  assert.equal(resumed.report.adapter.backend, "webgpu");
  assert.deepEqual(resumed.report.probabilities, whole.report.probabilities);
  assert.deepEqual(resumed.report.labels, whole.report.labels);
  assert.deepEqual(resumed.segmentation, whole.segmentation);
});

test("a device lost twice at one window gives way to the CPU", { skip }, async (t) => {
  const values = [[5, 6]];
  const { page } = await stage(t, inject.loseDevice, { values, query: "", asCard: true });
  const { report } = await outcome(page);
  assert.equal(report.warnings.length, 2);
  assert.match(report.warnings[1], /went on at window 3 of \d+ on the CPU/);
  assert.equal(report.adapter.backend, "cpu");
});

test("a shader that does not compile is told, or the CPU goes on", { skip }, async (t) => {
  const demanded = await stage(t, inject.brokenShader);
  await demanded.page.locator("#analyse").click();
  await failure(demanded.page, "shader");
  const { page } = await stage(t, inject.brokenShader, { query: "", asCard: true });
  const { report } = await outcome(page);
  assert.match(report.warnings.join(), /cannot compile.+on the CPU/);
});

test("a command that the driver refuses is told", { skip }, async (t) => {
  const { page } = await stage(t, inject.brokenCommand);
  await page.locator("#analyse").click();
  await failure(page, "device_invalid");
});

test("where memory runs out the windows become smaller, and the report says so", {
  skip,
}, async (t) => {
  const change = (manifest) => {
    manifest.preprocessing.roi = [96, 96, 96];
    return manifest;
  };
  const { page } = await stage(t, inject.smallMemory, { values: [24e6], change });
  const { report } = await outcome(page);
  assert.match(report.warnings.join(), /memory is full; windows of 64×64×64 voxels/);
  await page.getByText("windows of 64×64×64 voxels were used instead").first().waitFor();
});

test("a rehearsed weak device runs what fits into it", { skip }, async (t) => {
  const { page } = await stage(t, inject.noteDevice, { query: `${GPU}&max_buffer_mb=128` });
  const [worker] = page.workers();
  const limits = await worker.evaluate("self.limits");
  assert.deepEqual(limits, { binding: 128 << 20, buffer: 256 << 20 });
  const { report } = await outcome(page);
  assert.equal(report.adapter.max_buffer, 128 << 20);
  assert.equal(report.adapter.tier, "software");
  assert.deepEqual(report.warnings, []);
});

test("what does not fit a rehearsed weak device is refused before the run", { skip }, async (t) => {
  const { page } = await stage(t, inject.noteDevice, { query: `${GPU}&max_buffer_mb=1` });
  await page.locator("#analyse").click();
  await failure(page, "memory");
  const [worker] = page.workers();
  assert.equal(await worker.evaluate("self.reads"), 0);
  const told = page.getByRole("alert").locator("b");
  assert.match(await told.textContent(), /takes \d+ MiB, the device takes 1 MiB in one buffer/);
});

test("output that is no number is an error, never a result", { skip }, async (t) => {
  const { page } = await stage(t, inject.noNumbers);
  await page.locator("#analyse").click();
  await failure(page, "wrong_output");
  assert.equal(await page.locator("body").getAttribute("data-state"), "scan");
});
