import { find } from "./dom.js";
import { trusted } from "./trusted.js";

/** Registers the service worker; a new version waits for the reader's word. */
export async function keepOffline() {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const registration = await navigator.serviceWorker.register(trusted("sw.js")).catch(() => null);
  if (!registration) return;
  const { serviceWorker } = navigator;
  const updated = Boolean(serviceWorker.controller);
  let asked = false;
  find("#reload").addEventListener("click", () => {
    asked = true;
    if (registration.waiting) registration.waiting.postMessage("activate");
    else location.reload();
  });
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

function offer() {
  find("#update").hidden = false;
}
