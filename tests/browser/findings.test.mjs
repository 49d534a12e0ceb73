import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { analyse, exported, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";
import { ask, reachWorker } from "./worker.mjs";

test("words come first, numbers under them, provenance at the end", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  const headings = await page.locator("#report h2, #report summary").allTextContents();
  assert.equal(headings[0], "Findings");
  assert.ok((await page.locator(".words p").count()) > 0);
  assert.ok((await page.locator("tbody tr").count()) > 0);
  await page.locator("summary", { hasText: "Provenance" }).click();
  const provenance = await page.locator("details", { hasText: "SHA-256" }).textContent();
  for (const word of ["App", "Model", "Adapter", "Precision", "Preparing", "esearch use only"]) {
    assert.ok(provenance.includes(word), word);
  }
  const status = await page.locator("#announce").textContent();
  assert.match(status, /finished/);
});

test("exports hold what the panel shows, under names that say nothing of the patient", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  const report = JSON.parse(await exported(page, "json", "report.json"));
  assert.match(report.disclaimer, /research use only/i);
  const rows = page.locator(".labels tbody tr");
  const shown = await rows.count();
  assert.ok(shown > 0 && report.labels.length >= shown, `${shown} rows`);
  const [first] = report.labels;
  const cells = (await rows.first().locator("td").allTextContents()).map(Number.parseFloat);
  const near = cells.some((ml) => Math.abs(ml - first.volume_ml) <= 0.06 + 0.01 * first.volume_ml);
  assert.ok(near, `${first.volume_ml} mL of ${first.name} is none of ${cells}`);
  const nifti = gunzipSync(await exported(page, "nifti", "segmentation.nii.gz"));
  assert.equal(nifti.readInt32LE(0), 348);
  const dims = [0, 1, 2].map((axis) => nifti.readInt16LE(42 + 2 * axis));
  assert.deepEqual(dims, report.scan.dims);
  const csv = (await exported(page, "csv", "report.csv")).toString();
  assert.ok(csv.startsWith("\uFEFFkind,name,"), csv);
  assert.ok(csv.includes(first.name), csv);
});

test("what is asked of a scan is not answered with another one", async (t) => {
  const { page } = await launch(t);
  await reachWorker(page);
  await ready(page);
  await ask(page, { type: "phantom" });
  await ask(page, { type: "select", index: 0, scan: 1 });
  const plane = { point: [0, 0, 0], normal: [1, 0, 0] };
  const asked = [
    { type: "show" },
    { type: "mirror", plane },
    { type: "strip", model: "", files: [] },
  ];
  for (const request of asked) {
    const { error } = await ask(page, { ...request, scan: 2 });
    assert.equal(error?.kind, "another_scan", request.type);
  }
  assert.equal((await ask(page, { type: "show", scan: 1 })).type, "scan");
  assert.equal((await ask(page, { type: "mirror", plane, scan: 1 })).type, "mirrored");
});
