// Steps that several tests share.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";

/** Waits until a scan is on screen and nothing else is read. */
export function scanShown(page) {
  return page.locator("body[data-state=scan]:not([data-busy])").waitFor();
}

/** Opens a sample by its title, from wherever the page stands. */
export async function openSample(page, title) {
  await page.getByRole("button", { name: title }).first().click();
  await scanShown(page);
  await nothingFailed(page);
}

/** Starts the analysis and waits for its result. */
export async function analyse(page, timeout = 600_000) {
  await page.locator("#analyse").click();
  await page.locator("body[data-state=result]").waitFor({ timeout });
  await nothingFailed(page);
}

/** What is on screen may be what was there before. That there is no picture is another matter. */
async function nothingFailed(page) {
  const errors = page.locator("#banner .error:not([data-kind=viewer])");
  assert.deepEqual(await errors.allTextContents(), []);
}

/** Opens the second series of a folder, a CT, when the first one is there. */
export async function openCt(page) {
  await openFiles(page, [{ name: "good.dcm", text: "x" }]);
  await scanShown(page);
  await page.locator("[data-series='1']").click();
  await page.locator("#windows").waitFor();
  await scanShown(page);
}

/** Opens files given as `{name, text}`. */
export async function openFiles(page, files) {
  const payload = files.map(({ name, text }) => ({
    name,
    mimeType: "application/octet-stream",
    buffer: Buffer.from(text),
  }));
  await page.setInputFiles("#pick-files", payload);
}

/** Opens the import's form for weights of this name, or those of a file, and fills in what must be said. */
export async function fillImport(page, name) {
  if (isAbsolute(name)) await page.setInputFiles("#pick-files", name);
  else await openFiles(page, [{ name, text: "x" }]);
  for (const field of ["network", "merge", "modality"])
    await page.locator(`#import [name=${field}]`).selectOption({ index: 1 });
}

/** Imports weights of this name, or those of a file. */
export async function importWeights(page, name) {
  await fillImport(page, name);
  await page.getByRole("button", { name: "Use these weights" }).click();
  await page.locator("#import").waitFor({ state: "hidden" });
}

/** Drops a file with this text on what `selector` names. */
export async function dropFile(page, selector, name, text) {
  await page.locator(selector).evaluate(
    (element, [name, text]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], name));
      for (const type of ["dragover", "drop"]) {
        const how = { dataTransfer, bubbles: true, cancelable: true };
        element.dispatchEvent(new DragEvent(type, how));
      }
    },
    [name, text],
  );
}

/** Where the crosshair is, as the page says it. */
export function location(page) {
  return page.locator("#location").textContent();
}

/** A picture of the canvas alone. */
export function picture(page) {
  return page.locator("#viewer canvas").screenshot();
}

/** Lets the viewer draw what was asked of it. */
export async function drawn(page) {
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
}

/** The bytes of an export, which must have this name. */
export async function exported(page, kind, name) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(`[data-export=${kind}]`).click(),
  ]);
  assert.match(download.suggestedFilename(), new RegExp(`^[\\w-]+-${name}$`));
  return readFile(await download.path());
}

/** What the console says of `refusedAddress`. */
export const REFUSED = /connect-src|Fetch API cannot load http:\/\/127.0.0.1:9\//;

/** Asks for an address outside of the page's origin; the directive that forbids it. */
export function refusedAddress(page) {
  return page.evaluate(async () => {
    const violation = new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) =>
        resolve(event.violatedDirective),
      );
    });
    await fetch("http://127.0.0.1:9/").catch(() => {});
    return violation;
  });
}
