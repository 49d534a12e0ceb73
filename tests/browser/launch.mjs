// What every browser test needs: the served page, a Chromium, and a watch over both.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(join(ROOT, "www/package.json"));
const { chromium } = require("playwright-core");

const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--disable-vulkan-surface",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What each test has opened. */
const opened = new WeakMap();

/**
 * Serves the built page and opens it for the test `t`. At the end of the test everything is closed,
 * and console errors, page errors, policy violations and requests to other origins fail it, but for
 * those that are `expected`: all of them are in `errors`, which a test may empty, too. `prepare` gets the browser
 * context before the page is opened. Computes on the CPU unless `query` says otherwise: with `""` the page
 * measures devices first, which takes long and need not always choose the same one.
 */
export async function launch(
  t,
  {
    query = "?backend=cpu",
    viewport = { width: 1440, height: 900 },
    serviceWorkers = "block",
    expected = /^$/,
    prepare = async () => {},
  } = {},
) {
  const all = openedBy(t);
  const server = await serve();
  all.servers.push(server);
  const browser = await browse();
  all.browsers.push(browser);
  const context = await browser.newContext({ viewport, serviceWorkers, acceptDownloads: true });
  const page = await context.newPage();
  // A processor stands in for the graphics card, and may be busy with other things.
  page.setDefaultTimeout(120_000);
  const errors = await watch(page, context, server.url);
  all.errors.push(() => errors.filter((error) => !expected.test(error)));
  await prepare(context);
  await page.goto(`${server.url}/${query}`);
  const { url, stop } = server;
  return { page, context, errors, url, stop, shoot: (name) => shoot(page, name) };
}

/** Pages are closed before what serves them, and all of it before anything is complained of. */
function openedBy(t) {
  if (!opened.has(t)) {
    const all = { browsers: [], servers: [], errors: [] };
    opened.set(t, all);
    t.after(async () => {
      await Promise.allSettled(all.browsers.map((browser) => browser.close()));
      for (const server of all.servers) server.stop();
      assert.deepEqual(
        all.errors.flatMap((unexpected) => unexpected()),
        [],
      );
    });
  }
  return opened.get(t);
}

/** Waits until the worker has answered. */
export async function ready(page) {
  await page.locator("#adapter .dot:is(.fast, .slow)").waitFor();
}

/** A Chromium with WebGPU. */
export function browse() {
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}

/** The built page on a free port. */
export async function serve() {
  const program = process.env.XTASK ?? join(ROOT, "target/release/xtask");
  const child = spawn(program, ["serve", "--no-build", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = text.match(/http:\S+/);
      if (found) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    child.on("error", reject);
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const stop = () => {
    child.kill();
    return ended;
  };
  return { url, stop };
}

async function watch(page, context, url) {
  const errors = [];
  context.on("weberror", (error) => errors.push(`page error: ${error.error()}`));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(`${url}/`) && !/^(blob|data):/.test(address))
      errors.push(`request to ${address}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(
        `policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`,
      );
    });
  });
  return errors;
}

async function shoot(page, name) {
  const folder = join(ROOT, "test-results");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const found = paths.find((path) => existsSync(path));
  assert.ok(found, "no Chromium found: install `chromium` or set CHROMIUM to its path");
  return found;
}
