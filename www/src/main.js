import { device, whole } from "./address.js";
import { AnalysisPanel } from "./analysis.js";
import { clearError, showError } from "./banner.js";
import { Diagnostics } from "./diagnostics.js";
import { announce, find } from "./dom.js";
import { save } from "./exports.js";
import { showFindings, showScanFacts } from "./findings.js";
import { dims, plural } from "./format.js";
import { ImportDialog, isCheckpoint } from "./import.js";
import { listKeys } from "./keys.js";
import { stake } from "./leaving.js";
import { keepOffline, renew } from "./offline.js";
import { wireOpening } from "./open.js";
import { Results } from "./results.js";
import { markSeries, showSeries } from "./series.js";
import { RequestLog, showAdapter, showAdapterFailure, showModel } from "./status.js";
import { WorkerClient } from "./worker-client.js";

const client = new WorkerClient({ ...device("auto"), helpers: whole("helpers", 0) });
const requests = new RequestLog();
const diagnostics = new Diagnostics(requests);
const importer = new ImportDialog(importWeights);
const panel = new AnalysisPanel({
  start: () => analyse(panel.model),
  cancel: () => cancel(),
  keep: (model) => keep(model),
  pick: () => importer.pick(),
});

const results = new Results({
  open: (result) => {
    if (!shown.run) panel.choose(result.report.model);
    announce(`Findings of ${result.report.model.title}.`);
    guarded(() => showResult(result));
  },
  start: (model) => analyse(model),
});

/**
 * What is on screen: the scan, the series and volume that are its, with the number of their asking, and those that were asked
 * for last, if they are neither refused nor undrawable; the result, and the run under way.
 */
const shown = { scan: null, asked: null, wanted: null, result: null, run: null };
/**
 * Names of the models whose programs a worker was asked to compile. One that failed at it is followed by another, which
 * compiles when it runs, so that no circle comes of it.
 */
const warmed = new Set();
/** Counts openings: one that was overtaken by another goes no further. */
let turn = 0;
/** Counts selections: by its number the worker tells the scan that is meant from another one. */
let selections = 0;

/** The viewer is large: it is fetched behind the first picture, and made for the first scan. */
const fetchViewer = () => Promise.all([import("./viewer.js"), import("./viewer-controls.js")]);
let viewing = null;
/** The last change of the picture. */
let drawing = Promise.resolve();
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
  const made = await Viewer.attach(canvas, {
    onLocation: (place) => controls?.showLocation(place),
    onWindow: () => controls?.contrastChanged(),
    onReset: () => controls?.resetWindow(),
  });
  controls = new ViewerControls(made);
  canvas.addEventListener("webglcontextlost", () => lost(canvas, made), { once: true });
  return { viewer: made, controls };
}

/** A canvas does not come back from this: another one takes its place, with nobody listening to it yet. */
function lost(canvas, viewer) {
  viewing = null;
  viewer.detach();
  const frame = canvas.parentElement;
  frame.replaceWith(frame.cloneNode(true));
  document.body.dataset.blind = "";
  const error = {
    kind: "viewer",
    message: "The browser took the graphics away from the picture.",
    remedy: "Findings and exports are still here.",
  };
  diagnostics.failed(error);
  showError(error, shown.asked && { label: "Draw it again", run: () => guarded(redraw) });
}

const isBlind = () => "blind" in document.body.dataset;

async function redraw() {
  const { asked } = shown;
  const reply = await client.request("show", { scan: asked.scan });
  if (asked !== shown.asked) return;
  await drawScan(reply);
  if (shown.result) await showResult(shown.result);
}

client.addEventListener("ready", ({ detail }) => {
  showAdapter(detail.adapter);
  diagnostics.ready(detail);
  panel.offer(detail.models);
  fetchViewer().catch(() => {});
  if (shown.scan && !panel.suits(shown.scan.modality)) suit(shown.scan);
  else chosen();
});
client.addEventListener("failed", ({ detail }) => {
  showAdapterFailure("Not running");
  diagnostics.failed(detail);
  showError(detail);
});
client.addEventListener("requests", ({ detail }) => requests.add(detail));
find("#findings").addEventListener("change", chosen);
window.addEventListener("keydown", (event) => {
  const closes = document.querySelector(":popover-open, dialog[open]");
  if (event.key === "Escape" && shown.run && !closes) cancel();
});
listKeys();

wireOpening({
  reading: async (files) => {
    const mine = ++turn;
    busy("Reading…");
    const read = await guarded(() => files.catch(unreadable));
    if (mine !== turn) return null;
    if (!read) settle();
    return read;
  },
  files: (files) => {
    // Weights may lie beside scans.
    const scans = files.filter(({ file }) => !isCheckpoint(file));
    if (scans.length === 0) {
      settle();
      if (files.length > 0) importer.open(files[0].file);
      return;
    }
    requests.mark();
    return open("open", { files: scans });
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

/** Runs one step; a failure is told in the banner and changes nothing else. Only a new beginning takes a message away. */
async function guarded(step, action) {
  try {
    return await step();
  } catch (error) {
    diagnostics.failed(error);
    if (error.kind !== "cancelled") showError(error, action?.(error) ?? renewal(error));
    announce(error.message);
    return null;
  }
}

/** What was published since knows models that the page of before does not. */
function renewal({ kind }) {
  return kind === "integrity" ? { label: "Reload", run: renew } : null;
}

async function open(type, payload = {}, opened = () => {}) {
  const mine = ++turn;
  clearError();
  await stopRun();
  busy("Reading…");
  const reply = await guarded(() => client.request(type, payload));
  if (reply) {
    // Also when another opening follows: this is what the worker holds, should that one fail.
    opened();
    shown.wanted = null;
    showSeries(reply.series, select);
  }
  if (mine !== turn) return;
  if (!reply) return settle();
  const best = reply.series.find((series) => series.preferred) ?? reply.series[0];
  announce(`${plural(reply.series.length, "series", "series")} found.`);
  if (best) await select(best.index);
  else settle();
}

async function select(index, volume = 0) {
  if (shown.wanted?.index === index && shown.wanted.volume === volume) return;
  const mine = turn;
  clearError();
  await stopRun();
  busy("Reading the series…");
  const from = { index, volume, scan: ++selections };
  const before = shown.wanted;
  shown.wanted = from;
  const reply = await guarded(() => client.request("select", from));
  const drawn = reply && (await guarded(() => showScan(reply, from)));
  // What is not drawn may be asked for again; what is refused leaves the scan of before.
  if (!drawn && shown.wanted === from) shown.wanted = reply ? null : before;
  if (mine === turn && from.scan === selections) settle();
}

async function importWeights(file, said, wanted) {
  await stopRun();
  const { model, summary } = await client.import({ files: [{ file }], said }, wanted);
  if (!wanted()) return;
  panel.add(model);
  chosen();
  announce(`Weights imported: ${summary}.`);
}

/** The worker has this scan now: what is on screen must be it, or no picture. */
async function showScan(reply, from) {
  const { info } = reply;
  Object.assign(shown, { scan: info, asked: from, result: null });
  results.clear();
  Object.assign(document.body.dataset, { state: "scan", blind: "" });
  showScanFacts(info);
  markSeries(from.index);
  suit(info);
  lookAtPicture();
  await drawScan(reply);
  announce(`Scan shown, ${dims(info.dims)} voxels.`);
  return true;
}

async function drawScan({ nifti, info }) {
  await draw(async ({ viewer, controls }) => {
    await viewer.showScan(nifti, "scan", info.window);
    controls.showScan(info);
  });
  delete document.body.dataset.blind;
}

/** On a narrow screen what opens a scan lies far below it, and the button that did so may be gone. */
function lookAtPicture() {
  const stage = find("#stage");
  if (document.activeElement === document.body) stage.focus({ preventScroll: true });
  stage.scrollIntoView({ block: "nearest" });
}

/** Nothing but the picture needs WebGL. Its changes follow each other in the order in which they were asked for. */
function draw(step) {
  const drawn = drawing.then(viewer).then(step).catch(undrawable);
  drawing = drawn.catch(() => {});
  return drawn;
}

/** Changes a picture that is there. */
function inPicture(step) {
  if (!isBlind()) guarded(() => draw(step));
}

function undrawable(error) {
  throw Object.assign(new Error("The picture cannot be drawn."), {
    kind: "viewer",
    place: error.message,
    remedy: "It needs WebGL 2 in this browser. Analysis and exports work without it.",
  });
}

function suit({ modality }) {
  panel.suit(modality);
  chosen();
}

/** A reader looks at the scan before asking for an analysis: time to compile what it needs. */
function chosen() {
  const { model } = panel;
  // The line at the foot belongs to the findings, while there are some.
  showModel(shown.result?.report.model ?? model);
  if (!shown.scan || !model || model.imported || warmed.has(model.name)) return;
  warmed.add(model.name);
  // What is wrong shows in the run, which needs the same.
  client.request("warm", { model: model.name }).catch(() => {});
}

async function analyse(model, ignoreWarnings = false) {
  if (!model || shown.run || "busy" in document.body.dataset) return;
  clearError();
  panel.choose(model);
  const before = [turn, selections];
  const run = client.request(
    "run",
    { model: model.name, ...(ignoreWarnings ? { ignore_warnings: true } : {}) },
    (progress) => panel.step(progress),
  );
  shown.run = run;
  stake("run", true);
  document.body.dataset.state = "running";
  panel.running(true);
  announce("Analysis started.");
  const anyway = (error) =>
    error.kind === "unsuitable" ? { label: "Run anyway", run: () => analyse(model, true) } : null;
  const reply = await guarded(() => run, anyway);
  shown.run = null;
  stake("run", false);
  panel.running(false);
  if (reply?.type === "result") {
    if (reply.kept) panel.kept(reply.report.model.name);
    announce("Analysis finished. The findings are in the panel.");
    await guarded(() => showResult(reply));
  } else if (reply) announce("Analysis cancelled.");
  // What is being read by now settles by itself.
  if (before[0] === turn && before[1] === selections) settle();
}

/** The findings come first: they do not need the picture. */
async function showResult(result) {
  const { report, segmentation, strips } = result;
  const { scan } = shown.asked;
  shown.result = result;
  results.show(result, panel.reading(shown.scan.modality));
  showFindings(report, {
    toggle: (values, on) => inPicture(({ viewer }) => viewer.toggle(values, on)),
    show: (mm) => inPicture(({ controls }) => controls.lookAt(mm)),
    save: (kind) => guarded(() => saved(kind, result, scan)),
    strips,
  });
  showAdapter(report.adapter);
  showModel(report.model);
  diagnostics.finished(report);
  const plane = report.alignment.aligned ? report.alignment.plane : null;
  const labels = report.model.trained ? report.labels : [];
  const fetchMirror = async () =>
    (await guarded(() => client.request("mirror", { scan, plane })))?.nifti;
  if (isBlind()) return redraw();
  await draw(async ({ viewer, controls }) => {
    await viewer.showResult({ segmentation, labels, plane, fetchMirror });
    controls.showResult(plane !== null, report.model.display);
  });
}

/** Saves one part of a result, which is not lost with the page then. */
async function saved(kind, result, scan) {
  await save(kind, result, () => strip(scan, result));
  results.saved(result);
}

/** The head without its skull. */
function strip(scan, { report, segmentation }) {
  const labels = { file: new Blob([segmentation]), path: "segmentation.nii" };
  return client.request("strip", { scan, model: report.model.name, files: [labels] });
}

/** Fetches a model's weights now, so that a run needs no network later. */
async function keep(model) {
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
  panel.waiting(true);
  document.body.dataset.busy = text;
}

/** Back to what is on screen, after success or failure. */
function settle() {
  delete document.body.dataset.busy;
  panel.waiting(false);
  const listed = find("#series").childElementCount > 0;
  const without = listed ? "listed" : "empty";
  document.body.dataset.state = shown.result ? "result" : shown.scan ? "scan" : without;
}
