import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, drawn, location, openSample, picture } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

test("a scan is shown with its facts, and nothing is requested after it was opened", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await page.waitForLoadState("networkidle");
  await openSample(page, "Generated phantom");
  await page.locator("#report", { hasText: "Spacing" }).waitFor();
  assert.match(await location(page), /mm R|mm L/);
  assert.equal(
    await page.locator("#requests").textContent(),
    "0 requests since the scan was opened",
  );
  await page.locator("#requests").click();
  await page.getByText("The browser itself refuses every address").waitFor();
  await page.keyboard.press("Escape");
  await drawn(page);
  await shoot("scan");
});

test("layouts, sides and keys change the picture and move the crosshair", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await drawn(page);
  const all = await picture(page);
  await page.locator("[data-layout=axial]").click();
  await drawn(page);
  assert.notDeepEqual(await picture(page), all);
  await page.locator("#viewer canvas").focus();
  await page.keyboard.press("1");
  assert.equal(await page.locator("[data-layout=all]").getAttribute("aria-pressed"), "true");
  await page.keyboard.press("5");
  await drawn(page);
  assert.notDeepEqual(await picture(page), all);
  await page.keyboard.press("1");
  await drawn(page);
  await page.locator("#viewer canvas").blur();
  assert.deepEqual(await picture(page), all, "all planes again after 3-D");
  await page.locator("#viewer canvas").focus();
  await page.keyboard.press("f");
  assert.equal(await page.locator(".mirror-note").isVisible(), false, "there is no mirror yet");
  const before = millimetres(await location(page));
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("PageUp");
  const after = millimetres(await location(page));
  // The patient's right is on the left of the screen: radiological.
  assert.ok(after[0] > before[0], `${before} → ${after}`);
  assert.ok(after[2] > before[2]);
  await page.keyboard.press("r");
  assert.equal(await page.locator("#sides").textContent(), "Neurological");
  await page.keyboard.press("ArrowRight");
  assert.ok(millimetres(await location(page))[0] > after[0]);
  await page.keyboard.press("Home");
  assert.deepEqual(millimetres(await location(page)), before);
});

test("overlay, mid-plane and mirrored view are seen", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await drawn(page);
  await shoot("result");
  const full = await picture(page);
  for (const [step, name] of [
    [() => page.locator("[data-toggle=plane]").click(), "mid-plane"],
    [() => mirrored(page), "mirrored view"],
    [() => page.locator("tbody input").first().uncheck(), "a label"],
    [() => page.locator("#opacity").fill("0"), "the overlay"],
  ]) {
    const before = await picture(page);
    await step();
    await drawn(page);
    assert.notDeepEqual(await picture(page), before, name);
  }
  await shoot("mirrored");
  await page.locator("#opacity").fill("0.5");
  await page.locator("tbody input").first().check();
  await page.locator("[data-toggle=mirror]").click();
  await page.locator("[data-toggle=plane]").click();
  await page.locator("[data-toggle=plane]").blur();
  await drawn(page);
  assert.deepEqual(await picture(page), full, "everything back in its place");
});

/** The mirror image is made when it is first asked for. */
async function mirrored(page) {
  await page.locator("[data-toggle=mirror]").click();
  await page.locator(".mirror-note").waitFor();
}

/** Signed RAS millimetres from the page's words. */
function millimetres(text) {
  const found = [...text.matchAll(/([\d.]+) mm ([RLAPSI])/g)];
  return found.map(([, size, side]) => Number(size) * ("RAS".includes(side) ? 1 : -1));
}
