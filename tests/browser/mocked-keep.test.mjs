// Needs the stand-in session: what goes on while a model is kept for offline use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, openSample, scanShown } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

/** The page with a scan open, and a model chosen that takes long to fetch. */
async function stage(t) {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  return page;
}

async function keep(page) {
  await page.locator("#models").selectOption("slow");
  await page.locator("#keep").click();
  await page.locator("#keep", { hasText: "Fetching" }).waitFor();
}

const isKept = (page) => page.locator(".note", { hasText: "kept on this device" }).waitFor();

test("while a model is kept the scan is looked at, and another one opened", { skip }, async (t) => {
  const page = await stage(t);
  await analyse(page);
  await keep(page);
  await page.locator("[data-toggle=mirror]").click();
  await page.locator(".mirror-note").waitFor();
  await openSample(page, "Generated phantom");
  assert.match(await page.locator("#keep").textContent(), /Fetching/);
  await isKept(page);
});

test("a run waits for its model to be kept, and stops without ending that", { skip }, async (t) => {
  const page = await stage(t);
  await keep(page);
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  assert.match(await page.locator("#keep").textContent(), /Fetching/);
  assert.equal(await page.locator("#keep").isVisible(), true);
  await page.locator("#cancel").click();
  await page.locator("#announce", { hasText: "Analysis cancelled." }).waitFor();
  await isKept(page);
});

test("during a run there is nothing to keep, as it keeps its model itself", { skip }, async (t) => {
  const page = await stage(t);
  await page.locator("#models").selectOption("slow");
  await page.locator("#keep").focus();
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  assert.equal(await page.locator("#keep").isVisible(), false);
  await page.locator("#cancel").click();
  await scanShown(page);
  assert.equal(await page.locator("#keep").isVisible(), true);
});
