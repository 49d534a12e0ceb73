import { announce, find, h } from "./dom.js";

/**
 * What a reader may send when something went wrong: the program, the device, the requests, the last error.
 * It names no scan. Errors give their kind and message, which name no file and no patient;
 * where they happened may hold a file's name and is left out.
 */
export class Diagnostics {
  #requests;
  #facts = {};

  constructor(requests) {
    this.#requests = requests;
    find("#diagnostics").addEventListener("beforetoggle", () => this.#show());
  }

  ready({ adapter, version, models }) {
    this.#facts.version = version;
    this.#facts.adapter = adapter;
    this.#facts.models = models.map(({ name, sha256, cached }) => ({ name, sha256, cached }));
  }

  failed({ kind, message }) {
    this.#facts.lastError = { kind, message };
  }

  finished({ model, adapter, timing, warnings }) {
    // The digest, since imported weights are named after their file.
    this.#facts.lastRun = { weights: model.sha256, adapter, timing, warnings };
  }

  text() {
    const browser = {
      agent: navigator.userAgent,
      webgpu: "gpu" in navigator,
      isolated: crossOriginIsolated,
      offlineCopy: Boolean(navigator.serviceWorker?.controller),
      memoryGB: navigator.deviceMemory,
      cores: navigator.hardwareConcurrency,
    };
    return JSON.stringify({ ...this.#facts, browser, requests: this.#requests.paths() }, null, 2);
  }

  #show() {
    const text = this.text();
    const area = h("pre", { tabIndex: 0 }, text);
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(text);
        announce("Diagnostics copied.");
      } catch {
        getSelection().selectAllChildren(area);
        announce("The browser keeps the clipboard back: the text is selected, copy it by hand.");
      }
    };
    find("#diagnostics").replaceChildren(
      h("h2", {}, "Diagnostics"),
      h("p", {}, "Names no file and no patient. Nothing is sent; copy it where you like."),
      h("button", { type: "button", onclick: copy }, "Copy"),
      area,
    );
  }
}
