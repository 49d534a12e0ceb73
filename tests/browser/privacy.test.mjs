import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, openFiles, openSample, REFUSED, refusedAddress } from "./actions.mjs";
import { bareHost, built } from "./host.mjs";
import { chooseTiny, noRun, offerTiny } from "./inject.mjs";
import { launch, ready } from "./launch.mjs";

const mocked = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

test("diagnostics name the program and the last error, and nothing of a scan", async (t) => {
  const { page, context } = await launch(t);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await ready(page);
  await openFiles(page, [{ name: "Doe^Jane_1970-01-01.nii", text: "not a scan" }]);
  await page.getByRole("alert").locator("b").waitFor();
  await page.getByRole("button", { name: "Diagnostics" }).click();
  await page.locator("#diagnostics").getByRole("button", { name: "Copy" }).click();
  await page.locator("#announce", { hasText: "copied" }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const facts = JSON.parse(text);
  assert.doesNotMatch(text, /Doe|Jane|1970/);
  assert.ok(facts.version && facts.adapter.name && facts.lastError.kind && facts.browser.agent);
  assert.ok(Object.keys(facts.requests).some((path) => path.endsWith(".wasm")) || !mocked);
});

test("a model can be kept before its first run, and is then said to be", {
  skip: mocked,
}, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  const keep = page.getByRole("button", { name: "Keep for offline use" });
  await openSample(page, "Generated phantom");
  await page.locator(".note", { hasText: "fetched once" }).waitFor();
  await keep.click();
  await page.locator(".note", { hasText: "kept on this device" }).waitFor();
  assert.equal(await keep.isVisible(), false);
});

test("a run with a kept model asks the network for nothing", { skip: noRun }, async (t) => {
  const { page } = await launch(t, { prepare: offerTiny });
  await ready(page);
  await openSample(page, "Generated phantom");
  await chooseTiny(page);
  const asked = () => page.locator("#request-log code").allTextContents();
  assert.deepEqual(await asked(), []);
  await page.getByRole("button", { name: "Keep for offline use" }).click();
  await page.locator(".note", { hasText: "kept on this device" }).waitFor();
  const kept = await asked();
  assert.match(kept.join(), /^\/models\/tiny\/[^,]+$/);
  await analyse(page);
  // Helpers are made of the page's own program, which the browser has stored, but not while a test routes requests.
  const others = (path) => !/^\/assets\/worker-[^/]+\.js$/.test(path);
  assert.deepEqual((await asked()).slice(kept.length).filter(others), []);
});

test("a host without headers, in a sub-folder: the page's own policy, then the service worker's headers", async (t) => {
  // The watch knows only the first server's address.
  const expected = new RegExp(`^request to http://127|${REFUSED.source}`);
  const { page } = await launch(t, { query: "", serviceWorkers: "allow", expected });
  const host = await bareHost({ "/some/folder/": built("dist") });
  t.after(host.stop);
  await page.goto(`${host.url}/some/folder/`);
  await ready(page);
  assert.equal(await refusedAddress(page), "connect-src");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.reload();
  await ready(page);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  const headers = await page.evaluate(async () => Object.fromEntries((await fetch("./")).headers));
  assert.match(headers["content-security-policy"], /frame-ancestors 'none'/);
  assert.equal(headers["referrer-policy"], "no-referrer");
});
