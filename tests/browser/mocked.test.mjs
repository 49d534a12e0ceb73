// Needs the stand-in session: several series, CT, an unsuitable scan.
import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, drawn, openFiles, openSample, picture } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

test("several series are listed, the best is shown, another can be picked", { skip }, async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await page.locator("body[data-state=scan]:not([data-busy])").waitFor();
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
  await page.locator("body[data-state=scan]:not([data-busy])").waitFor();
  await page.locator("#models").selectOption("picky");
  await page.locator("#analyse").click();
  await page.getByRole("button", { name: "Run anyway" }).click();
  await page.locator("body[data-state=result]").waitFor();
});

test("a piece of a finding moves the crosshair to itself", { skip }, async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await page.getByText("Where · 3 pieces").waitFor();
  await page.getByText("and 1 smaller piece").waitFor();
  await page.locator(".places button").nth(1).click();
  const near = await page.waitForFunction(() => {
    const numbers = document
      .querySelector("#location")
      .textContent.match(/^([\d.]+) mm R · ([\d.]+) mm P · ([\d.]+) mm S/);
    return numbers?.slice(1).map(Number);
  });
  const at = await near.jsonValue();
  for (const [i, wanted] of [30, 20, 18].entries()) {
    assert.ok(Math.abs(at[i] - wanted) <= 4, `${at} is not within a voxel of 30 R, 20 P, 18 S`);
  }
  await shoot("places");
});
