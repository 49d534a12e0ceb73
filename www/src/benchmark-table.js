import { label } from "./benchmark-suite.js";
import { h } from "./dom.js";
import { duration, megabytes, number } from "./format.js";

const ROUTES = {
  shaders: "our shaders, on the CPU our loops",
  int8: "our shaders, 8-bit integers",
  "int8-emulated": "the same, dot products emulated",
  packed: "our shaders, weights expanded in them",
  halves: "the same, convolutions in 16-bit floats",
  plain: "burn’s operations",
};
const HEADINGS = [
  ["Network", ""],
  ["Feature", ""],
  ["Weights", "Random, stored at this precision"],
  ["Computed by", ""],
  ["Cold", "First run, pipelines compiled in it"],
  ["Median", "Of the timed runs"],
  ["Fastest – slowest", ""],
  ["Against burn’s", "Median of burn’s operations by the median of this row"],
  ["GFLOP/s", "Arithmetic of the architecture by the median"],
  ["Of the best", "Share of what a product of large matrices reaches on this device"],
  ["Memory", "All tensors at the worst moment, as planned"],
  ["Error", "Relative L2 against the CPU backend"],
  ["Passes", "Shaders that take longest, and how they were timed"],
];

/** Where the column of a saved result goes: beside the times. */
const BESIDE = 6;

/** One row per measurement; beside it the saved result of the same subject, if one is compared. */
export function showMeasurements(table, bench, saved) {
  if (!bench && !saved) return table.replaceChildren();
  const rows = (bench ?? saved).measurements;
  const headings = HEADINGS.map(([text, title]) => h("th", { scope: "col", title }, text));
  const alike =
    bench && saved && bench.suite === saved.suite && bench.options.side === saved.options.side;
  if (bench && saved) headings.splice(BESIDE, 0, h("th", { scope: "col" }, compared(saved, alike)));
  table.replaceChildren(
    h("thead", {}, h("tr", {}, ...headings)),
    h(
      "tbody",
      {},
      ...rows.map((row) => line(row, rows, bench && saved && (alike ? saved.measurements : []))),
    ),
  );
}

/** What was asked for and not measured, with the reasons; results of older suites do not say. */
export function showMissing(list, { failures = [], unavailable = [] }) {
  list.replaceChildren(
    ...failures.map((failure) => h("li", {}, `${label(failure)}: ${failure.message}`)),
    ...unavailable.map(({ route, reason }) => h("li", {}, `${ROUTES[route]}: ${reason}`)),
  );
}

function compared({ adapter, options, suite }, alike) {
  const median = `Median on ${adapter.name}`;
  return alike
    ? median
    : `${median}: not comparable, it is ${suite} with ${options.side} voxels a side`;
}

function line(row, rows, saved) {
  // The plan is that of our shaders.
  const planned = row.route === "plain" ? null : row.planned_bytes;
  const plain = rows.find((other) => same(other, row) && other.route === "plain");
  const ratio = plain && plain !== row ? `${number(plain.median_ms / row.median_ms, 2)} ×` : "–";
  const cells = [
    row.network,
    row.feature,
    row.precision,
    ROUTES[row.route] ?? row.route,
    duration(row.cold_ms),
    duration(row.median_ms),
    `${duration(row.min_ms)} – ${duration(row.max_ms)}`,
    ratio,
    optional(row.gflops, (value) => number(value, 2)),
    optional(row.share, (value) => `${number(100 * value, 1)} %`),
    optional(planned, megabytes),
    optional(row.relative_l2, (value) => value.toExponential(1)),
    optional(row.profile, passes),
  ];
  if (saved) {
    const twin = saved.find((other) => same(other, row) && other.route === row.route);
    cells.splice(BESIDE, 0, twin ? duration(twin.median_ms) : "–");
  }
  return h("tr", {}, ...cells.map((text) => h("td", {}, String(text))));
}

/** Results of older suites lack some values, and so do networks or devices. */
function optional(value, text) {
  return value === null || value === undefined ? "–" : text(value);
}

function passes({ timing, passes: all }) {
  const longest = all.slice(0, 4).map(({ pass, ms }) => `${pass} ${duration(ms)}`);
  return `${longest.join(", ")} (${timing})`;
}

function same(a, b) {
  return a.network === b.network && a.feature === b.feature && a.precision === b.precision;
}
