import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, dropFile, openFiles, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

test("a file that is no scan is named, with what to do, and the last result stays", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  const words = await page.locator(".words").textContent();
  await openFiles(page, [{ name: "notes.txt", text: "not a scan" }]);
  const banner = page.getByRole("alert");
  await banner.locator("b").waitFor();
  assert.match(await banner.locator("code").textContent(), /notes\.txt/);
  assert.ok((await banner.locator("span").textContent()).length > 10);
  assert.equal(await page.locator("body").getAttribute("data-state"), "result");
  assert.equal(await page.locator(".words").textContent(), words);
  await shoot("error");
  await banner.getByRole("button", { name: "Dismiss" }).click();
  assert.equal(await banner.locator("b").count(), 0);
});

test("a file that is dropped on the picture is opened", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await dropFile(page, "#viewer canvas", "notes.txt", "not a scan");
  await page.getByRole("alert").locator("code", { hasText: "notes.txt" }).waitFor();
  assert.equal(await page.locator("#drop").isVisible(), false);
});

test("without WebGL there is no picture, and the analysis works", async (t) => {
  const { page } = await launch(t, { prepare: withoutWebGl, expected: /webgl/i });
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.getByRole("alert").locator("[data-kind=viewer]").waitFor();
  assert.equal(await page.locator("#viewer canvas").isVisible(), false);
  await analyse(page);
  await page.locator(".words p").first().waitFor();
});

function withoutWebGl(context) {
  return context.addInitScript(() => {
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
    };
  });
}

test("a run shows its stage and how far it is", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#analyse").click();
  await page.locator(".progress .share", { hasText: /[1-9]/ }).waitFor();
  assert.notEqual(await page.locator(".progress .stage").textContent(), "");
  await shoot("running");
});

test("cancel stops the run and keeps the scan", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  // It stopped by itself: a worker that must be ended is told otherwise.
  await page.locator("#announce", { hasText: "Analysis cancelled." }).waitFor();
  await page.locator("body[data-state=scan]").waitFor();
  assert.equal(await page.getByRole("alert").locator("b").count(), 0);
  await analyse(page);
});

test("a worker that does not listen is ended, and the next run works", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  hang(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.locator("#announce", { hasText: "The run was stopped." }).waitFor();
  await page.locator("body[data-state=scan]").waitFor();
  await analyse(page);
});

test("a crash in the worker is told, and the scan can be analysed again", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  await crash(page);
  await page.getByRole("alert").locator("[data-kind=worker]").waitFor();
  await page.locator("body[data-state=scan]").waitFor();
  await ready(page);
  await analyse(page);
});

/** The one that the page started; its helpers come later. */
function worker(page) {
  return page.workers().at(0);
}

function hang(page) {
  worker(page)
    .evaluate(() => {
      for (;;);
    })
    .catch(() => {});
}

async function crash(page) {
  await worker(page).evaluate(() => {
    Promise.reject(new WebAssembly.RuntimeError("unreachable"));
  });
}
