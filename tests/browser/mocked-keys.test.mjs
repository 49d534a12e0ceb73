// Needs the stand-in session: what keys and mouse do in the viewer, as the list of keys says it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn, location, openCt, picture } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

test("each pair of keys goes through the slices that the list of keys says", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  const place = async () => (await location(page)).split("   |   ")[0].split(" · ");
  for (const [layout, key, axis] of [
    ["sagittal", "ArrowLeft", 0],
    ["coronal", "ArrowUp", 1],
    ["axial", "PageUp", 2],
  ]) {
    await page.getByRole("button", { name: "Keys" }).click();
    await page.locator("#keys dd", { hasText: `through ${layout} slices` }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(`[data-layout=${layout}]`).click();
    await page.locator("#viewer canvas").focus();
    // From between voxels it goes to one first.
    await page.keyboard.press(key);
    await drawn(page);
    const [before, at] = [await picture(page), await place()];
    await page.keyboard.press(key);
    await drawn(page);
    assert.notDeepEqual(await picture(page), before, "the slice is the same");
    const moved = (await place()).map((part, i) => (part === at[i] ? null : i));
    assert.deepEqual(
      moved.filter((i) => i !== null),
      [axis],
    );
  }
});

test("in 3-D keys and mouse turn the head, as is said of them, and the wheel zooms", {
  skip,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openCt(page);
  const canvas = page.locator("#viewer canvas");
  const keys = await page.locator("#keys").textContent();
  for (const said of ["in 3-Dturn the head", "drag in 3-D: turn the head", "in 3-D: zoom"])
    assert.ok(keys.includes(said), said);
  assert.match(await canvas.getAttribute("aria-label"), /in the 3-D layout turn the head/);
  await page.locator("[data-layout=render]").click();
  const { x, y, width, height } = await canvas.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await drawn(page);
  const [before, at] = [await picture(page), await location(page)];
  await page.mouse.wheel(0, 100);
  await drawn(page);
  const zoomed = await picture(page);
  assert.notDeepEqual(zoomed, before);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 60, y + height / 2, { steps: 3 });
  await page.mouse.up();
  await drawn(page);
  assert.notDeepEqual(await picture(page), zoomed);
  assert.equal(await location(page), at);
});

test("keys turn the 3-D view, and leave the crosshair where it is", { skip }, async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openCt(page);
  await page.locator("[data-layout=render]").click();
  await page.locator("#viewer canvas").focus();
  await drawn(page);
  const [before, place] = [await picture(page), await location(page)];
  await page.keyboard.press("ArrowLeft");
  await drawn(page);
  assert.notDeepEqual(await picture(page), before);
  assert.equal(await location(page), place);
  await shoot("turned");
});
