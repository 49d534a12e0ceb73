import { find, h } from "./dom.js";
import { plural } from "./format.js";
import { watchRequests } from "./requests.js";

const BACKENDS = { webgpu: "WebGPU", wgpu: "WebGPU", cpu: "CPU" };

export function showAdapter({ name, backend, software, precision, reason }) {
  const cpu = backend === "cpu";
  const parts = [BACKENDS[backend] ?? backend, cpu ? null : name, precision];
  if (cpu) parts.push("no GPU is used");
  else if (software) parts.push("software adapter: no GPU is used");
  find("#adapter").replaceChildren(
    h("i", { className: `dot ${cpu || software ? "slow" : "fast"}` }),
    parts.filter(Boolean).join(" · "),
  );
  find("#adapter").title = reason ?? "";
  if (reason) find("#adapter").append(h("small", {}, `(${reason})`));
}

export function showAdapterFailure(text) {
  find("#adapter").replaceChildren(h("i", { className: "dot failed" }), text);
}

export function showModel(model) {
  find("#model").textContent = model ? `${model.name} · ${model.sha256.slice(0, 12)}` : "";
  find("#model").title = model ? `SHA-256 ${model.sha256}` : "";
}

/** A worker takes its policy from the host's headers, with which isolation comes too. */
const NONE = crossOriginIsolated
  ? "None. The browser itself refuses every address but this site's (Content-Security-Policy)."
  : "None.";

/** Counts every request of the page and its workers to the network since the scan was opened, and lists all. */
export class RequestLog {
  #all = [];
  #since = null;

  constructor() {
    watchRequests((requests) => this.add(requests));
  }

  add(requests) {
    this.#all.push(...requests.filter(({ url }) => /^https?:/.test(url)));
    this.#show();
  }

  /** A scan is open since then, a time of `now`. */
  mark(since = RequestLog.now) {
    this.#since = since;
    this.#show();
  }

  static get now() {
    return performance.timeOrigin + performance.now();
  }

  /** Addresses of all requests without this site's origin, each with its number. */
  paths() {
    const counts = new Map();
    for (const { url } of this.#all) {
      const path = shorten(url);
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  }

  #show() {
    const shown =
      this.#since === null ? this.#all : this.#all.filter(({ time }) => time > this.#since);
    const when = this.#since === null ? "since the page was opened" : "since the scan was opened";
    const sent = shown.filter(({ stored }) => !stored);
    find("#requests").textContent = `${plural(sent.length, "request")} ${when}`;
    find("#request-log").replaceChildren(
      h("h2", {}, `Requests ${when}`),
      shown.length === 0 ? h("p", {}, NONE) : h("ol", {}, ...shown.map(entry)),
    );
  }
}

function entry({ url, stored }) {
  return h("li", {}, h("code", {}, shorten(url)), stored ? " from this browser's own store" : "");
}

function shorten(url) {
  return url.startsWith(`${location.origin}/`) ? url.slice(location.origin.length) : url;
}
