import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, drawn, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

test("after the first visit the page works without a network", async (t) => {
  const { page, context, url, stop } = await launch(t, { query: "", serviceWorkers: "allow" });
  await ready(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration?.active?.state === "activated";
  });
  await context.setOffline(true);
  // The service worker itself is not taken offline by that.
  await stop();
  await page.reload();
  await ready(page);
  await openSample(page, "Generated phantom");
  await drawn(page);
  const answer = await page.evaluate(async () =>
    (await fetch("./")).headers.get("content-security-policy"),
  );
  assert.match(answer, /default-src 'none'/);
  const licences = await page.evaluate(async () => (await fetch("./licences.txt")).text());
  assert.match(licences, /^SA-Swin Web/);
  // A bookmark may name the file.
  await page.goto(`${url}/index.html?backend=cpu`);
  await ready(page);
});

test("a model that was kept runs without a network", async (t) => {
  if (process.env.SASWIN_MOCK) return t.skip("needs the real session");
  const { page, context, stop } = await launch(t, { query: "", serviceWorkers: "allow" });
  await ready(page);
  await openSample(page, "Generated phantom");
  const keep = page.getByRole("button", { name: "Keep for offline use" });
  await keep.click();
  await page.locator(".note", { hasText: "kept on this device" }).waitFor();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await context.setOffline(true);
  await stop();
  await page.reload();
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
});

test("what a service worker hands on from the network is counted as a request", async (t) => {
  const { page } = await launch(t, { query: "", serviceWorkers: "allow" });
  await ready(page);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.reload();
  await ready(page);
  await openSample(page, "Generated phantom");
  const counted = (text) => page.locator("#requests", { hasText: text }).waitFor();
  await counted(/^0 requests since/);
  await page.evaluate(async () => (await fetch("./licences.txt")).text());
  await counted(/^0 requests since/);
  await page.evaluate(async () => (await fetch("./sw.js?asked")).text());
  await counted(/^1 request since/);
});
