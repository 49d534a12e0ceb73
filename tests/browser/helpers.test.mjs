// A run on the CPU shares its windows among helpers: same result, whatever happens to them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, exported } from "./actions.mjs";
import * as inject from "./inject.mjs";

const skip = inject.noRun;

/** The page with the phantom open and the model with random weights chosen, on the CPU with `helpers`. */
async function stage(t, helpers, trouble) {
  const page = await inject.tinyPage(t, `?backend=cpu&helpers=${helpers}`, trouble);
  const texts = [];
  await page.exposeFunction("heard", (text) => texts.push(text));
  await page.evaluate(() => {
    const stage = document.querySelector(".stage");
    const hear = () => window.heard(stage.textContent);
    new MutationObserver(hear).observe(stage, { childList: true });
  });
  return { page, texts };
}

async function result(page) {
  await analyse(page);
  return exported(page, "nifti", "segmentation.nii.gz");
}

test("helpers find what one worker finds, and fetch no data", { skip }, async (t) => {
  const alone = await result((await stage(t, 0)).page);
  const { page, texts } = await stage(t, 2);
  for (const _ of ["first", "second"]) assert.deepEqual(await result(page), alone);
  const reading = texts.filter((text) => text.startsWith("Reading"));
  assert.ok(
    reading.length > 8 && reading.every((text) => text.endsWith("2 at a time")),
    texts.join("; "),
  );
  const requests = await page.locator("#request-log code").allTextContents();
  t.diagnostic(`requests: ${requests.join(", ")}`);
  const data = requests.filter((path) => !/worker-[^/]*\.js$|weights.*sha256/.test(path));
  assert.deepEqual(data, []);
});

test("what helpers that crash leave behind is done without them", { skip }, async (t) => {
  const alone = await result((await stage(t, 0)).page);
  const { page, texts } = await stage(t, 2, inject.crashHelpers);
  assert.deepEqual(await result(page), alone);
  assert.ok(
    texts.some((text) => text.includes("a helper stopped")),
    texts.join("; "),
  );
});

test("a run with helpers stops when it is told to", { skip }, async (t) => {
  const { page } = await stage(t, 2, inject.stallHelpers);
  await page.locator("#analyse").click();
  await page.locator(".stage", { hasText: "at a time" }).waitFor();
  // Nobody reads on.
  await page.waitForTimeout(3000);
  assert.match(await page.locator(".stage").textContent(), /window 1 of/);
  await page.locator("#cancel").click();
  // A worker that did not stop by itself would be ended, and told otherwise.
  await page.locator("#announce", { hasText: "Analysis cancelled." }).waitFor();
});
