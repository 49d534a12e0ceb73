// Keeps the page usable without a network. The build fills in the version, the files and the headers.
const BUILD = __BUILD__;
/** Other deployments of this origin keep shells of their own. */
const MINE = `saswin-shell ${self.registration.scope} `;
const SHELL = MINE + BUILD.version;
const SAMPLES = "saswin-samples";
/** What `www/src/requests.js` looks for in answers that no network was asked for. */
const STORED = "stored";
const HOME = new URL("./", self.location).href;
const FOLDER = `${HOME}samples/`;

self.addEventListener("install", (event) => event.waitUntil(fill()));

// A new version waits until the reader agrees: never a silent change in mid-session.
self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  event.respondWith(answer(event, url));
});

async function fill() {
  const cache = await caches.open(SHELL);
  // Hashed names never change, so the copy that the page just downloaded will do.
  const request = (file) =>
    new Request(file, { cache: file.startsWith("assets/") ? "default" : "reload" });
  await cache.addAll(BUILD.files.map(request));
}

/** Another version that took over in the meantime may have thrown away what was filled. */
async function takeOver() {
  // Without a network this version still takes over: who asked for it waits.
  if (!(await isFull())) await fill().catch(() => {});
  await tidy();
  await self.clients.claim();
}

/** Files come all together or not at all. */
async function isFull() {
  const shell = await caches.open(SHELL);
  return Boolean(await shell.match(HOME));
}

async function tidy() {
  const names = await caches.keys();
  // A newer version is filling its own, and tidies up when it takes over.
  if (self.registration.installing) return;
  const old = names.filter((name) => name.startsWith(MINE) && name !== SHELL);
  await Promise.all(old.map((name) => caches.delete(name)));
  await tidySamples().catch(() => {});
}

/** Forgets samples that this version does not list. */
async function tidySamples() {
  const list = await (await caches.open(SHELL)).match(`${FOLDER}index.json`);
  const listed = (list ? await list.json() : []).map(({ url }) => new URL(url, HOME).href);
  const cache = await caches.open(SAMPLES);
  for (const { url } of await cache.keys())
    if (url.startsWith(FOLDER) && !listed.includes(url)) await cache.delete(url);
}

async function answer(event, url) {
  const { request } = event;
  // Without storage the page still works, with a network.
  const shell = await caches.open(SHELL).catch(() => null);
  const kept = await shell?.match(entry(request, url), { ignoreSearch: true });
  if (kept) return dressed(kept, STORED);
  if (url.href.startsWith(FOLDER)) return sample(event, url);
  return dressed(await fetch(request));
}

/** The page is kept once, and bookmarks may name its file. */
function entry(request, { origin, pathname }) {
  return `${origin}${pathname}` === `${HOME}index.html` ? HOME : request;
}

async function sample(event, url) {
  const { request } = event;
  const cache = await caches.open(SAMPLES).catch(() => null);
  const kept = await cache?.match(request);
  if (kept) return dressed(kept, STORED);
  const response = await fetch(request);
  // The page gets what has come while the rest does. A full disk only costs a later download.
  if (cache && response.ok) event.waitUntil(keep(cache, url, response.clone()).catch(() => {}));
  return dressed(response);
}

/** What is not of the digest in its address is shown, but would be shown for ever if it were kept. */
async function keep(cache, url, response) {
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex === url.searchParams.get("sha256")) await cache.put(url, new Response(bytes, response));
}

/**
 * Hosts that cannot set headers get them here. Where an answer came from is all that tells the page's count of requests:
 * to the page, all that comes from here is local.
 */
function dressed(response, source) {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.delete("Server-Timing");
  if (source) headers.set("Server-Timing", source);
  for (const [name, value] of Object.entries(BUILD.headers)) headers.set(name, value);
  const { status, statusText } = response;
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : response.body, { status, statusText, headers });
}
