// A thin adapter: messages in, messages out; all work is done by the Rust session.
import init, { Session, useRelaxedSimd } from "./generated/saswin_web.js";
import wasm from "./generated/saswin_web_bg.wasm?url";
import { fillGpuGaps } from "./gpu-gaps.js";
import { HELPER, Helpers } from "./helpers.js";
import { compiledWithout, HAS_RELAXED_SIMD } from "./relaxed-simd.js";
import { watchRequests } from "./requests.js";

fillGpuGaps();

const post = (message, transfer = []) => self.postMessage(message, transfer);

let hand;
const handed = new Promise((resolve) => {
  hand = resolve;
});
const own = () => (HAS_RELAXED_SIMD ? wasm : compiledWithout(wasm));
const module = self.name === HELPER ? handed : Promise.resolve(own());
const session = module
  .then((module_or_path) => init({ module_or_path }))
  .then(() => HAS_RELAXED_SIMD && useRelaxedSimd())
  .then(() => Session.create(post, new Helpers(post)));

/** Requests are answered one after another: the last one, the last one that is no run, the last model that is kept. */
let queue = Promise.resolve();
let brief = Promise.resolve();
let kept = Promise.resolve();
/** Ends a run's waiting for what is kept. */
let goOn = () => {};
self.onmessage = ({ data: request }) => {
  const after = (before) => before.then(() => answer(request));
  const all = Promise.all([queue, brief]);
  switch (request.type) {
    case "module":
      return hand(request.module);
    case "cancel":
      answer(request);
      // A run before its turn stops at once, and the model is kept all the same.
      return goOn();
    // They are about what is on screen, and wait for no other run.
    case "show":
    case "mirror":
    case "strip":
      brief = after(brief);
      return;
    case "run": {
      const told = new Promise((resolve) => {
        goOn = resolve;
      });
      queue = after(Promise.all([all, Promise.race([kept, told])]));
      return;
    }
    // Nothing waits for it but a run, which would fetch the same once more.
    case "keep":
      kept = after(Promise.all([all, kept]));
      return;
    // Nothing waits for what is compiled ahead.
    case "warm":
      queue = queue.then(() => void answer(request));
      return;
    default:
      queue = after(all);
      brief = queue;
  }
};

async function answer(request) {
  try {
    await (await session).handle(await withBytes(request));
  } catch (error) {
    const typed = error.kind ? error : { kind: "internal", message: String(error) };
    post({ id: request.id, type: "error", error: typed });
  }
}

// A trap inside a spawned future reaches nobody but these two.
self.addEventListener("unhandledrejection", (event) => crashed(event, event.reason));
self.addEventListener("error", (event) => crashed(event, event.error ?? event.message));

function crashed(event, reason) {
  event.preventDefault();
  post({ type: "crashed", message: String(reason) });
}

/** Files become names and bytes; folders keep their paths. */
async function withBytes(request) {
  if (!request.files) return request;
  const most = (await session).most_bytes;
  const total = request.files.reduce((sum, { file }) => sum + file.size, 0);
  if (total > most) throw tooLarge(total, most);
  const files = [];
  for (const { file, path } of request.files) {
    const name = path || file.name;
    files.push({ name, bytes: await bytesOf(file, name) });
  }
  return { ...request, files };
}

/** Nothing of them is read, so that a folder of a whole archive takes no time and no memory. */
function tooLarge(total, most) {
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  return {
    kind: "limits",
    message: `The files have ${gigabytes(total)} together, the limit is ${gigabytes(most)}.`,
    remedy: "Open the folder of one examination, or only the files of one series.",
  };
}

async function bytesOf(file, name) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw {
      kind: "file",
      message: "A file could not be read.",
      place: `${name}: ${error.message}`,
      remedy: "Copy it to this device's own disk and try again.",
    };
  }
}

// The page shows every request, those of its worker too.
watchRequests((requests) => post({ type: "requests", requests }));
