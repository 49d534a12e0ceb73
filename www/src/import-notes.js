import { h } from "./dom.js";
import { plural } from "./format.js";

/** What was renamed in imported weights or left out of them, folded up: it may be a line for every key. */
export function importNotes(notes = []) {
  if (notes.length === 0) return [];
  const title = `${plural(notes.length, "note")} on the import`;
  const rows = notes.map((note) => h("li", {}, note));
  // What scrolls is in reach of the keyboard.
  const list = h("ul", { tabIndex: 0, "aria-label": title }, ...rows);
  return [h("details", {}, h("summary", {}, title), list)];
}
