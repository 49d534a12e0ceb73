// Needs the stand-in session: what is asked before the page is left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, exported, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

test("who leaves is asked during a run, and until each result was exported", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  assert.equal(await isAsked(page), true, "the run is lost");
  await page.locator("body[data-state=result]").waitFor();
  assert.equal(await isAsked(page), true, "its result is lost");
  await exported(page, "csv", "report.csv");
  await page.locator("#models").selectOption("picky");
  await page.locator("#analyse").click();
  await page.getByRole("button", { name: "Run anyway" }).click();
  await page.locator("#results button", { hasText: "Picky" }).waitFor();
  await page.locator("body[data-state=result]").waitFor();
  assert.equal(await isAsked(page), true, "the second result is lost");
  await exported(page, "brain", "brain.nii.gz");
  assert.equal(await isAsked(page), false, "nothing would be lost");
});

test("nobody is asked about a scan, once its results are gone for another", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await openSample(page, "Generated phantom");
  assert.equal(await isAsked(page), false);
});

/** Closes the page as a reader does; whether the browser asked, and so did not. */
async function isAsked(page) {
  const answer = new Promise((resolve) => {
    page.once("close", () => resolve(false));
    page.once("dialog", async (dialog) => {
      await dialog.dismiss();
      resolve(dialog.type() === "beforeunload");
    });
  });
  await page.close({ runBeforeUnload: true });
  return answer;
}
