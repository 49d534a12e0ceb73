import { announce, find } from "./dom.js";
import { trusted } from "./trusted.js";

let registration = null;
/** Whether the reader asked for the new version here. */
let asked = false;

/** Registers the service worker; a new version waits for the reader's word. */
export async function keepOffline() {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  registration = await navigator.serviceWorker.register(trusted("sw.js")).catch(() => null);
  if (!registration) return;
  const { serviceWorker } = navigator;
  const updated = Boolean(serviceWorker.controller);
  find("#reload").addEventListener("click", renew);
  // Another tab may have asked for the new version: this one then says so, and reloads when told to.
  serviceWorker.addEventListener("controllerchange", () => {
    if (asked) location.reload();
    else if (updated) offer();
  });
  if (registration.waiting) offer();
  registration.addEventListener("updatefound", () => {
    const fresh = registration.installing;
    fresh.addEventListener("statechange", () => {
      if (fresh.state === "installed" && serviceWorker.controller) offer();
    });
  });
}

/** Reloads the page: its new version, if there is one. A plain reload would only bring back the one that is kept. */
export async function renew() {
  asked = true;
  await registration?.update().catch(() => {});
  take(registration?.installing ?? registration?.waiting);
}

/** Has a version take over, which reloads the page; where its files do not come, the one that waits, or the one that is here. */
function take(fresh) {
  if (!fresh) return location.reload();
  fresh.addEventListener("statechange", () => {
    if (fresh.state === "redundant") take(registration.waiting);
  });
  fresh.postMessage("activate");
}

function offer() {
  find("#update").hidden = false;
  announce("A new version of this page is ready.");
}
