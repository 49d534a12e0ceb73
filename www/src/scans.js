import { clearError } from "./banner.js";
import { announce, find } from "./dom.js";
import { guarded } from "./failures.js";
import { showScanFacts } from "./findings.js";
import { dims, plural } from "./format.js";
import { client, panel, picture, requests, results, shown } from "./page.js";
import { cancel, chosen } from "./runs.js";
import { markSeries, showSeries } from "./series.js";
import { RequestLog } from "./status.js";
import { ask, begin, done, isOvertaken, overtake } from "./turns.js";

/** Counts selections: by its number the worker tells the scan that is meant from another one. */
let selections = 0;
/** The series and volume that were asked for last, if they are neither refused nor undrawable. */
let wanted = null;

/** Waits for what was dropped, and numbers it; nothing comes of it once something else was opened. */
export async function reading(files) {
  const number = ask();
  begin(number, "Reading…");
  const read = await guarded(() => files.catch(unreadable));
  if (read && !isOvertaken(number)) return { read, number };
  done(number);
  return null;
}

function unreadable(error) {
  throw Object.assign(new Error("What was dropped could not be read."), {
    kind: "file",
    place: error.message,
    remedy: "Copy it to this device's own disk and try again.",
  });
}

/** Opens the reader's own files, which may have a number from when they were dropped. */
export function openFiles(files, number = ask()) {
  return open("open", { files }, { number, opened: sinceNow() });
}

/** The worker lives in another folder, so it gets the whole address. */
export function openSample({ url, name }) {
  const address = new URL(url, document.baseURI).href;
  return open("open_url", { url: address, name }, { opened: () => requests.mark() });
}

export function openPhantom() {
  return open("phantom", {}, { opened: sinceNow() });
}

/** What is being read counts from now on as open, if it can be read at all. */
function sinceNow() {
  const { now } = RequestLog;
  return () => requests.mark(now);
}

async function open(type, payload = {}, { number = ask(), opened = () => {} } = {}) {
  overtake(number);
  clearError();
  await cancel();
  begin(number, "Reading…");
  const reply = await guarded(() => client.request(type, payload));
  if (reply) {
    // Also when another opening follows: this is what the worker holds, should that one fail.
    opened();
    wanted = null;
    showSeries(reply.series, select);
  }
  if (reply && !isOvertaken(number)) await selectBest(reply.series);
  done(number);
}

async function selectBest(series) {
  const best = series.find(({ preferred }) => preferred) ?? series[0];
  announce(`${plural(series.length, "series", "series")} found.`);
  if (best) await select(best.index);
}

async function select(index, volume = 0) {
  if (wanted?.index === index && wanted.volume === volume) return;
  const number = ask();
  clearError();
  await cancel();
  begin(number, "Reading the series…");
  const from = { index, volume, scan: ++selections };
  const before = wanted;
  wanted = from;
  const reply = await guarded(() => client.request("select", from));
  const drawn = reply && (await guarded(() => showScan(reply, from)));
  // What is not drawn may be asked for again; what is refused leaves the scan of before.
  if (!drawn && wanted === from) {
    wanted = reply ? null : before;
    // The field still has the volume that was refused.
    if (wanted) markSeries(wanted);
  }
  done(number);
}

/** The worker has this scan now: what is on screen must be it, or no picture. */
async function showScan(reply, from) {
  const { info } = reply;
  Object.assign(shown, { scan: info, asked: from, result: null });
  results.clear();
  Object.assign(document.body.dataset, { state: "scan", blind: "" });
  showScanFacts(info);
  markSeries(from);
  panel.suit(info.modality);
  chosen();
  lookAtPicture();
  await picture.showScan(reply);
  announce(`Scan shown, ${dims(info.dims)} voxels.`);
  return true;
}

/** On a narrow screen what opens a scan lies far below it, and the button that did so may be gone. */
function lookAtPicture() {
  const stage = find("#stage");
  const focused = document.activeElement;
  // The browser takes the focus from what was hidden only when it draws again.
  const gone = focused === document.body || focused.getClientRects().length === 0;
  if (gone) stage.focus({ preventScroll: true });
  stage.scrollIntoView({ block: "nearest" });
}
