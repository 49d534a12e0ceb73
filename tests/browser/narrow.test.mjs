import assert from "node:assert/strict";
import { test } from "node:test";
import { analyse, drawn, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const PHONE = { width: 390, height: 844 };

test("on a phone everything stacks and nothing is cut off", async (t) => {
  const { page, shoot } = await launch(t, { viewport: PHONE });
  await ready(page);
  await shoot("narrow-empty");
  await openSample(page, "Generated phantom");
  await analyse(page);
  await drawn(page);
  await shoot("narrow-result");
  const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
  assert.equal(scrollWidth, clientWidth);
  const order = await page.evaluate(() =>
    ["#stage", "#findings", "#open"].map(
      (id) => document.querySelector(id).getBoundingClientRect().top,
    ),
  );
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  await page.locator("#findings").scrollIntoViewIfNeeded();
  await page.locator("#report").evaluate((report) => report.scrollIntoView());
  await shoot("narrow-findings");
});
