import assert from "node:assert/strict";
import { test } from "node:test";
import { REFUSED, refusedAddress } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

test("the first visit offers one sentence and two buttons", async (t) => {
  const { page, shoot } = await launch(t);
  await ready(page);
  await page.getByText("never leaves it").waitFor();
  assert.equal(await page.locator(".hero .actions button:visible").count(), 2);
  assert.equal(await page.locator("#open").isVisible(), false);
  await page.getByText("Research use only – not a medical device").waitFor();
  await page.getByRole("button", { name: "Keys" }).click();
  await page.getByText("mirrored view on, off").waitFor();
  await page.keyboard.press("Escape");
  await shoot("empty");
});

test("the adapter is named; software is marked, and why it or the CPU was taken", async (t) => {
  const { page } = await launch(t, { query: "" });
  await ready(page);
  const text = await page.locator("#adapter").textContent();
  assert.match(text, /^(WebGPU|CPU) · .+ is software and (not )?faster than the CPU: .+ \d+ ms/);
  assert.equal(await page.locator("#adapter .dot.slow").count(), 1);
});

test("?backend=cpu reaches the session, which says why", async (t) => {
  const { page } = await launch(t, { query: "?backend=cpu" });
  await ready(page);
  assert.match(await page.locator("#adapter").textContent(), /CPU.*backend=cpu/);
});

test("every answer carries the security headers, and the page its policy", async (t) => {
  const { page, url } = await launch(t);
  for (const path of ["/", "/sw.js", "/samples/index.json", "/nothing-here"]) {
    const { headers } = await fetch(url + path);
    const policy = headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /connect-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:/);
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(headers.get("cross-origin-embedder-policy"), "require-corp");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  }
  const meta = page.locator("meta[http-equiv=Content-Security-Policy]");
  assert.match(await meta.getAttribute("content"), /default-src 'none'/);
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
});

test("the browser refuses an address outside of this site", async (t) => {
  const { page } = await launch(t, { expected: REFUSED });
  await ready(page);
  assert.equal(await refusedAddress(page), "connect-src");
});
