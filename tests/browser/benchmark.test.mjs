import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { inWorker, noTimestamps } from "./inject.mjs";
import { launch } from "./launch.mjs";

const PHONE = { width: 390, height: 844 };

/** The text of a row's cell under a heading. */
async function cell(row, heading) {
  const headings = await row.page().locator("#results > thead th").allTextContents();
  return row.locator("> td").nth(headings.indexOf(heading)).textContent();
}

test("a saved result says where it was measured, and is seen whole on a phone", async (t) => {
  const query = "benchmark.html?backend=webgpu";
  const { page, shoot } = await launch(t, { query, viewport: PHONE });
  await page.locator("#saved").selectOption({ label: "swiftshader-shipped-64" });
  await page.getByText(/on google swiftshader, \d{4}-\d\d-\d\d\.$/).waitFor();
  const heights = await page.evaluate(() =>
    ["#results", ".scroll"].map((name) => document.querySelector(name).offsetHeight),
  );
  assert.ok(heights[1] >= heights[0], `a table of ${heights[0]} in ${heights[1]} pixels`);
  const plain = page.locator("tbody tr", { hasText: "burn’s operations" }).first();
  // The plan of memory is that of our shaders.
  assert.equal(await cell(plain, "Planned"), "–");
  await shoot("benchmark-narrow");
});

test("a suite that is cancelled is said to be", async (t) => {
  const { page } = await launch(t, { query: "benchmark.html?backend=webgpu" });
  await page.locator("#whole:enabled").click();
  await page.locator("#progress", { hasText: "1 of 28" }).waitFor();
  await page.locator("#cancel").click();
  await page.locator("#progress", { hasText: "Cancelled." }).waitFor();
});

/** Measures with other options, without what takes a software adapter long. */
function measureWith(options) {
  self.addEventListener("message", ({ data }) => {
    if (data.type === "bench") Object.assign(data.options, options);
  });
}

test("a subject too large for a rehearsed weak device is told, and the others are measured", async (t) => {
  const query = "benchmark.html?backend=webgpu&max_buffer_mb=1";
  const prepare = (context) => inWorker(context, measureWith, { plain: false, profile: false });
  const { page } = await launch(t, { query, prepare });
  await page.getByText("Choose what to measure").click();
  await page.getByRole("checkbox", { name: "shipped" }).uncheck();
  for (const network of ["classifier", "segmenter"])
    await page.getByRole("checkbox", { name: network }).check();
  await page.getByRole("radio", { name: "32" }).check();
  await page.getByRole("radio", { name: "1", exact: true }).check();
  await page.locator("#run:enabled").click();
  await page.getByText("Not measured: 1 subject").waitFor({ timeout: 600_000 });
  const rows = page.locator("#results > tbody > tr");
  assert.equal(await cell(rows.first(), "Network"), "classifier");
  const reason = /^segmenter, feature size 12, f32: .+ the device takes 1 MiB in one buffer$/;
  assert.match(await page.locator("#missing li").first().textContent(), reason);
});

test("a device without timestamps is measured, its passes are counted and not timed", async (t) => {
  const trouble = `(options) => { (${noTimestamps})(); (${measureWith})(options); }`;
  const prepare = (context) => inWorker(context, trouble, { plain: false });
  const { page } = await launch(t, { query: "benchmark.html?backend=webgpu", prepare });
  await page.getByText("Choose what to measure").click();
  await page.getByRole("radio", { name: "32" }).check();
  await page.getByRole("radio", { name: "1", exact: true }).check();
  await page.locator("#run:enabled").click();
  await page.getByText("Finished.").waitFor({ timeout: 600_000 });
  await page
    .getByText("not timed: this device has no timestamps")
    .first()
    .waitFor({ state: "attached" });
});

test("the benchmark page runs a suite, shows it and gives it as JSON", async (t) => {
  const { page, shoot } = await launch(t, { query: "benchmark.html?backend=webgpu" });
  await page.locator("#quick:enabled").waitFor();
  assert.ok(
    await page.locator("#software").isVisible(),
    "the adapter is software and not said to be",
  );
  await page.getByText("Choose what to measure").click();
  await page.getByRole("radio", { name: "32" }).check();
  await page.getByRole("radio", { name: "1", exact: true }).check();
  await page.locator("#run").click();
  await page.getByText("Finished.").waitFor({ timeout: 600_000 });

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("#save").click(),
  ]);
  const bench = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.match(bench.suite, /^saswin-bench \d+$/);
  assert.equal(bench.adapter.software, true);
  assert.ok(bench.ceiling.gflops > 0 && bench.ceiling.gbps > 0);
  assert.deepEqual(
    bench.measurements.map((m) => m.route),
    ["shaders", "plain"],
  );
  for (const m of bench.measurements) {
    assert.ok(m.relative_l2 <= 1e-4, `${m.route}: ${m.relative_l2}`);
    assert.ok(m.share > 0 && m.share < 1.5, `${m.route}: ${m.share} of the ceiling`);
    assert.equal(m.gbps > 0, m.route === "shaders");
    assert.ok(m.held_bytes > m.planned_largest_bytes);
    assert.equal(m.same_argmax, 1);
    assert.ok(m.min_ms <= m.median_ms && m.median_ms <= m.max_ms);
  }
  assert.match(bench.browser, /Chrome\/\d+/);
  const rows = page.locator("#results > tbody > tr");
  assert.equal(await rows.count(), 2);
  assert.equal(await cell(rows.first(), "Same class"), "100 %");
  assert.match(await cell(rows.first(), "Held"), /^\d+ MB$/);
  assert.match(await cell(rows.first(), "GB/s"), /^\d/);
  await rows.first().locator("summary").click();
  assert.equal(
    await rows.first().locator(".passes tr").count(),
    bench.measurements[0].profile.passes.length,
  );

  await page.locator("#saved").selectOption({ label: "swiftshader-shipped-64" });
  await page.getByRole("columnheader", { name: /swiftshader: not comparable/ }).waitFor();
  await shoot("benchmark");
});
