// Needs the stand-in session: what is said of weights that were imported.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importWeights, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

test("what was renamed in imported weights or left out is listed beside their model", {
  skip,
}, async (t) => {
  const { page, shoot } = await launch(t);
  const notes = page.locator(".import-notes details");
  await ready(page);
  await openSample(page, "Generated phantom");
  await importWeights(page, "mine.pt");
  assert.equal(await notes.count(), 0, "there is nothing to note");
  await importWeights(page, "renamed.pt");
  await page.locator("#announce", { hasText: "2 notes beside the model." }).waitFor();
  await notes.getByText("2 notes on the import").click();
  await notes.getByText("removed the prefix").waitFor();
  await notes.getByText("`swinViT.norm.weight` is not part").waitFor();
  await shoot("import-notes");
  await openSample(page, "Generated phantom");
  assert.equal(await notes.getByText("removed the prefix").isVisible(), true, "it stays unfolded");
  await page.locator("#models").selectOption("picky");
  assert.equal(await notes.count(), 0, "they are on another model");
});
