// Needs the stand-in session: what is said when the worker ends.
import { test } from "node:test";
import { analyse, openSample } from "./actions.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

const told = (page) => page.getByRole("alert").locator("b");

function crash(page) {
  return page.workers()[0].evaluate(() => {
    Promise.reject(new Error("trap"));
  });
}

test("a crash while a model is kept is not one of the analysis", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await page.locator("#models").selectOption("slow");
  await page.locator("#keep").click();
  await page.locator("#keep", { hasText: "Fetching…" }).waitFor();
  await crash(page);
  await told(page).getByText("The program for the analysis stopped unexpectedly.").waitFor();
  await page.locator("#keep", { hasText: "Keep for offline use" }).waitFor();
});

test("an export that ends with a run that must be stopped is told", { skip }, async (t) => {
  const { page } = await launch(t);
  await ready(page);
  await openSample(page, "Generated phantom");
  await analyse(page);
  await page.locator("#models").selectOption("slow");
  await page.locator("#analyse").click();
  await page.locator("body[data-state=running]").waitFor();
  hang(page);
  await page.locator("[data-export=brain]").click();
  await page.locator("#cancel").click();
  await told(page).getByText("The export was stopped together with the run.").waitFor();
  await page.locator("body[data-state=result]").waitFor();
});

function hang(page) {
  page
    .workers()[0]
    .evaluate(() => {
      for (;;);
    })
    .catch(() => {});
}
