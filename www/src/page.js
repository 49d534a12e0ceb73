import { device, whole } from "./address.js";
import { AnalysisPanel } from "./analysis.js";
import { Diagnostics } from "./diagnostics.js";
import { announce, find } from "./dom.js";
import { Picture } from "./picture.js";
import { Results } from "./results.js";
import { RequestLog } from "./status.js";
import { WorkerClient } from "./worker-client.js";

/** The parts that others act on. They tell what the reader wants by events, which `main.js` answers. */
export const client = new WorkerClient({ ...device("auto"), helpers: whole("helpers", 0) });
export const requests = new RequestLog();
export const diagnostics = new Diagnostics(requests);
export const panel = new AnalysisPanel();
export const results = new Results();
export const picture = new Picture();

/** What is on screen: the scan and how it was asked for, its number with it; the result, and the run under way. */
export const shown = { scan: null, asked: null, result: null, run: null };

/** Whether something is being read. */
export const isBusy = () => "busy" in document.body.dataset;

/** While something is read. */
export function busy(text) {
  announce(text);
  panel.waiting(true);
  document.body.dataset.busy = text;
}

/** Back to what is on screen, after success or failure. */
export function settle() {
  delete document.body.dataset.busy;
  panel.waiting(false);
  document.body.dataset.state = state();
}

function state() {
  if (shown.run) return "running";
  if (shown.result) return "result";
  if (shown.scan) return "scan";
  return find("#series").childElementCount > 0 ? "listed" : "empty";
}
