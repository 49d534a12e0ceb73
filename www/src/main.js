import { AnalysisPanel } from "./analysis.js";
import { clearError, showError } from "./banner.js";
import { Diagnostics } from "./diagnostics.js";
import { announce, find } from "./dom.js";
import { save } from "./exports.js";
import { showFindings, showScanFacts } from "./findings.js";
import { dims, plural } from "./format.js";
import { ImportDialog, isCheckpoint } from "./import.js";
import { keepOffline } from "./offline.js";
import { wireOpening } from "./open.js";
import { markSeries, showSeries } from "./series.js";
import { RequestLog, showAdapter, showAdapterFailure, showModel } from "./status.js";
import { WorkerClient } from "./worker-client.js";

const query = new URLSearchParams(location.search);
const megabytes = Number(query.get("max_buffer_mb"));
const helpers = query.get("helpers");
const client = new WorkerClient({
  backend: query.get("backend") ?? "auto",
  ...(megabytes > 0 ? { max_buffer_mb: megabytes } : {}),
  ...(helpers ? { helpers: Number(helpers) } : {}),
});
const requests = new RequestLog();
const diagnostics = new Diagnostics(requests);
const importer = new ImportDialog(importWeights);
const panel = new AnalysisPanel({
  start: () => analyse(panel.model),
  cancel: () => cancel(),
  keep: (model) => keep(model),
  pick: () => importer.pick(),
});

/** What is on screen: the scan, its result, and the run under way. */
const shown = { scan: null, result: null, run: null };
/** Names of the models whose programs the worker was asked to compile. */
const warmed = new Set();
/** Counts openings: one that was overtaken by another goes no further. */
let turn = 0;

/** The viewer is large: it is fetched behind the first picture, and made for the first scan. */
const fetchViewer = () => Promise.all([import("./viewer.js"), import("./viewer-controls.js")]);
let viewing = null;
function viewer() {
  viewing ??= makeViewer().catch((error) => {
    // The next scan tries again.
    viewing = null;
    throw error;
  });
  return viewing;
}

async function makeViewer() {
  const [{ Viewer }, { ViewerControls }] = await fetchViewer();
  const canvas = find("#viewer canvas");
  let controls = null;
  const made = await Viewer.attach(
    canvas,
    (place) => controls?.showLocation(place),
    () => controls?.pressWindow(null),
  );
  controls = new ViewerControls(made);
  canvas.addEventListener("webglcontextlost", () =>
    showError({
      kind: "viewer",
      message: "The browser took the graphics away from the picture.",
      remedy: "Findings and exports are still here. Reload the page to see the scan again.",
    }),
  );
  return { viewer: made, controls };
}

client.addEventListener("ready", ({ detail }) => {
  showAdapter(detail.adapter);
  diagnostics.ready(detail);
  panel.offer(detail.models);
  fetchViewer().catch(() => {});
  warmed.clear();
  if (shown.scan) suit(shown.scan);
  else showModel(panel.model);
});
client.addEventListener("failed", ({ detail }) => {
  showAdapterFailure("Could not start");
  diagnostics.failed(detail);
  showError(detail);
});
client.addEventListener("requests", ({ detail }) => requests.add(detail));
find("#findings").addEventListener("change", chosen);
window.addEventListener("keydown", (event) => {
  const closes = document.querySelector(":popover-open, dialog[open]");
  if (event.key === "Escape" && shown.run && !closes) cancel();
});

wireOpening({
  reading: async (files) => {
    busy("Reading…");
    const read = await guarded(() => files.catch(unreadable));
    if (!read) settle();
    return read;
  },
  files: (files) => {
    const weights = files.find(({ file }) => isCheckpoint(file));
    if (weights) return importer.open(weights.file);
    requests.mark();
    return open("open", { files });
  },
  // The worker lives in another folder, so it gets the whole address.
  sample: ({ url, name }) =>
    open("open_url", { url: new URL(url, document.baseURI).href, name }, () => requests.mark()),
  phantom: () => {
    requests.mark();
    return open("phantom");
  },
});
keepOffline();

function unreadable(error) {
  throw Object.assign(new Error("What was dropped could not be read."), {
    kind: "file",
    place: error.message,
    remedy: "Copy it to this device's own disk and try again.",
  });
}

/** Runs one step; a failure is told in the banner and changes nothing else. */
async function guarded(step, action) {
  try {
    clearError();
    return await step();
  } catch (error) {
    diagnostics.failed(error);
    if (error.kind !== "cancelled") showError(error, action?.(error));
    announce(error.message);
    return null;
  }
}

async function open(type, payload = {}, opened = () => {}) {
  const mine = ++turn;
  await stopRun();
  busy("Reading…");
  const reply = await guarded(() => client.request(type, payload));
  if (mine !== turn) return;
  if (!reply) return settle();
  opened();
  showSeries(reply.series, select);
  const best = reply.series.find((series) => series.preferred) ?? reply.series[0];
  announce(`${plural(reply.series.length, "series", "series")} found.`);
  if (best) await select(best.index);
  else settle();
}

async function select(index, volume) {
  const mine = turn;
  await stopRun();
  busy("Reading the series…");
  const reply = await guarded(() =>
    client.request("select", { index, ...(volume > 0 ? { volume } : {}) }),
  );
  if (reply) await guarded(() => showScan(reply, index));
  if (mine === turn) settle();
}

async function importWeights(file, said) {
  await stopRun();
  const { model, summary } = await client.request("import", { files: [{ file }], said });
  panel.add(model);
  showModel(panel.model);
  announce(`Weights imported: ${summary}.`);
}

async function showScan({ nifti, info }, index) {
  // The worker has this scan now: what is on screen must be it, or nothing.
  shown.scan = null;
  shown.result = null;
  document.body.dataset.state = "scan";
  const { viewer: view, controls } = await viewer();
  await view.showScan(nifti, "scan", info.window);
  shown.scan = info;
  controls.showScan(info);
  showScanFacts(info);
  markSeries(index);
  suit(info);
  announce(`Scan shown, ${dims(info.dims)} voxels.`);
}

function suit({ modality }) {
  panel.suit(modality);
  chosen();
}

/** A reader looks at the scan before asking for an analysis: time to compile what it needs. */
function chosen() {
  const { model } = panel;
  showModel(model);
  if (!shown.scan || !model || model.imported || warmed.has(model.name)) return;
  warmed.add(model.name);
  // What is wrong shows in the run, which needs the same.
  client.request("warm", { model: model.name }).catch(() => {});
}

async function analyse(model, ignoreWarnings = false) {
  if (!model || shown.run) return;
  const run = client.request(
    "run",
    { model: model.name, ...(ignoreWarnings ? { ignore_warnings: true } : {}) },
    (progress) => panel.step(progress),
  );
  shown.run = run;
  document.body.dataset.state = "running";
  panel.running(true);
  announce("Analysis started.");
  const anyway = (error) =>
    error.kind === "unsuitable" ? { label: "Run anyway", run: () => analyse(model, true) } : null;
  const reply = await guarded(() => run, anyway);
  shown.run = null;
  panel.running(false);
  if (reply?.type === "result") await guarded(() => showResult(reply));
  else if (reply) announce("Analysis cancelled.");
  settle();
}

/** The findings come first: they do not need the picture. */
async function showResult(result) {
  const { report, segmentation, kept, strips } = result;
  shown.result = result;
  showFindings(report, {
    toggle: async (values, on) => (await viewer()).viewer.toggle(values, on),
    show: async (mm) => (await viewer()).viewer.show(mm),
    save: (kind) => guarded(() => save(kind, result, () => client.request("strip"))),
    strips,
  });
  showAdapter(report.adapter);
  diagnostics.finished(report);
  if (kept) panel.kept(report.model.name);
  const { viewer: view, controls } = await viewer();
  const plane = report.alignment.aligned ? report.alignment.plane : null;
  const labels = report.model.trained ? report.labels : [];
  const fetchMirror = async () => (await guarded(() => client.request("mirror", { plane })))?.nifti;
  await view.showResult({ segmentation, labels, plane, fetchMirror });
  controls.showResult(plane !== null);
  announce("Analysis finished. The findings are in the panel.");
}

/** Fetches a model's weights now, so that a run needs no network later. */
async function keep(model) {
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

async function cancel() {
  if (!shown.run) return;
  panel.cancelling();
  await client.cancel(shown.run);
}

async function stopRun() {
  if (shown.run) await cancel();
}

function busy(text) {
  announce(text);
  document.body.dataset.busy = text;
}

/** Back to what is on screen, after success or failure. */
function settle() {
  delete document.body.dataset.busy;
  document.body.dataset.state = shown.result ? "result" : shown.scan ? "scan" : "empty";
}
