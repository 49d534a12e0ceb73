import { h } from "./dom.js";
import { millilitres, place, plural } from "./format.js";

/** The separate pieces of findings; each moves the crosshair to itself. */
export function places({ model, places: found = [], places_in_all: count = 0 }, show) {
  if (found.length === 0 || !model.trained) return null;
  const rows = found.map(({ name, volume_ml: volume, at, right_mm: right }) => {
    const title = `Show this ${name} in the picture`;
    const button = h(
      "button",
      { type: "button", title, onclick: () => show(at) },
      place(at, right),
    );
    return h("li", {}, button, h("output", {}, `${millilitres(volume)} mL`));
  });
  const more = count - found.length;
  const note = more > 0 ? h("small", {}, `and ${plural(more, "smaller piece")}`) : null;
  const sides =
    found[0].right_mm === undefined
      ? "Millimetres from the scanner’s origin: the head’s midline is not known"
      : "R and L from the head’s midline, the rest from the scanner’s origin";
  return h(
    "section",
    { className: "places" },
    h("h2", {}, `Where · ${plural(count, "piece")}`),
    h("ol", {}, ...rows),
    ...[note, h("small", {}, sides)].filter(Boolean),
  );
}
