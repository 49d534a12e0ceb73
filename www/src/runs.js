import { clearError } from "./banner.js";
import { announce } from "./dom.js";
import { guarded } from "./failures.js";
import { stake } from "./leaving.js";
import { client, isBusy, panel, settle, shown } from "./page.js";
import { seekFinding, showResult } from "./shown-result.js";
import { showModel } from "./status.js";

/**
 * Names of the models whose programs a worker was asked to compile. One that failed at it is followed by another, which
 * compiles when it runs, so that no circle comes of it.
 */
const warmed = new Set();

/** A reader looks at the scan before asking for an analysis: time to compile what the chosen model needs. */
export function chosen() {
  const { model } = panel;
  // The line at the foot belongs to the findings, while there are some.
  showModel(shown.result?.report.model ?? model);
  if (!shown.scan || !model || model.imported || warmed.has(model.name)) return;
  warmed.add(model.name);
  // What is wrong shows in the run, which needs the same.
  client.request("warm", { model: model.name }).catch(() => {});
}

/** Has a model read the scan on screen. */
export async function analyse(model, ignoreWarnings = false) {
  if (!model || shown.run || isBusy()) return;
  clearError();
  panel.choose(model);
  const reply = await guarded(
    () => run(model, ignoreWarnings),
    ({ kind }) =>
      kind === "unsuitable" ? { label: "Run anyway", run: () => analyse(model, true) } : null,
  );
  ended();
  if (reply?.type === "result") {
    if (reply.kept) panel.kept(reply.report.model.name);
    announce("Analysis finished. The findings are in the panel.");
    await guarded(() => showResult(reply));
    seekFinding(reply);
  } else if (reply) announce("Analysis cancelled.");
  // What is being read by now settles by itself.
  if (!isBusy()) settle();
}

function run(model, ignoreWarnings) {
  shown.run = client.request(
    "run",
    { model: model.name, ...(ignoreWarnings ? { ignore_warnings: true } : {}) },
    (progress) => panel.step(progress),
  );
  stake("run", true);
  document.body.dataset.state = "running";
  panel.running(true);
  announce("Analysis started.");
  return shown.run;
}

function ended() {
  shown.run = null;
  stake("run", false);
  panel.running(false);
}

/** Stops the run under way, if there is one. */
export async function cancel() {
  if (!shown.run) return;
  panel.cancelling();
  await client.cancel(shown.run);
}

/** Fetches the chosen model's weights now, so that a run needs no network later. */
export async function keep() {
  const { model } = panel;
  clearError();
  panel.keeping(true);
  const reply = await guarded(() =>
    client.request("keep", { model: model.name }, (progress) => panel.fetched(progress)),
  );
  panel.keeping(false);
  if (reply) {
    panel.kept(model.name);
    announce(`${model.title} is kept on this device.`);
  }
}
