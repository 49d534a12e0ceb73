import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { analyse, exported, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SAMPLES = join(ROOT, "www/public/samples");
/** Bytes before the voxels of a NIfTI-1 file, as its header says. */
const voxelsOf = (nifti) => nifti.subarray(nifti.readFloatLE(108));

/** The first sample that is a real scan, as the command line reads it. */
function byCommandLine() {
  const [sample] = JSON.parse(readFileSync(join(SAMPLES, "index.json"), "utf8"));
  const out = mkdtempSync(join(tmpdir(), "saswin-twin-"));
  const program = process.env.SASWIN_CLI ?? join(ROOT, "target/release/saswin-cli");
  const file = join(SAMPLES, sample.name);
  execFileSync(program, ["run", file, "--backend", "cpu", "--out", out], { cwd: ROOT });
  const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8"));
  const [labels, mask, brain] = ["segmentation", "brain_mask", "brain"].map((name) =>
    gunzipSync(readFileSync(join(out, `${name}.nii.gz`))),
  );
  return { sample, report, labels, mask, brain };
}

test("the page and the command line say the same of a scan", async (t) => {
  const { sample, report, labels, ...stripped } = byCommandLine();
  const { page } = await launch(t, { query: "?backend=cpu" });
  await ready(page);
  await openSample(page, sample.title);
  await analyse(page);
  const shown = JSON.parse(await exported(page, "json", "report.json"));
  assert.equal(shown.model.sha256, report.model.sha256);
  const [ours, twin] = [gunzipSync(await exported(page, "nifti", "segmentation.nii.gz")), labels];
  // Size and affine.
  for (const [from, to] of [
    [40, 56],
    [76, 108],
    [252, 328],
  ]) {
    assert.deepEqual(ours.subarray(from, to), twin.subarray(from, to));
  }
  const [a, b] = [voxelsOf(ours), voxelsOf(twin)];
  assert.equal(a.length, b.length);
  assert.ok(
    a.some((v) => v > 0),
    "nothing was found",
  );
  const other = a.reduce((sum, v, i) => sum + (v !== b[i]), 0) / a.length;
  t.diagnostic(`${(100 * other).toFixed(4)} % of voxels differ`);
  assert.ok(other <= 1e-4, `${other}`);
  for (const [i, { name, volume_ml: ml }] of shown.labels.entries()) {
    const expected = report.labels[i].volume_ml;
    assert.equal(report.labels[i].name, name);
    assert.ok(Math.abs(ml - expected) <= 0.001 * expected + 0.05, `${name}: ${ml} and ${expected}`);
  }
  for (const [kind, name, bytes] of [
    ["mask", "brain_mask.nii.gz", 1],
    ["brain", "brain.nii.gz", 4],
  ]) {
    const both = [gunzipSync(await exported(page, kind, name)), stripped[kind]];
    const [ours, twin] = both.map(voxelsOf);
    assert.equal(ours.length, bytes * a.length);
    const other = ours.reduce((sum, v, i) => sum + (v !== twin[i]), 0) / ours.length;
    assert.ok(other <= 1e-4, `${name}: ${other}`);
  }
});
