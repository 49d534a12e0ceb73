import { h } from "./dom.js";
import { millilitres, place, plural } from "./format.js";

/** The separate pieces of findings; each moves the crosshair to itself. */
export function places({ model, places: found = [], places_in_all: count = 0 }, show) {
  if (found.length === 0 || !model.trained) return null;
  const rows = found.map(({ name, volume_ml: volume, at }) => {
    const title = `Show this ${name} in the picture`;
    const button = h("button", { type: "button", title, onclick: () => show(at) }, place(at));
    return h("li", {}, button, h("output", {}, `${millilitres(volume)} mL`));
  });
  const more = count - found.length;
  const note = more > 0 ? h("small", {}, `and ${plural(more, "smaller piece")}`) : null;
  return h(
    "section",
    { className: "places" },
    h("h2", {}, `Where · ${plural(count, "piece")}`),
    h("ol", {}, ...rows),
    ...[note].filter(Boolean),
  );
}
