import { h } from "./dom.js";
import { asymmetry, millilitres } from "./format.js";

/** One row per structure: left and right volume, their difference, and a switch for its overlay. */
export function labelTable(report, toggle) {
  const rows = structures(report);
  if (rows.length === 0) return null;
  const head = [
    ["Structure"],
    ["Left mL"],
    ["Right mL"],
    ["L–R", "Left minus right, as a share of their mean"],
  ].map(([text, title = ""]) => h("th", { scope: "col", title }, text));
  return h(
    "section",
    { className: "labels" },
    h("h2", {}, "Volumes"),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, ...rows.map((row) => labelRow(row, toggle))),
    ),
  );
}

/** Pairs the labels of both sides by name. Those that the scan's end cuts are not compared. */
function structures({ labels, asymmetry: pairs }) {
  const rows = new Map();
  for (const label of labels) {
    const name = plainName(label);
    const row = rows.get(name) ?? { name, values: [], colors: [] };
    row.values.push(label.value);
    row.colors.push(label.color);
    row[label.side ?? "whole"] = label.volume_ml;
    rows.set(name, row);
  }
  for (const pair of pairs) {
    const row = rows.get(plainName({ name: pair.name, side: null }));
    if (row && !pair.cut) row.index = pair.index;
  }
  return [...rows.values()];
}

function plainName({ name }) {
  const text = name.replace(/^(left|right)[ _-]+|[ _-]+(left|right)$/i, "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function labelRow(row, toggle) {
  const box = h("input", {
    type: "checkbox",
    checked: true,
    "aria-label": `Show ${row.name}`,
    onchange: () => toggle(row.values, box.checked),
  });
  const swatches = row.colors.map((color) =>
    h("i", { className: "swatch", style: { background: `rgb(${color})` } }),
  );
  const name = h("th", { scope: "row" }, h("label", {}, box, ...swatches, row.name));
  if (row.whole !== undefined) {
    const whole = h("td", { colSpan: 2, className: "whole" }, millilitres(row.whole));
    return h("tr", {}, name, whole, h("td", {}, "–"));
  }
  return h(
    "tr",
    {},
    name,
    h("td", {}, millilitres(row.left)),
    h("td", {}, millilitres(row.right)),
    h("td", { className: "index" }, asymmetry(row.index ?? Number.NaN)),
  );
}
