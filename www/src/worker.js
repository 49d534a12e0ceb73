// A thin adapter: messages in, messages out; all work is done by the Rust session.
import init, { Session } from "./generated/saswin_web.js";
import wasm from "./generated/saswin_web_bg.wasm?url";
import { HELPER, Helpers } from "./helpers.js";
import { watchRequests } from "./requests.js";

const post = (message, transfer = []) => self.postMessage(message, transfer);

let hand;
const handed = new Promise((resolve) => {
  hand = resolve;
});
const module = self.name === HELPER ? handed : Promise.resolve(wasm);
const session = module
  .then((module_or_path) => init({ module_or_path }))
  .then(() => Session.create(post, new Helpers(post)));

/** What concerns the run under way or the result on screen does not wait for a run to end. */
const OVERTAKING = new Set(["cancel", "mirror", "strip"]);

/** Other requests are answered one after another, and nothing waits for what is compiled ahead. */
let queue = Promise.resolve();
self.onmessage = ({ data: request }) => {
  if (request.type === "module") hand(request.module);
  else if (OVERTAKING.has(request.type)) answer(request);
  else if (request.type === "warm") queue = queue.then(() => void answer(request));
  else queue = queue.then(() => answer(request));
};

async function answer(request) {
  try {
    await (await session).handle(await withBytes(request));
  } catch (error) {
    post({ id: request.id, type: "error", error: { kind: "internal", message: String(error) } });
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
  const files = [];
  for (const { file, path } of request.files) {
    files.push({ name: path || file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
  }
  return { ...request, files };
}

// The page shows every request, those of its worker too.
watchRequests((requests) => post({ type: "requests", requests }));
