import { h } from "./dom.js";
import { duration, number } from "./format.js";

const TIMING = {
  timestamps: "by timestamps on the device",
  synchronised: "by waiting for the device around each",
  untimed: "not timed: this device has no timestamps",
};

/** The passes of a run: the longest at once, all of them when opened. */
export function passes({ timing, passes: all }) {
  const longest = all.slice(0, 4).map(({ pass, ms }) => [pass, time(ms)].join(" ").trim());
  const more = h("table", {}, ...all.map(line));
  return h(
    "details",
    { className: "passes" },
    h("summary", {}, longest.join(", ")),
    h("p", {}, TIMING[timing] ?? timing),
    more,
  );
}

function line({ pass, calls, ms, gbps }) {
  const bandwidth = Number.isFinite(gbps) ? `${number(gbps, 1)} GB/s` : "";
  const cells = [pass, `${calls} ×`, time(ms), bandwidth];
  return h("tr", {}, ...cells.map((text) => h("td", {}, text)));
}

function time(ms) {
  return Number.isFinite(ms) ? duration(ms) : "";
}
