import { passes } from "./benchmark-passes.js";
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

/** Heading, what it means, and the cell of a measurement among `all`. */
const COLUMNS = [
  ["Network", "", ({ network }) => network],
  ["Feature", "", ({ feature }) => feature],
  ["Weights", "Random, stored at this precision", ({ precision }) => precision],
  ["Computed by", "", ({ route }) => ROUTES[route] ?? route],
  ["Cold", "First run, pipelines compiled in it", ({ cold_ms }) => duration(cold_ms)],
  ["Median", "Of the timed runs", ({ median_ms }) => duration(median_ms)],
  ["Fastest – slowest", "", ({ min_ms, max_ms }) => `${duration(min_ms)} – ${duration(max_ms)}`],
  ["Against burn’s", "Median of burn’s operations by the median of this row", ratio],
  ["GFLOP/s", "Arithmetic of the architecture by the median", ({ gflops }) => rate(gflops)],
  [
    "Of the best",
    "Share of what a product of large matrices reaches on this device",
    ({ share }) => percent(share),
  ],
  ["GB/s", "Bytes that the passes must move at least, by the median", ({ gbps }) => rate(gbps)],
  [
    "Of the best",
    "Share of what copying reaches on this device",
    ({ bandwidth_share }) => percent(bandwidth_share),
  ],
  [
    "Planned",
    "All tensors of our shaders at the worst moment",
    ({ route, planned_bytes }) => optional(route === "plain" ? null : planned_bytes, megabytes),
  ],
  [
    "Held",
    "By the device’s allocator after the runs, for all rows of a network together",
    ({ held_bytes }) => optional(held_bytes, megabytes),
  ],
  [
    "Error",
    "Relative L2 against the CPU backend",
    ({ relative_l2 }) => optional(relative_l2, (value) => value.toExponential(1)),
  ],
  [
    "Same class",
    "Share of voxels with the largest score where the CPU backend has it; of a classifier, its one answer",
    ({ same_argmax }) => percent(same_argmax, 2),
  ],
  [
    "Passes",
    "Shaders that take longest; all of them when opened",
    ({ profile }) => optional(profile, passes),
  ],
];

/** Where the column of a saved result goes: beside the times. */
const BESIDE = 6;

/** One row per measurement; beside it the saved result of the same subject, if one is compared. */
export function showMeasurements(table, bench, saved) {
  if (!bench && !saved) return table.replaceChildren();
  const rows = (bench ?? saved).measurements;
  const headings = COLUMNS.map(([text, title]) => h("th", { scope: "col", title }, text));
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

function line(row, all, saved) {
  const cells = COLUMNS.map(([, , cell]) => cell(row, all));
  if (saved) {
    const twin = saved.find((other) => same(other, row) && other.route === row.route);
    cells.splice(BESIDE, 0, twin ? duration(twin.median_ms) : "–");
  }
  return h("tr", {}, ...cells.map((cell) => h("td", {}, cell instanceof Node ? cell : `${cell}`)));
}

function ratio(row, all) {
  const plain = all.find((other) => same(other, row) && other.route === "plain");
  return plain && plain !== row ? `${number(plain.median_ms / row.median_ms, 2)} ×` : "–";
}

function rate(value) {
  return optional(value, (value) => number(value, 2));
}

function percent(share, digits = 1) {
  return optional(share, (share) => `${number(100 * share, digits)} %`);
}

/** Results of older suites lack some values, and so do networks or devices. */
function optional(value, show) {
  return value === null || value === undefined ? "–" : show(value);
}

function same(a, b) {
  return a.network === b.network && a.feature === b.feature && a.precision === b.precision;
}
