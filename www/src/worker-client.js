import { trusted } from "./trusted.js";
import workerUrl from "./worker.js?worker&url";
import { crashed, ended, isRun, LOST, ReplyError, weightsLost } from "./worker-errors.js";

/** How long a cancelled run may take to stop by itself before the worker is ended. */
const PATIENCE_MS = 5000;

/** A worker that stops more often than this without an answer in between is not started again by itself. */
const CRASHES = 2;

/**
 * Requests to the worker as promises. Emits `ready` (detail: the reply to `init`), `failed` (detail: why there is no
 * worker), `lost` (detail: what a fresh worker could not read again) and `requests` (detail: network requests that the
 * worker made).
 */
export class WorkerClient extends EventTarget {
  #worker = null;
  #ready = false;
  #options;
  #waiting = new Map();
  #nextId = 1;
  #imports = 0;
  /** What to tell a fresh worker so that it stands where the last one stood. */
  #history = { imported: null, open: null, shown: null };
  #crashes = 0;

  constructor(options) {
    super();
    this.#options = options;
    this.#start();
  }

  /** Sends a request; resolves with the reply, rejects with a `ReplyError`. */
  async request(type, payload = {}, onProgress = null) {
    if (!this.#worker) this.#resume();
    const reply = await this.#send(type, payload, onProgress);
    if (reply.type === "series") this.#history.open = { type, payload };
    if (type === "select") {
      this.#history.shown = { open: this.#history.open, select: { type, payload } };
    }
    this.#crashes = 0;
    return reply;
  }

  /** Makes a model of a checkpoint. One that is not `wanted()` when it is there gives way to the one before. */
  async import(payload, wanted) {
    const mine = ++this.#imports;
    const reply = await this.request("import", payload);
    if (wanted()) this.#history.imported = { type: "import", payload, model: reply.model.name };
    else if (mine === this.#imports) this.#repeat([this.#history.imported ?? { type: "forget" }]);
    return reply;
  }

  /** Stops the run: by asking, and where that does not help, by ending the worker. */
  async cancel(run) {
    const waiting = [...this.#waiting].find(([, { type }]) => isRun(type));
    if (waiting) this.#worker.postMessage({ id: this.#nextId++, type: "cancel", run: waiting[0] });
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, "late"));
    const settled = run.catch(() => "stopped");
    if ((await Promise.race([settled, late])) === "late" && this.#end(ended)) this.#resume();
  }

  #start() {
    const worker = new Worker(trusted(workerUrl), { type: "module", name: "saswin" });
    this.#worker = worker;
    this.#ready = false;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crashed(event.message);
    };
    this.#send("init", this.#options).then(
      (detail) => {
        this.#ready = true;
        this.#tell("ready", detail);
      },
      (detail) => {
        this.#end(() => detail);
        this.#tell("failed", detail);
      },
    );
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Ends the worker; who waits for an answer gets the reason, by the request's type. Whether there was one that works. */
  #end(reason) {
    const wasReady = this.#ready;
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { type, reject } of waiting) reject(reason(type));
    return wasReady;
  }

  #send(type, payload, onProgress = null) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { type, payload, resolve, reject, onProgress });
      this.#worker.postMessage({ id, type, ...payload });
    });
  }

  #receive(message) {
    if (message.type === "requests") {
      this.#tell("requests", message.requests);
      return;
    }
    if (message.type === "crashed") {
      this.#crashed(message.message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.type === "progress") {
      waiting.onProgress?.(message);
      return;
    }
    if (this.#lacksImported(message, waiting)) {
      this.#importBefore(message.id, waiting);
      return;
    }
    this.#waiting.delete(message.id);
    if (message.type === "error") waiting.reject(new ReplyError(message.error));
    else waiting.resolve(message);
  }

  /** Whether a request failed because imported weights went with a device that another one replaced. */
  #lacksImported({ error }, { payload, again }) {
    const { imported } = this.#history;
    return error?.kind === "no_model" && payload.model === imported?.model && !again;
  }

  /** Has the imported weights read again, and the request answered after that: under its number, by which it is cancelled. */
  #importBefore(id, waiting) {
    waiting.again = true;
    const { imported } = this.#history;
    this.#send(imported.type, imported.payload).catch((error) => {
      this.#waiting.delete(id);
      waiting.reject(weightsLost(error));
    });
    this.#worker.postMessage({ id, type: waiting.type, ...waiting.payload });
  }

  #crashed(place) {
    this.#crashes += 1;
    const again = this.#crashes <= CRASHES;
    const types = [...this.#waiting.values()].map(({ type }) => type);
    const error = crashed(types, { ready: this.#ready, again }, place);
    // What cannot start, or stops again and again, would only fail once more; the next request tries anew.
    if (!this.#end(() => error)) return;
    if (again) this.#resume();
    else this.#tell("failed", error);
  }

  /** Starts a worker and brings it to where the last one stood. */
  #resume() {
    const { imported, open, shown } = this.#history;
    this.#start();
    this.#repeat([imported]);
    this.#repeat([shown?.open, shown?.select], LOST.scan);
    // What was opened last need not be what is shown.
    if (open !== shown?.open) this.#repeat([open], LOST.series);
  }

  /** Asks once more for what was granted before; `lost` is to be told where it is refused now. */
  async #repeat(steps, lost = null) {
    const worker = this.#worker;
    const asked = steps.filter(Boolean).map(({ type, payload }) => this.#send(type, payload));
    try {
      await Promise.all(asked);
    } catch ({ place }) {
      // One that stopped has told so itself, and the next one tries again.
      if (lost && worker === this.#worker) this.#tell("lost", new ReplyError({ ...lost, place }));
    }
  }
}
