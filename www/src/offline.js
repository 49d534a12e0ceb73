import { find } from "./dom.js";
import { trusted } from "./trusted.js";

/** Registers the service worker; a new version waits for the reader's word. */
export async function keepOffline() {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const registration = await navigator.serviceWorker.register(trusted("sw.js")).catch(() => null);
  if (!registration) return;
  if (registration.waiting) offer(registration);
  registration.addEventListener("updatefound", () => {
    const fresh = registration.installing;
    fresh.addEventListener("statechange", () => {
      if (fresh.state === "installed" && navigator.serviceWorker.controller) offer(registration);
    });
  });
}

function offer(registration) {
  find("#update").hidden = false;
  find("#reload").addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
    registration.waiting?.postMessage("activate");
  });
}
