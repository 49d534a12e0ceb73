import { find, h } from "./dom.js";
import { dims, modality, plural, spacing } from "./format.js";

/** Lists the series of what was opened; `choose(index, volume)` follows a click. */
export function showSeries(list, choose) {
  const cards = list.map((series) => card(series, choose));
  find("#series").replaceChildren(h("h2", {}, plural(list.length, "series", "series")), ...cards);
}

/** Nothing is listed any more. */
export function forgetSeries() {
  const list = find("#series");
  const focused = list.contains(document.activeElement);
  list.replaceChildren();
  // The button that had the keyboard's focus is gone.
  if (focused) find("#stage").focus({ preventScroll: true });
}

/** Marks the series and volume that the viewer shows. */
export function markSeries({ index, volume }) {
  for (const button of document.querySelectorAll("#series [data-series]")) {
    const shown = Number(button.dataset.series) === index;
    button.setAttribute("aria-pressed", String(shown));
    const field = shown && button.parentElement.querySelector(".frames input");
    if (field) field.valueAsNumber = volume + 1;
  }
}

function card(series, choose) {
  const volume = series.frames > 1 ? volumePicker(series) : null;
  const pick = () => choose(series.index, volume ? chosen(volume, series.frames) : 0);
  volume?.addEventListener("change", pick);
  const button = h(
    "button",
    {
      type: "button",
      className: "series",
      "data-series": series.index,
      "aria-pressed": "false",
      onclick: pick,
    },
    thumbnail(series.thumbnail),
    h(
      "span",
      { className: "text" },
      h("b", {}, series.description || "No description"),
      h("span", { className: "chips" }, h("i", {}, modality(series.modality)), dims(series.dims)),
      h("small", {}, [spacing(series.spacing), files(series)].filter(Boolean).join(" · ")),
      ...series.problems.map((problem) => h("small", { className: "problem" }, problem)),
    ),
  );
  const label =
    volume && h("label", { className: "frames" }, "Volume ", volume, ` of ${series.frames}`);
  return h("div", {}, button, label);
}

/** The phantom comes of none. */
function files({ files }) {
  return files > 0 ? plural(files, "file") : "";
}

/** From 0, whatever was typed. */
function chosen(volume, frames) {
  const number = Math.min(Math.max(Math.trunc(volume.valueAsNumber) || 1, 1), frames);
  volume.valueAsNumber = number;
  return number - 1;
}

function volumePicker(series) {
  return h("input", {
    type: "number",
    min: "1",
    max: String(series.frames),
    step: "1",
    value: "1",
  });
}

function thumbnail(picture) {
  const canvas = h("canvas", { width: 64, height: 64, "aria-hidden": "true" });
  if (!picture) return canvas;
  canvas.width = picture.width;
  canvas.height = picture.height;
  const image = new ImageData(picture.width, picture.height);
  picture.gray.forEach((gray, i) => {
    image.data.set([gray, gray, gray, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
