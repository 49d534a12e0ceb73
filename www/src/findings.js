import { find, h, refill } from "./dom.js";
import {
  alignment,
  measures,
  probabilities,
  provenance,
  scanFacts,
  timing,
  warnings,
} from "./findings-details.js";
import { labelTable } from "./findings-labels.js";
import { places } from "./findings-places.js";
import { inWords } from "./words.js";

/** Fills the panel from a report: words first, numbers under them. */
export function showFindings(report, { toggle, show, save, strips }) {
  refill(
    find("#report"),
    h(
      "section",
      { className: "words" },
      h("h2", {}, "Findings"),
      ...inWords(report).map((text) => h("p", {}, text)),
      h("small", { className: "note" }, by(report.model)),
    ),
    ...[
      warnings(report),
      probabilities(report),
      places(report, show),
      measures(report),
      report.model.trained ? labelTable(report, toggle) : null,
      alignment(report),
      timing(report),
      provenance(report),
      exportButtons(save, strips),
    ].filter(Boolean),
  );
}

/** Which model says so and what it is known for: another one may be chosen above by now. */
function by({ title, name, note }) {
  return [title || name, note].filter(Boolean).join(" · ");
}

/** What is known before any analysis. */
export function showScanFacts(info) {
  refill(find("#report"), scanFacts(info));
}

function exportButtons(save, strips) {
  const button = (kind, text, format, note) =>
    h(
      "button",
      { type: "button", "data-export": kind, title: note, onclick: () => save(kind) },
      text,
      h("small", {}, format),
    );
  return h(
    "section",
    { className: "exports", "aria-label": "Export" },
    button(
      "nifti",
      "Labels",
      "NIfTI",
      "The labels in the grid of the scan as it is shown: slices that were tilted or uneven are resampled",
    ),
    ...(strips
      ? [
          button("brain", "Brain", "NIfTI", "The scan without skull and scalp"),
          button("mask", "Brain mask", "NIfTI", "1 in the brain and its fluid, 0 elsewhere"),
        ]
      : []),
    button("json", "Results", "JSON", "Everything on this panel"),
    button("csv", "Table", "CSV", "Volumes, differences and measures"),
  );
}
