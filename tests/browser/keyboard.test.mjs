import assert from "node:assert/strict";
import { test } from "node:test";
import { openSample, scanShown } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

test("from the first key to a running analysis without a mouse", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the viewer");
  await tabTo(page, "Generated phantom");
  await page.keyboard.press("Enter");
  await scanShown(page);
  await tabTo(page, "Analyse");
  assert.notEqual(
    await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle),
    "none",
  );
  await page.keyboard.press("Enter");
  await page.locator("body[data-state=running]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("body[data-state=scan]").waitFor();
  assert.equal(await focused(page), "Analyse", "the focus is lost with the button that had it");
});

test("every control has a name, and the keys are listed", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  const nameless = await page
    .locator("button:visible, select:visible, input:visible, canvas:visible")
    .evaluateAll((controls) =>
      controls
        .filter(
          (one) =>
            !one.ariaLabel &&
            !(one.matches("button") && one.textContent.trim()) &&
            !one.labels?.length &&
            !one.ariaHidden,
        )
        .map((one) => one.outerHTML),
    );
  assert.deepEqual(nameless, []);
  await page.getByRole("button", { name: "Keys" }).click();
  await page.getByText("mirrored view on, off").waitFor();
  await shoot("keys");
});

function focused(page) {
  return page.evaluate(() => document.activeElement.textContent.trim());
}

async function tabTo(page, name) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)).startsWith(name)) return;
  }
  assert.fail(`Tab never reaches ${name}`);
}
