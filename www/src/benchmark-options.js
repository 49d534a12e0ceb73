import { h } from "./dom.js";

/** What can be chosen: the names of the suite's options, their values, and which are on at first and in a quick run. */
export const FIELDS = [
  {
    name: "networks",
    title: "Network",
    values: ["shipped", "classifier", "segmenter", "encoder"],
    on: [0],
  },
  { name: "features", title: "Feature size", values: [12, 24, 48], on: [0] },
  { name: "precisions", title: "Stored weights", values: ["f32", "f16", "q8", "q4"], on: [0] },
  { name: "side", title: "Voxels a side", values: [32, 64, 96], on: [1], single: true },
  { name: "runs", title: "Timed runs", values: [1, 3, 5], on: [1], single: true },
];

/** Everything that there is, by the worker's own list. */
export const WHOLE = {};

export const QUICK = Object.fromEntries(
  FIELDS.map(({ name, values, on, single }) => [
    name,
    single ? values[on[0]] : on.map((index) => values[index]),
  ]),
);

/** One field as a group of check boxes or radio buttons. */
export function form({ name, title, values, on, single }) {
  const choices = values.map((value, index) =>
    h(
      "label",
      {},
      h("input", {
        type: single ? "radio" : "checkbox",
        name,
        value: String(value),
        checked: on.includes(index),
      }),
      String(value),
    ),
  );
  return h("fieldset", {}, h("legend", {}, title), ...choices);
}

/** The choices as the worker takes them. */
export function options(element) {
  const data = new FormData(element);
  const chosen = ({ name, values, single }) => {
    const picked = values.filter((value) => data.getAll(name).includes(String(value)));
    return [name, single ? picked[0] : picked];
  };
  return Object.fromEntries(FIELDS.map(chosen));
}
