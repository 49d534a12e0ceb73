// Needs the stand-in session: several versions of the page on one origin, and what is kept of each.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { bareHost, built } from "./host.mjs";
import { launch, ready } from "./launch.mjs";

const skip = process.env.SASWIN_MOCK ? false : "needs the stand-in session: set SASWIN_MOCK=1";

/** Any that is fetched for use without a network. */
const FILE = "manifest.webmanifest";

/**
 * The page in a version of this name, which its title tells. The file `held`, once it was `asked` for, comes when
 * `release` is called; the file `lost` never does. `files` are texts in place of what was built.
 */
function published(version) {
  const file = built("dist-mock");
  const site = { version, held: null, lost: null, files: {} };
  const wait = new Promise((resolve) => {
    site.release = resolve;
  });
  site.asked = new Promise((resolve) => {
    site.ask = resolve;
  });
  site.give = async (name) => {
    if (name === site.lost) return null;
    if (site.files[name]) return site.files[name];
    if (name === site.held) {
      site.ask();
      await wait;
    }
    const text = () => String(file(name));
    if (name === "sw.js") return text().replace(/"version":"\w+"/, `"version":"${site.version}"`);
    if (name === "index.html") return text().replace(/<title>.*?</, `<title>${site.version}<`);
    return file(name);
  };
  return site;
}

/** A page without an address yet, and a host of `sites`. */
async function visit(t, sites) {
  const gives = Object.entries(sites).map(([path, { give }]) => [path, give]);
  const host = await bareHost(Object.fromEntries(gives));
  t.after(host.stop);
  // The watch knows only the first server's address; one that was stopped answers nothing.
  const expected = /^request to http:\/\/127|ERR_CONNECTION_REFUSED|ERR_FAILED/;
  const { page } = await launch(t, { serviceWorkers: "allow", expected });
  const open = async (path) => {
    await page.goto(host.url + path);
    await ready(page);
    await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
  };
  return { page, open, stop: host.stop };
}

/** Has the browser look for a new version, and waits until it stands where `state` says. */
function update(page, state) {
  return page.evaluate(async (state) => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    while (!registration[state]) await new Promise((resolve) => setTimeout(resolve, 20));
  }, state);
}

/** Takes the new version that the page offers. */
async function reload(page) {
  const reloaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Reload" }).click();
  await reloaded;
  await ready(page);
}

/** Whether nothing but the version of this name has a shell. */
function keepsOnly(page, version) {
  return page.waitForFunction(async (version) => {
    const names = await caches.keys();
    const shells = names.filter((name) => name.includes("shell"));
    return shells.length === 1 && shells[0].endsWith(version);
  }, version);
}

/** A page of the first version, whose second one waits. */
async function visitWithNext(t) {
  const site = published("1111");
  const visited = await visit(t, { "/": site });
  await visited.open("/");
  site.version = "2222";
  await update(visited.page, "waiting");
  return { site, ...visited };
}

test("deployments beside each other on one origin keep each other's files", {
  skip,
}, async (t) => {
  const sites = { "/stable/": published("1111"), "/dev/": published("2222") };
  const { page, open, stop } = await visit(t, sites);
  await open("/stable/");
  await open("/dev/");
  stop();
  await open("/stable/");
  assert.equal(await page.title(), "1111");
  await open("/dev/");
  assert.equal(await page.title(), "2222");
});

test("a version that takes over leaves the one that is being fetched alone", {
  skip,
}, async (t) => {
  const { site, page, open, stop } = await visitWithNext(t);
  Object.assign(site, { version: "3333", held: FILE });
  await update(page, "installing");
  await site.asked;
  await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    const { waiting } = await serviceWorker.ready;
    const taken = new Promise((done) => {
      serviceWorker.addEventListener("controllerchange", done);
    });
    waiting.postMessage("activate");
    await taken;
  });
  await page.waitForFunction(() => navigator.serviceWorker.controller.state === "activated");
  site.release();
  await update(page, "waiting");
  await reload(page);
  await keepsOnly(page, "3333");
  stop();
  await open("/");
  assert.equal(await page.title(), "3333");
});

test("a version whose files were thrown away fetches them when it takes over", {
  skip,
}, async (t) => {
  const { page, open, stop } = await visitWithNext(t);
  await page.evaluate(async () => {
    for (const name of await caches.keys()) if (name.endsWith("2222")) await caches.delete(name);
  });
  await reload(page);
  stop();
  await open("/");
  assert.equal(await page.title(), "2222");
});

test("who reloads gets the newest version, not one that waited", { skip }, async (t) => {
  const site = published("1111");
  const { page, open } = await visit(t, { "/": site });
  await open("/");
  site.version = "2222";
  await update(page, "waiting");
  site.version = "3333";
  await reload(page);
  assert.equal(await page.title(), "3333");
});

test("where the newest version does not come, the one that waited does", { skip }, async (t) => {
  const site = published("1111");
  const { page, open } = await visit(t, { "/": site });
  await open("/");
  site.version = "2222";
  await update(page, "waiting");
  Object.assign(site, { version: "3333", lost: FILE });
  await reload(page);
  assert.equal(await page.title(), "2222");
});

test("samples are kept in the version that the page lists, and no other", { skip }, async (t) => {
  const [first, second] = [sample("one"), sample("two")];
  const site = published("1111");
  const { page, open } = await visit(t, { "/": site });
  const fetched = ({ url }) => page.evaluate(async (url) => (await fetch(url)).text(), url);
  site.files = { "samples/index.json": first.list, "samples/scan.nii": "one" };
  await open("/");
  // An address of a later version: what the host has under it so far is not kept.
  assert.equal(await fetched(second), "one");
  assert.equal(await fetched(first), "one");
  assert.deepEqual(await kept(page), [first.url]);
  site.files = { "samples/index.json": second.list, "samples/scan.nii": "two" };
  assert.equal(await fetched(first), "one");
  site.version = "2222";
  await update(page, "waiting");
  await reload(page);
  await page.waitForFunction(() => navigator.serviceWorker.controller.state === "activated");
  assert.deepEqual(await kept(page), []);
  assert.equal(await fetched(second), "two");
  assert.deepEqual(await kept(page), [second.url]);
});

/** The address of a sample with this text, and the list with nothing else in it. */
function sample(text) {
  const url = `samples/scan.nii?sha256=${createHash("sha256").update(text).digest("hex")}`;
  return { url, list: JSON.stringify([{ title: "Scan", url, name: "scan.nii", source: "" }]) };
}

/** Addresses of the samples that the browser keeps, seen from the page. */
function kept(page) {
  return page.evaluate(async () => {
    const requests = await (await caches.open("saswin-samples")).keys();
    return requests.map(({ url }) => url.slice(document.baseURI.length));
  });
}
