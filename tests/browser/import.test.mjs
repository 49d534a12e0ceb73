import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { analyse, dropFile, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const CHECKPOINTS = join(import.meta.dirname, "../golden/fixtures/checkpoints");

const control = (page, name) => page.locator(`#import [name=${name}]`);

async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = control(page, name);
    if ((await field.evaluate((element) => element.tagName)) === "SELECT")
      await field.selectOption(value);
    else await field.fill(value);
  }
}

const use = (page) => page.getByRole("button", { name: "Use these weights" }).click();

test("a PyTorch checkpoint becomes a model of this page, and is not uploaded", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  const sent = [];
  page.on("request", (request) => sent.push(request.method()));
  await page.setInputFiles("#pick-files", join(CHECKPOINTS, "complete_classifier.pt"));
  const dialog = page.locator("#import");
  await dialog.waitFor();
  await fill(page, {
    network: "saca-classifier",
    modality: "mr",
    roi: "64",
    labels: "healthy, ill",
  });
  // A scaling is suggested, and another can be said.
  assert.equal(await control(page, "scaling").inputValue(), "hounsfield");
  assert.equal(await control(page, "low").inputValue(), "-1000");
  await fill(page, { scaling: "z_score" });
  assert.equal(await control(page, "low").isVisible(), false);
  await use(page);
  // The merge mode is not guessed: the form waits for it.
  assert.equal(await dialog.isVisible(), true);
  await fill(page, { merge: "legacy" });
  await shoot("import");
  await use(page);
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.locator("#models").inputValue(), "imported-complete_classifier");
  assert.match(await page.locator("#model").textContent(), /^imported-complete_classifier/);
  await openSample(page, "Generated phantom");
  await page.getByText("in this page only, never uploaded").waitFor();
  // The reader's own weights come first among those that suit the scan.
  assert.equal(await page.locator("#models").inputValue(), "imported-complete_classifier");
  await analyse(page);
  if (!process.env.SASWIN_MOCK) {
    const steps = await page.locator("details", { hasText: "SHA-256" }).textContent();
    assert.match(steps, /standard deviation 1 of the voxels that are not 0/);
  }
  assert.deepEqual(
    sent.filter((method) => method !== "GET"),
    [],
  );
});

test("weights that are dropped open the form, and the page waits for nothing", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await dropFile(page, ".hero", "weights.pt", "not read yet");
  await page.locator("#import").waitFor();
  assert.equal(await page.locator("body").getAttribute("data-busy"), null);
});

test("tensors that do not fit are named, and the form stays", async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await page.setInputFiles("#pick-files", join(CHECKPOINTS, "mismatch.pt"));
  await fill(page, { network: "swin-unetr", merge: "legacy", modality: "mr", overlapping: "no" });
  await use(page);
  const problem = page.locator("#import .problem");
  await problem.getByText("unexpected: decoder9.conv.weight").waitFor();
  await problem.getByText("missing: out.conv.conv.bias").waitFor();
  assert.equal(await page.locator("#import").isVisible(), true);
  await page.locator("#import").getByRole("button", { name: "Cancel" }).click();
  await page.locator("#import").waitFor({ state: "hidden" });
});
