import { find, h } from "./dom.js";

const KEYS = [
  ["← →", "crosshair to the left, right of an axial picture: through sagittal slices"],
  ["↑ ↓", "crosshair to the front, to the back: through coronal slices"],
  ["Page ↑ ↓", "crosshair up, down: through axial slices"],
  ["These in 3-D", "turn the head"],
  ["1 – 5", "all planes, axial, coronal, sagittal, 3-D"],
  ["O", "labels on, off"],
  ["M", "mid-plane on, off"],
  ["F", "mirrored view on, off"],
  ["R", "radiological or neurological sides"],
  ["Home", "centre, and reset zoom and contrast"],
  ["Esc", "cancel the run"],
  ["Click, drag", "crosshair; drag in 3-D: turn the head"],
  ["Wheel", "slice by slice; in 3-D: zoom"],
  ["Right drag", "contrast of what is framed"],
  ["Double click", "reset the contrast"],
];

/** Lists the keys that `viewer-controls.js` acts on. */
export function listKeys() {
  const rows = KEYS.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]);
  find("#keys").replaceChildren(h("h2", {}, "Keys and mouse in the viewer"), h("dl", {}, ...rows));
}
