// Keeps the page usable without a network. The build fills in the version, the files and the headers.
const BUILD = __BUILD__;
/** Other deployments of this origin keep shells of their own. */
const MINE = `saswin-shell ${self.registration.scope} `;
const SHELL = MINE + BUILD.version;
const SAMPLES = "saswin-samples";
const HOME = new URL("./", self.location).href;

self.addEventListener("install", (event) => event.waitUntil(fill()));

// A new version waits until the reader agrees: never a silent change in mid-session.
self.addEventListener("message", (event) => {
  if (event.data === "activate") self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  event.respondWith(answer(event.request, url));
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
}

async function answer(request, url) {
  // Without storage the page still works, with a network.
  const shell = await caches.open(SHELL).catch(() => null);
  const kept = await shell?.match(entry(request, url), { ignoreSearch: true });
  if (kept) return dressed(kept);
  if (url.pathname.includes("/samples/")) return sample(request);
  return dressed(await fetch(request));
}

/** The page is kept once, and bookmarks may name its file. */
function entry(request, { origin, pathname }) {
  return `${origin}${pathname}` === `${HOME}index.html` ? HOME : request;
}

async function sample(request) {
  const cache = await caches.open(SAMPLES).catch(() => null);
  const kept = await cache?.match(request);
  if (kept) return dressed(kept);
  const response = await fetch(request);
  // A full disk only costs a later download.
  if (response.ok) await cache?.put(request, response.clone()).catch(() => {});
  return dressed(response);
}

/** Hosts that cannot set headers get them here. */
function dressed(response) {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(BUILD.headers)) headers.set(name, value);
  const { status, statusText } = response;
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : response.body, { status, statusText, headers });
}
