import { find, h } from "./dom.js";
import { stake } from "./leaving.js";

/**
 * The results of the scan on screen, one for each model that read it, and which models might read it, too. Emits `open`
 * (detail: the result to show again) and `start` (detail: the model that is to read the scan, too).
 */
export class Results extends EventTarget {
  #of = new Map();
  /** Those of which an export was saved. */
  #saved = new WeakSet();

  clear() {
    this.#of.clear();
    this.#stake();
    this.#draw(null, []);
  }

  /** Keeps a result in place of the last one of its model, and marks it as the one on screen. */
  show(result, models) {
    this.#of.set(result.report.model.name, result);
    this.#stake();
    this.#draw(
      result,
      models.filter(({ name }) => !this.#of.has(name)),
    );
  }

  /** The reader has an export of this one. */
  saved(result) {
    this.#saved.add(result);
    this.#stake();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #stake() {
    stake("results", ![...this.#of.values()].every((result) => this.#saved.has(result)));
  }

  #draw(shown, others) {
    const list = find("#results");
    const focused = list.contains(document.activeElement);
    const button = (text, properties) => h("button", { type: "button", ...properties }, text);
    const read = [...this.#of.values()].map((result) =>
      button(result.report.model.title, {
        "aria-pressed": String(result === shown),
        onclick: () => this.#tell("open", result),
      }),
    );
    const unread = others.map((model) =>
      button(model.title, { title: model.note, onclick: () => this.#tell("start", model) }),
    );
    const groups = [
      ["Read by", read],
      ["Not yet by", unread],
    ].filter(([, buttons]) => buttons.length > 0);
    list.replaceChildren(
      ...groups.map(([label, buttons]) =>
        h("div", { role: "group", "aria-label": label }, h("span", {}, label), buttons),
      ),
    );
    list.hidden = read.length + unread.length < 2;
    if (focused) list.querySelector("[aria-pressed=true]")?.focus();
  }
}
