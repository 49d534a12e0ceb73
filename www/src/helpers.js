import { trusted } from "./trusted.js";

/** A worker of this name waits for the compiled module instead of fetching it. */
export const HELPER = "saswin helper";

/** Half of the machine's memory is left to others; each helper may take this much of the rest, GB. */
const MEMORY_GB = 1;

/**
 * Workers that a run on the CPU shares its windows among. Threads within one module would need a nightly compiler;
 * helpers need no shared memory and so no special headers either.
 */
export class Helpers {
  #requests;
  #crew = [];
  #nextId = 1;

  /** `requests` hears of the helpers' network requests. */
  constructor(requests) {
    this.#requests = requests;
  }

  /**
   * Starts helpers for `windows` from the compiled `module`, each with `first` as its first request; returns how many
   * there are. One alone would gain nothing.
   */
  hire(module, first, windows, limit) {
    this.dismiss();
    const memory = (navigator.deviceMemory ?? 4) / 2 / MEMORY_GB;
    const most = limit ?? Math.min(navigator.hardwareConcurrency ?? 1, memory);
    const count = Math.floor(Math.min(most, windows));
    if (count < 2) return 0;
    try {
      while (this.#crew.length < count) this.#crew.push(this.#start(module, first));
    } catch {
      // A browser that starts no worker from a worker: the run goes on alone.
      this.dismiss();
    }
    return this.#crew.length;
  }

  /** Resolves with the reply of the helper that has least to do. */
  ask(request, transfer) {
    const [helper] = this.#crew.toSorted((a, b) => a.waiting.size - b.waiting.size);
    if (!helper) return Promise.reject(new Error("it was dismissed"));
    return this.#send(helper, request, transfer);
  }

  dismiss() {
    const crew = this.#crew;
    this.#crew = [];
    for (const helper of crew) this.#end(helper, new Error("it was dismissed"));
  }

  #start(module, first) {
    const worker = new Worker(trusted(self.location.href), { type: "module", name: HELPER });
    const helper = { worker, waiting: new Map() };
    worker.onmessage = ({ data }) => this.#receive(helper, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(helper, event.message || "it could not start");
    };
    worker.postMessage({ type: "module", module });
    // What is wrong with it shows when it is asked for a window.
    this.#send(helper, first).catch(() => {});
    return helper;
  }

  #send(helper, request, transfer = []) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      helper.waiting.set(id, { resolve, reject });
      helper.worker.postMessage({ ...request, id }, transfer);
    });
  }

  #receive(helper, message) {
    if (message.type === "requests") this.#requests(message);
    else if (message.type === "crashed") this.#lose(helper, message.message);
    const waiting = helper.waiting.get(message.id);
    if (!waiting || message.type === "progress") return;
    helper.waiting.delete(message.id);
    if (message.type === "error") waiting.reject(new Error(message.error.message));
    else waiting.resolve(message);
  }

  /** One that stopped takes no more; the others go on with what they have. */
  #lose(helper, reason) {
    this.#crew = this.#crew.filter((other) => other !== helper);
    this.#end(helper, new Error(reason));
  }

  #end({ worker, waiting }, error) {
    worker.terminate();
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }
}
