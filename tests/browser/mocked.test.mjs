// Needs the stand-in session: several series, CT, an unsuitable scan.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  analyse,
  drawn,
  dropFile,
  exported,
  importWeights,
  location,
  openCt,
  openFiles,
  openSample,
  picture,
  scanShown,
} from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const pressed = "[data-series][aria-pressed=true]";
const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

test("several series are listed, the best is shown, another can be picked", { skip }, async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  assert.equal(await page.locator("[data-series]").count(), 4);
  assert.equal(await page.locator("[data-series='0']").getAttribute("aria-pressed"), "true");
  assert.equal(await page.locator("#windows").isVisible(), false);
  await page.locator("[data-series='1']").click();
  await page.locator("#windows").waitFor();
  await page.getByText("Gantry tilt of 18.5° was resampled").waitFor();
  await drawn(page);
  await shoot("series");
  const brain = await picture(page);
  await page.locator("[data-window=Bone]").click();
  await drawn(page);
  assert.notDeepEqual(await picture(page), brain);
});

test("an unsuitable scan is refused by name and can be run all the same", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  await page.locator("#models").selectOption("picky");
  await page.locator("#analyse").click();
  await page.getByRole("button", { name: "Run anyway" }).click();
  await page.locator("body[data-state=result]").waitFor();
  await page.locator("[data-series='2']").click();
  await scanShown(page);
  assert.equal(await page.locator("#models").inputValue(), "picky", "the reader's choice is lost");
});

test("an opening that another one overtakes is listed, should that one fail", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.evaluate(() => {
    const input = document.querySelector("#pick-files");
    for (const name of ["good.dcm", "notes.txt"]) {
      const picked = new DataTransfer();
      picked.items.add(new File(["x"], name));
      input.files = picked.files;
      input.dispatchEvent(new Event("change"));
    }
  });
  await page.getByRole("alert").locator("code", { hasText: "notes.txt" }).waitFor();
  assert.equal(await page.locator("[data-series]").count(), 4);
  assert.equal(await page.locator(pressed).count(), 0, "no card is of the scan on screen");
  assert.equal(await page.locator("body").getAttribute("data-state"), "scan");
});

test("a trap while reading is told, and what was open before still is", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await openFiles(page, [{ name: "trap.dcm", text: "x" }]);
  await page.getByRole("alert").getByText("Reading stopped").waitFor();
  await analyse(page);
});

test("too much is refused before it is read", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x".repeat(1_100_000) }]);
  await page.getByRole("alert").locator("[data-kind=limits]").waitFor();
  assert.equal(await page.locator("body").getAttribute("data-state"), "empty");
});

/** The crosshair is to be within 0.2 mm of a place, so many millimetres to these sides. */
async function crosshairAt(page, sides, wanted) {
  const near = await page.waitForFunction((sides) => {
    const [x, y, z] = sides;
    const place = `^([\\d.]+) mm ${x} · ([\\d.]+) mm ${y} · ([\\d.]+) mm ${z}`;
    const numbers = document.querySelector("#location").textContent.match(new RegExp(place));
    return numbers?.slice(1).map(Number);
  }, sides);
  const at = await near.jsonValue();
  for (const [axis, mm] of wanted.entries()) {
    assert.ok(Math.abs(at[axis] - mm) <= 0.2, `${at} is not ${wanted} ${sides}`);
  }
}

test("what a run reports is brought into sight, unless the reader looks at something", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await crosshairAt(page, "LAS", [23.5, 10, 12]);
  await page.locator(".places button").nth(1).click();
  await crosshairAt(page, "RPS", [28.5, 20, 18]);
  await analyse(page);
  await drawn(page);
  await crosshairAt(page, "RPS", [28.5, 20, 18]);
});

test("a piece of a finding moves the crosshair to itself", { skip }, async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  assert.match(await location(page), /from the scanner’s origin/);
  await analyse(page);
  assert.doesNotMatch(await location(page), /scanner/);
  await page.getByText("Where · 3 pieces").waitFor();
  // Beside a midline shift, a head that lies off the middle is no shifted brain.
  await page.getByText("The head lies 1.4 mm off the scan’s centre, turned 3.2°").waitFor();
  await page.getByText("and 1 smaller piece").waitFor();
  await page.locator(".places button").nth(1).click();
  // To the right of the head's midline, as the button says, not of the scanner's origin.
  await crosshairAt(page, "RPS", [28.5, 20, 18]);
  await shoot("places");
  await page.locator(pressed).click();
  assert.equal(await page.locator("body").getAttribute("data-state"), "result");
});

test("findings are shown in the model's window until the reader chooses one", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  const shown = (name) => page.locator(`[data-window=${name}][aria-pressed=true]`).waitFor();
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await page.locator("[data-series='1']").click();
  await shown("Brain");
  await page.locator("#models").selectOption("bones");
  await analyse(page);
  await shown("Bone");
  await page.locator("#models").selectOption("picky");
  await page.locator("#analyse").click();
  await page.getByRole("button", { name: "Run anyway" }).click();
  await page.locator("body[data-state=result]").waitFor();
  await shown("Brain");
  await page.locator("[data-window=Stroke]").click();
  await page.locator("#models").selectOption("bones");
  await analyse(page);
  await shown("Stroke");
});

test("results of several models stay side by side until another scan is opened", {
  skip,
}, async (t) => {
  const { page, shoot } = await launch(t);
  const group = (label) => page.locator(`#results div[aria-label="${label}"] button`);
  await ready(page);
  await openSample(page, "Generated phantom");
  assert.equal(await page.locator("#results").isVisible(), false);
  assert.doesNotMatch(await page.locator("#location").textContent(), /Hemisphere/);
  await analyse(page);
  await page.locator("#location", { hasText: "Hemisphere" }).waitFor();
  assert.deepEqual(await group("Read by").allTextContents(), ["Head-mr"]);
  assert.deepEqual(await group("Not yet by").allTextContents(), ["Slow", "Picky"]);
  await group("Not yet by").nth(1).click();
  await page.getByRole("button", { name: "Run anyway" }).waitFor();
  assert.deepEqual(await group("Read by").allTextContents(), ["Head-mr"], "the result is lost");
  await page.getByRole("button", { name: "Run anyway" }).click();
  await page.locator("body[data-state=running]").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "cancel");
  await page.locator("body[data-state=result]").waitFor();
  assert.deepEqual(await group("Read by").allTextContents(), ["Head-mr", "Picky"]);
  await shoot("results");
  await group("Read by").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("#results :focus[aria-pressed=true]", { hasText: "Head-mr" }).waitFor();
  assert.equal(await page.locator("#models").inputValue(), "head-mr");
  const { model } = JSON.parse(await exported(page, "json", "report.json"));
  assert.equal(model.name, "head-mr");
  await openSample(page, "Generated phantom");
  assert.equal(await page.locator("#results").isVisible(), false);
});

test("the window that was chosen in the mirrored view stays when a result takes it away", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  await analyse(page);
  await page.locator("[data-toggle=mirror]").click();
  await page.locator(".mirror-note").waitFor();
  await page.locator("[data-window=Stroke]").click();
  await page.locator("#results [aria-pressed=true]").click();
  await page.locator(".mirror-note").waitFor({ state: "hidden" });
  await drawn(page);
  const kept = await picture(page);
  await page.locator("[data-window=Stroke]").click();
  await drawn(page);
  assert.deepEqual(await picture(page), kept);
});

test("a finger that stays on the picture brings the scan's own window back", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  await page.locator("[data-window=Bone]").click();
  await page.locator("#viewer canvas").evaluate((target) => {
    const { left, top } = target.getBoundingClientRect();
    const touch = new Touch({ identifier: 1, target, clientX: left + 100, clientY: top + 100 });
    const touches = [touch];
    target.dispatchEvent(new TouchEvent("touchstart", { touches, targetTouches: touches }));
  });
  await page.locator("[data-window=Brain][aria-pressed=true]").waitFor();
});

test("of two drops the later one is opened, however long the other takes", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await page.evaluate(() => {
    const waits = [800, 0];
    DataTransferItem.prototype.webkitGetAsEntry = function () {
      const [file, wait] = [this.getAsFile(), waits.shift()];
      const give = (resolve) => setTimeout(resolve, wait, file);
      return { isFile: true, fullPath: `/${file.name}`, file: give };
    };
  });
  await dropFile(page, "body", "notes.txt", "x");
  await dropFile(page, "body", "good.dcm", "x");
  await scanShown(page);
  await page.waitForTimeout(1000);
  assert.equal(await page.getByRole("alert").locator("b").count(), 0);
  assert.equal(await page.locator("[data-series]").count(), 4);
});

test("a drop without a scan does not stand in the way of what is being opened", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  const folder = () => {
    DataTransferItem.prototype.webkitGetAsEntry = () => ({
      createReader: () => ({ readEntries: (resolve) => resolve([]) }),
    });
  };
  for (const [name, tells] of [
    ["weights.pt", "#import"],
    ["a folder", "[data-kind=file]"],
  ]) {
    if (name === "a folder") await page.evaluate(folder);
    await openFiles(page, [{ name: "slow-good.dcm", text: "x" }]);
    await page.locator("body[data-busy]").waitFor();
    await dropFile(page, "body", name, "x");
    await page.locator(tells).waitFor();
    assert.equal(await page.locator("body[data-busy]").count(), 1, "what is read is waited for");
    await page.locator("[data-series='0'][aria-pressed=true]").waitFor();
    await scanShown(page);
    await page.keyboard.press("Escape");
  }
});

test("while another series is read nothing is analysed, and nothing of the last scan exported", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  await analyse(page);
  await exported(page, "brain", "brain.nii.gz");
  await page.locator("[data-series='2']").click();
  await page.locator("body[data-busy]").waitFor();
  await page.locator("[data-export=brain]").click();
  assert.equal(await page.locator("#analyse").isDisabled(), true);
  await page.getByRole("alert").locator("[data-kind=another_scan]").waitFor();
  await scanShown(page);
});

test("who goes back to a series before the next one is read keeps it", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  await page.locator("[data-series='2']").click();
  await page.locator("body[data-busy]").waitFor();
  await page.locator("[data-series='0']").click();
  await scanShown(page);
  await page.waitForTimeout(1500);
  await page.locator("[data-series='0'][aria-pressed=true]").waitFor();
});

test("values are told in the unit of the scan on screen", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  assert.doesNotMatch(await location(page), /HU/);
  await openSeries(page, 1);
  assert.match(await location(page), / HU/);
  await openSeries(page, 0);
  assert.doesNotMatch(await location(page), /HU/);
});

async function openSeries(page, index) {
  await page.locator(`[data-series='${index}']`).click();
  await page.locator(`[data-series='${index}'][aria-pressed=true]`).waitFor();
  await scanShown(page);
}

test("in the mirrored view values are the other side's, and nothing is named", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  await analyse(page);
  assert.match(await location(page), /Hemisphere|ventricle/i);
  await page.locator("[data-toggle=mirror]").click();
  await page.locator("#location", { hasText: "value of the other side" }).waitFor();
  assert.doesNotMatch(await location(page), /Hemisphere|ventricle/i);
});

test("a model that was started beside others stays chosen when its worker is ended", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  await analyse(page);
  await page.locator("#results").getByRole("button", { name: "Deaf" }).click();
  await page.locator("body[data-state=running]").waitFor();
  const restarted = page.waitForEvent("worker");
  await page.locator("#cancel").click();
  await page.locator("body[data-state=result]").waitFor();
  await restarted;
  await page.waitForTimeout(500);
  assert.equal(await page.locator("#models").inputValue(), "deaf");
});

test("an imported model that another import replaced is no longer chosen", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await importWeights(page, "first.pt");
  await analyse(page);
  const footer = await page.locator("#model").textContent();
  await importWeights(page, "second.pt");
  assert.equal(await page.locator("#model").textContent(), footer, "the findings are the first’s");
  await page.locator("#results").getByRole("button", { name: "Imported-first" }).click();
  await page.locator("#announce", { hasText: "Findings of Imported-first" }).waitFor();
  assert.equal(await page.locator("#models").inputValue(), "imported-second");
});

test("weights that are not those of the page's models have it loaded anew", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  await page.locator("#models").selectOption("stale");
  await page.locator("#analyse").click();
  await page.getByRole("alert").getByRole("button", { name: "Reload" }).click();
  await page.locator("body[data-state=empty]").waitFor();
});

test("labels that were switched off come back as strong as they were", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  const slider = page.locator("#opacity");
  await slider.fill("0.2");
  await page.locator("#viewer canvas").focus();
  await page.keyboard.press("o");
  assert.equal(await slider.inputValue(), "0");
  await page.keyboard.press("o");
  assert.equal(await slider.inputValue(), "0.2");
});

test("the keyboard's focus goes on where its button is gone", { skip }, async (t) => {
  const { page } = await launch(t);
  const focused = () => page.evaluate(() => document.activeElement.id);
  await ready(page);
  await page.locator(".hero").getByRole("button", { name: "Generated phantom" }).focus();
  await page.keyboard.press("Enter");
  await scanShown(page);
  await drawn(page);
  assert.equal(await focused(), "stage");
  await page.locator("#keep").focus();
  await page.keyboard.press("Enter");
  await page.locator("#keep").waitFor({ state: "hidden" });
  assert.equal(await focused(), "analyse");
  await openFiles(page, [{ name: "notes.txt", text: "x" }]);
  await page.getByRole("button", { name: "Dismiss" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "stage");
});

test("the keyboard's focus stays in the report when another one takes its place", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  const heading = (text) => page.locator("#report h2:focus", { hasText: text }).waitFor();
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await page.locator("#analyse").click();
  await page.locator("[data-export=csv]").focus();
  await page.locator("body[data-state=result]").waitFor();
  await heading("Findings");
  await page.locator("[data-export=csv]").focus();
  await dropFile(page, "body", "good.dcm", "x");
  await heading("Scan");
});
