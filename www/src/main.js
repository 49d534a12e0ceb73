import { showError } from "./banner.js";
import { announce, find } from "./dom.js";
import { guarded } from "./failures.js";
import { plural } from "./format.js";
import { ImportDialog, isCheckpoint } from "./import.js";
import { listKeys } from "./keys.js";
import { keepOffline } from "./offline.js";
import { wireOpening } from "./open.js";
import {
  client,
  diagnostics,
  isBusy,
  panel,
  picture,
  requests,
  results,
  settle,
  shown,
} from "./page.js";
import { analyse, cancel, chosen, keep } from "./runs.js";
import { openFiles, openPhantom, openSample, reading } from "./scans.js";
import { forgetSeries } from "./series.js";
import { showResult, tellLostPicture } from "./shown-result.js";
import { showAdapter, showAdapterFailure } from "./status.js";
import { done } from "./turns.js";

const importer = new ImportDialog(importWeights);

const EMPTY = {
  kind: "file",
  message: "There is no file in what was dropped.",
  remedy: "Drop the files of a scan, or a folder that holds them.",
};

client.addEventListener("ready", ({ detail }) => {
  showAdapter(detail.adapter);
  diagnostics.ready(detail);
  panel.offer(detail.models);
  picture.prepare();
  if (shown.scan && !panel.suits(shown.scan.modality)) panel.suit(shown.scan.modality);
  chosen();
});
client.addEventListener("failed", ({ detail }) => {
  showAdapterFailure("Not running");
  diagnostics.failed(detail);
  showError(detail);
});
client.addEventListener("lost", ({ detail }) => {
  diagnostics.failed(detail);
  showError(detail);
  // By their numbers the worker would read other series.
  if (detail.kind === "series_lost") forgetSeries();
  if (!isBusy()) settle();
});
client.addEventListener("requests", ({ detail }) => requests.add(detail));

panel.addEventListener("start", () => analyse(panel.model));
panel.addEventListener("cancel", cancel);
panel.addEventListener("keep", keep);
panel.addEventListener("pick", () => importer.pick());
find("#findings").addEventListener("change", chosen);

results.addEventListener("start", ({ detail: model }) => analyse(model));
results.addEventListener("open", ({ detail: result }) => {
  if (!shown.run) panel.choose(result.report.model);
  announce(`Findings of ${result.report.model.title}.`);
  guarded(() => showResult(result));
});
picture.addEventListener("lost", tellLostPicture);

window.addEventListener("keydown", (event) => {
  const closes = document.querySelector(":popover-open, dialog[open]");
  if (event.key === "Escape" && !closes) cancel();
});
listKeys();

wireOpening({
  reading,
  files: (files, number) => {
    // Weights may lie beside scans.
    const scans = files.filter(({ file }) => !isCheckpoint(file));
    if (scans.length > 0) return openFiles(scans, number);
    done(number);
    if (files.length > 0) importer.open(files[0].file);
    else showError(EMPTY);
  },
  sample: openSample,
  phantom: openPhantom,
});
keepOffline();

async function importWeights(file, said, wanted) {
  await cancel();
  const { model, summary, notes } = await client.import({ files: [{ file }], said }, wanted);
  if (!wanted()) return;
  panel.add({ ...model, notes });
  chosen();
  const more = notes.length > 0 ? ` ${plural(notes.length, "note")} beside the model.` : "";
  announce(`Weights imported: ${summary}.${more}`);
}
