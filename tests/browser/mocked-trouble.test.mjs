// Needs the stand-in session: what goes wrong, and what is left of it.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  analyse,
  drawn,
  fillImport,
  importWeights,
  location,
  openCt,
  openFiles,
  openSample,
  picture,
  scanShown,
} from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";
const PHONE = { width: 390, height: 844 };

test("a picture that lost its graphics is told, and drawn again on request", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await drawn(page);
  await page.locator("#viewer canvas").focus();
  await page.keyboard.press("PageUp");
  await page.locator("#viewer canvas").blur();
  await drawn(page);
  const before = await picture(page);
  const place = await location(page);
  const listeners = await resizeListeners(page);
  await page.locator("[data-toggle=mirror]").click();
  await page.locator(".mirror-note").waitFor();
  // What is opened since cannot be loaded: the scan on screen is still the first.
  await openFiles(page, [{ name: "unloadable.dcm", text: "x" }]);
  await page.getByRole("alert").getByText("This series cannot be read.").waitFor();
  await loseGraphics(page);
  const again = page.getByRole("button", { name: "Draw it again" });
  await again.waitFor();
  assert.equal(await page.locator("#viewer canvas").isVisible(), false);
  await page.locator("tbody input").first().click();
  assert.equal(await again.isVisible(), true, "another click took the message away");
  await again.click();
  await page.locator("body:not([data-blind])").waitFor();
  await page.locator("#location", { hasText: place }).waitFor();
  await drawn(page);
  assert.deepEqual(await picture(page), before);
  assert.equal(
    await page.locator(".mirror-note").isVisible(),
    false,
    "it is not mirrored any more",
  );
  assert.equal(await resizeListeners(page), listeners, "the lost viewer is still there");
  // One press is one step: nobody of before listens any more.
  await page.locator("#viewer canvas").focus();
  await page.keyboard.press("PageUp");
  await page.keyboard.press("Home");
  assert.match(await page.locator("#location").textContent(), /^0 mm R · 0 mm A · 0 mm S/);
});

function loseGraphics(page) {
  return page.evaluate(() => {
    const gl = document.querySelector("#viewer canvas").getContext("webgl2");
    gl.getExtension("WEBGL_lose_context").loseContext();
  });
}

async function resizeListeners(page) {
  const session = await page.context().newCDPSession(page);
  const { result } = await session.send("Runtime.evaluate", { expression: "window" });
  const { objectId } = result;
  const { listeners } = await session.send("DOMDebugger.getEventListeners", { objectId });
  await session.detach();
  return listeners.filter(({ type }) => type === "resize").length;
}

test("on a phone a refusal is in sight where it was asked for", { skip }, async (t) => {
  const { page, shoot } = await launch(t, { viewport: PHONE });
  await ready(page);
  await openSample(page, "Generated phantom");
  assert.ok(await inSight(page, "#viewer canvas"), "the scan that was opened is not in sight");
  await page.locator("#models").selectOption("picky");
  await page.locator("#analyse").click();
  await page.getByRole("button", { name: "Run anyway" }).waitFor();
  assert.ok(await inSight(page, "#banner .error"));
  await shoot("narrow-refusal");
});

function inSight(page, selector) {
  return page.locator(selector).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  });
}

test("runs that do not stop when asked to are ended, and the page goes on", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  for (let i = 0; i < 3; i++) {
    await page.locator("#models").selectOption("deaf");
    await page.locator("#analyse").click();
    await page.locator("body[data-state=running]").waitFor();
    await page.locator("#cancel").click();
    await scanShown(page);
  }
  await page.locator("#models").selectOption("bones");
  await analyse(page);
  assert.equal(await page.locator("#banner .error").count(), 0);
});

test("closing the form takes the import back, and the one before is there again", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await importWeights(page, "mine.pt");
  await fillImport(page, "other.pt");
  await page.evaluate(() => {
    document.querySelector("#import [type=submit]").click();
    document.querySelector("#import .actions button:not([type=submit])").click();
  });
  await page.locator("#import").waitFor({ state: "hidden" });
  await openSample(page, "Generated phantom");
  const names = await page.locator("#models option").allTextContents();
  assert.equal(names.includes("imported-other"), false);
  // The one before is there again.
  assert.equal(await page.locator("#models").inputValue(), "imported-mine");
  await analyse(page);
});

test("imported weights that went with their device are read again for the next run", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await importWeights(page, "mine.pt");
  await loseImported(page);
  await analyse(page);
  await page.locator("#results [aria-pressed=true]", { hasText: "Imported-mine" }).waitFor();
  // The run waits for them, and can be stopped as any other.
  await loseImported(page);
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  await page.locator("#cancel").click();
  await page.locator("#announce", { hasText: "Analysis cancelled." }).waitFor();
});

test("imported weights whose file has changed since are to be imported again", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  const folder = await mkdtemp(join(tmpdir(), "weights-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "mine.pt");
  await writeFile(file, "x");
  await ready(page);
  await openSample(page, "Generated phantom");
  await importWeights(page, file);
  await loseImported(page);
  await writeFile(file, "something else");
  await page.locator("#analyse").click();
  const told = page.getByRole("alert");
  await told.getByText("Import the weights again.").waitFor();
  assert.match(await told.locator("code").textContent(), /mine\.pt/);
  await importWeights(page, file);
  await analyse(page);
});

/** Another model's run costs the device on which the imported weights lie. */
async function loseImported(page) {
  const imported = await page.locator("#models").inputValue();
  await page.locator("#models").selectOption("unplugged");
  await analyse(page);
  await page.locator("#models").selectOption(imported);
}

test("scans are opened from a folder with weights in it", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [
    { name: "weights.pt", text: "x" },
    { name: "good.dcm", text: "x" },
  ]);
  await scanShown(page);
  assert.equal(await page.locator("#import").isVisible(), false);
});

test("reset brings the scan's own contrast back", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await drawn(page);
  const before = await picture(page);
  const canvas = page.locator("#viewer canvas");
  const { x, y } = await canvas.boundingBox();
  await page.mouse.move(x + 200, y + 250);
  await page.mouse.down({ button: "right" });
  await page.mouse.move(x + 240, y + 300, { steps: 4 });
  await page.mouse.up({ button: "right" });
  await drawn(page);
  assert.notDeepEqual(await picture(page), before);
  await page.getByRole("button", { name: "Reset" }).click();
  await page.mouse.move(0, 0);
  await drawn(page);
  assert.deepEqual(await picture(page), before);
});
