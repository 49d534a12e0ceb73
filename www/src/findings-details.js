import { h } from "./dom.js";
import { dims, duration, modality, number, percent, spacing } from "./format.js";

export function probabilities(report) {
  if (report.probabilities.length === 0 || !report.model.trained) return null;
  const rows = report.probabilities.map((one) =>
    h(
      "li",
      { "data-present": String(one.present) },
      h("p", {}, h("b", {}, one.name), h("output", {}, percent(one.value))),
      meter(one),
      h("small", {}, `${one.sentence}. Reported from ${percent(one.threshold)} on.`),
    ),
  );
  return h(
    "section",
    { className: "probabilities" },
    h("h2", {}, "Scores, not calibrated"),
    h("ul", {}, ...rows),
  );
}

function meter({ name, value, threshold }) {
  const share = (fraction) => `${100 * Math.min(1, Math.max(0, fraction))}%`;
  return h(
    "div",
    {
      className: "meter",
      role: "meter",
      "aria-label": name,
      "aria-valuenow": number(value, 3),
      "aria-valuemin": "0",
      "aria-valuemax": "1",
    },
    h("i", { className: "fill", style: { width: share(value) } }),
    h("i", { className: "threshold", style: { left: share(threshold) } }),
  );
}

export function measures(report) {
  if (report.measures.length === 0) return null;
  const rows = report.measures.map(({ name, value, unit }) =>
    pair(name, `${number(value, 1)} ${unit}`),
  );
  return h("section", {}, h("h2", {}, "Measures"), h("dl", {}, rows.flat()));
}

export function warnings(report) {
  const all = [...report.warnings, ...report.scan.notes];
  if (report.overridden) all.unshift("The suitability check was overridden for this run.");
  if (all.length === 0) return null;
  return h(
    "section",
    { className: "warnings" },
    h("h2", {}, "Warnings"),
    h("ul", {}, ...all.map((text) => h("li", {}, text))),
  );
}

export function scanFacts(info) {
  const rows = [
    pair("Modality", modality(info.modality)),
    pair("Voxels", dims(info.dims)),
    pair("Spacing", spacing(info.spacing)),
  ];
  const notes = info.notes.map((note) => h("p", { className: "note" }, note));
  return h("section", {}, h("h2", {}, "Scan"), h("dl", {}, rows.flat()), ...notes);
}

export function alignment({ alignment: found }) {
  const words = found.aligned
    ? `The head lies ${number(Math.abs(found.off_centre_mm), 1)} mm off the scan’s centre, turned ${number(found.yaw_deg, 1)}°, tilted ${number(found.roll_deg, 1)}° (residual ${number(found.residual, 3)}).`
    : `Not aligned${found.reason ? `: ${found.reason}` : ""}.`;
  return h("section", {}, h("h2", {}, "Place in the scan"), h("p", {}, words));
}

export function timing(report) {
  if (report.timing.length === 0) return null;
  const total = report.timing.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = report.timing.map(({ stage, milliseconds }) => pair(stage, duration(milliseconds)));
  return folded(`Timing · ${duration(total)}`, h("dl", {}, rows.flat()));
}

export function provenance({ app, scan, model, adapter, preprocessing, disclaimer }) {
  const rows = [
    pair("App", `${app.name} ${app.version}`),
    pair("Model", model.title || model.name),
    pair("SHA-256", h("code", {}, model.sha256)),
    pair("Adapter", `${adapter.name} (${adapter.backend}${adapter.software ? ", software" : ""})`),
    pair("Precision", adapter.precision),
    pair("Scan", `${dims(scan.dims)}, ${spacing(scan.spacing)}`),
    pair("Preparing", h("ol", {}, ...preprocessing.map((step) => h("li", {}, step)))),
    pair("Note", [model.note, disclaimer].filter(Boolean).join(" ")),
  ];
  return folded("Provenance", h("dl", {}, rows.flat()));
}

function folded(title, content) {
  return h("details", {}, h("summary", {}, title), content);
}

function pair(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}
