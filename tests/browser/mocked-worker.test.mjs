// Needs the stand-in session: what is said when the worker ends, and what a fresh one cannot bring back.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { analyse, openFiles, openSample, scanShown } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

const told = (page) => page.getByRole("alert").locator("b");

/** A file on this device, which may change. */
async function file(t, name) {
  const folder = await mkdtemp(join(tmpdir(), "scans-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, name);
  await writeFile(path, "x");
  return path;
}

function crash(page) {
  return page.workers()[0].evaluate(() => {
    Promise.reject(new Error("trap"));
  });
}

test("a scan that cannot be read again after a restart is told", { skip }, async (t) => {
  const { page } = await launch(t);
  const path = await file(t, "good.dcm");
  await ready(page);
  await page.setInputFiles("#pick-files", path);
  await scanShown(page);
  await writeFile(path, "something else");
  await crash(page);
  await told(page).getByText("The scan on screen could not be read again").waitFor();
  assert.match(await page.getByRole("alert").locator("code").textContent(), /good\.dcm/);
  assert.equal(await page.locator("[data-series]").count(), 4);
});

test("series that cannot be read again after a restart are listed no more", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  const path = await file(t, "unloadable.dcm");
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.setInputFiles("#pick-files", path);
  await told(page).getByText("This series cannot be read.").waitFor();
  await writeFile(path, "something else");
  await crash(page);
  await told(page).getByText("What was opened last could not be read again").waitFor();
  assert.equal(await page.locator("[data-series]").count(), 0);
  // The scan on screen is not concerned.
  await scanShown(page);
  await page.locator("#analyse").click();
  await page.locator("body[data-state=result]").waitFor();
});

test("a scan that is read again after a restart is not spoken of", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  const restarted = page.waitForEvent("worker");
  await crash(page);
  await restarted;
  await analyse(page);
  assert.equal(await told(page).count(), 0);
});

test("a crash while a model is kept is not one of the analysis", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#models").selectOption("slow");
  await page.locator("#keep").click();
  await page.locator("#keep", { hasText: "Fetching…" }).waitFor();
  await crash(page);
  await told(page).getByText("The program for the analysis stopped unexpectedly.").waitFor();
  await page.locator("#keep", { hasText: "Keep for offline use" }).waitFor();
});

test("an export that ends with a run that must be stopped is told", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await page.locator("#models").selectOption("slow");
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  hang(page);
  await page.locator("[data-export=brain]").click();
  await page.locator("#cancel").click();
  await told(page).getByText("The export was stopped together with the run.").waitFor();
  await page.locator("body[data-state=result]").waitFor();
});

function hang(page) {
  page
    .workers()[0]
    .evaluate(() => {
      for (;;);
    })
    .catch(() => {});
}
