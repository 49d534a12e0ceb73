import { showError } from "./banner.js";
import { save } from "./exports.js";
import { guarded } from "./failures.js";
import { showFindings } from "./findings.js";
import { client, diagnostics, panel, picture, results, shown } from "./page.js";
import { showAdapter, showModel } from "./status.js";

/** Shows a result of the scan on screen. The findings come first: they do not need the picture. */
export async function showResult(result) {
  const { report, strips } = result;
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
  if (picture.isBlind) return redraw();
  await drawResult(result, scan);
}

async function drawResult({ report, segmentation }, scan) {
  const plane = report.alignment.aligned ? report.alignment.plane : null;
  const labels = report.model.trained ? report.labels : [];
  const fetchMirror = async () =>
    (await guarded(() => client.request("mirror", { scan, plane })))?.nifti;
  await picture.draw(async ({ viewer, controls }) => {
    await viewer.showResult({ segmentation, labels, plane, fetchMirror });
    controls.showResult(plane !== null, report.model.display);
  });
}

/** Brings the largest piece of what a new result reports into sight, unless the reader looks at something already. */
export function seekFinding({ report: { model, probabilities, places } }) {
  const reported = model.trained && probabilities.some(({ present }) => present);
  if (reported && places?.length) inPicture(({ controls }) => controls.seek(places[0].at));
}

/** Changes a picture that is there. */
function inPicture(step) {
  if (!picture.isBlind) guarded(() => picture.draw(step));
}

/** Findings and exports do not go with the picture. */
export function tellLostPicture() {
  const error = {
    kind: "viewer",
    message: "The browser took the graphics away from the picture.",
    remedy: "Findings and exports are still here.",
  };
  diagnostics.failed(error);
  showError(error, shown.asked && { label: "Draw it again", run: () => guarded(redraw) });
}

async function redraw() {
  const { asked } = shown;
  const { left } = picture;
  const reply = await client.request("show", { scan: asked.scan });
  if (asked !== shown.asked) return;
  await picture.showScan(reply);
  if (shown.result) await showResult(shown.result);
  if (left) {
    inPicture(({ viewer }) => {
      viewer.crosshair = left;
    });
  }
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
