const RUNS = new Set(["run", "bench"]);
const READS = new Set(["open", "open_url", "phantom", "select", "show"]);

/** What to say of a worker that stopped, by what it was doing. */
const STOPPED = {
  starting: {
    message: "The program for the analysis could not start.",
    remedy: "Reload the page; if that does not help, use a current browser.",
  },
  working: {
    message: "The analysis stopped unexpectedly.",
    remedy: "It was restarted; the scan is still open. Try again, or try ?backend=cpu.",
  },
  reading: {
    message: "Reading stopped unexpectedly.",
    remedy:
      "It was restarted; what was open before still is. The scan may be too large for this device.",
  },
  other: {
    message: "The program for the analysis stopped unexpectedly.",
    remedy: "It was restarted; what was open before still is. Try again.",
  },
};

/** What is said in place of that it was restarted. */
const GIVEN_UP = "It stopped several times in a row. Reload the page, or try ?backend=cpu.";

/** What ends together with a run, by the request. */
const BESIDE = {
  keep: "Fetching the model",
  strip: "The export",
  mirror: "Mirroring the scan",
  show: "Drawing the scan",
  import: "The import of weights",
};

/** What to say of imported weights that are neither on the device nor in their file any more. */
const LOST_WEIGHTS = {
  kind: "file",
  message: "The imported weights were lost with their device, and their file is not as it was.",
  remedy: "Import the weights again.",
};

/** What to say of what a fresh worker could not read again. */
export const LOST = {
  scan: {
    kind: "scan_lost",
    message: "The scan on screen could not be read again after a restart.",
    remedy: "Open it again.",
  },
  series: {
    kind: "series_lost",
    message: "What was opened last could not be read again after a restart.",
    remedy: "Open it again.",
  },
};

/** A typed failure from the worker: what happened, where, and what to do. */
export class ReplyError extends Error {
  constructor({ kind, message, place, remedy }) {
    super(message);
    this.name = "ReplyError";
    Object.assign(this, { kind, place, remedy });
  }
}

export function isRun(type) {
  return RUNS.has(type);
}

/** Of a worker that stopped by itself while requests of these `types` waited; `again` tells whether it is restarted. */
export function crashed(types, { ready, again }, place) {
  const { message, remedy } = STOPPED[ready ? activity(types) : "starting"];
  const what = ready && !again ? GIVEN_UP : remedy;
  return new ReplyError({ kind: "worker", place: place || undefined, message, remedy: what });
}

function activity(types) {
  if (types.some(isRun)) return "working";
  return types.some((type) => READS.has(type)) ? "reading" : "other";
}

/** Of a request whose worker was ended, as a run did not stop when it was told to. */
export function ended(type) {
  if (isRun(type)) return new ReplyError({ kind: "cancelled", message: "The run was stopped." });
  if (type === "init") return crashed([], { ready: false });
  const message = `${BESIDE[type] ?? "Reading"} was stopped together with the run.`;
  return new ReplyError({ kind: "worker", message, remedy: "Try again." });
}

/** Of imported weights that could not be read once more. */
export function weightsLost(error) {
  return error.kind === "file" ? new ReplyError({ ...LOST_WEIGHTS, place: error.place }) : error;
}
