import { announce, find, h } from "./dom.js";
import { megabytes, percent } from "./format.js";
import { importNotes } from "./import-notes.js";

/**
 * The upper part of the findings panel: choose a model, start, follow, cancel. Emits `start`, `cancel`, `keep` and `pick`
 * (weights of the reader's own).
 */
export class AnalysisPanel extends EventTarget {
  #models = [];
  #imported = [];
  /** The name of the model that the reader chose for scans like this one, if any. */
  #wish = null;
  #stage = "";
  #select;
  #start;
  #note;
  #notes;
  /** The model that the notes are on. */
  #noted = null;
  #progress;
  #cancel;
  #pick;
  #keep;
  #waiting = false;
  #running = false;
  #fetching = false;

  constructor() {
    super();
    const emit = (type) => () => this.dispatchEvent(new Event(type));
    this.#select = h("select", { id: "models", onchange: () => this.#wishFor(this.#select.value) });
    this.#start = h(
      "button",
      { type: "button", className: "primary", id: "analyse", onclick: emit("start") },
      "Analyse",
    );
    this.#note = h("small", { className: "note" });
    this.#notes = h("div", { className: "import-notes" });
    this.#keep = h(
      "button",
      {
        type: "button",
        className: "link",
        id: "keep",
        onclick: () => this.#keep.ariaDisabled !== "true" && emit("keep")(),
      },
      "Keep for offline use",
    );
    this.#pick = h(
      "button",
      { type: "button", className: "link", id: "pick-weights", onclick: emit("pick") },
      "Import weights…",
    );
    this.#cancel = h("button", { type: "button", id: "cancel", onclick: emit("cancel") }, "Cancel");
    this.#progress = h(
      "div",
      { className: "progress", hidden: true },
      h("p", {}, h("span", { className: "stage" }), h("span", { className: "share" })),
      h("progress", { max: 1, value: 0, "aria-label": "Progress of the analysis" }),
      this.#cancel,
    );
    find("#findings").replaceChildren(
      h(
        "section",
        { className: "analysis" },
        h("label", { className: "model" }, h("span", {}, "Model"), this.#select),
        this.#note,
        this.#notes,
        this.#keep,
        this.#pick,
        this.#start,
        this.#progress,
      ),
      h("nav", { id: "results", "aria-label": "Results of this scan", hidden: true }),
      h("div", { id: "report" }),
    );
  }

  /** The chosen model, or `undefined` where none fits. */
  get model() {
    return this.#models.find(({ name }) => name === this.#select.value);
  }

  /** The trained models that read scans of a modality. A CT is told by its values, so anything else may be MR. */
  reading(modality) {
    const wanted = modality === "ct" ? "ct" : "mr";
    return this.#models.filter((model) => model.trained && model.modality === wanted);
  }

  /** Whether the chosen model reads scans of a modality. */
  suits(modality) {
    return this.reading(modality).includes(this.model);
  }

  /** Chooses a model, if it is still offered, for this once: the next scan has its own. */
  choose({ name }) {
    if (!this.#models.some((model) => model.name === name)) return;
    this.#select.value = name;
    this.#describe();
  }

  offer(models) {
    const { value } = this.#select;
    this.#models = [...this.#imported, ...models];
    this.#select.replaceChildren(
      ...this.#models.map(({ name, title, trained }) =>
        h(
          "option",
          { value: name, disabled: !trained },
          trained ? title : `${title} (not trained)`,
        ),
      ),
    );
    if (this.#models.some(({ name }) => name === value)) this.#select.value = value;
    this.#describe();
  }

  /** Offers the model made of the reader's own weights, in place of the last such one, and chooses it. */
  add(model) {
    this.#imported = [model];
    this.offer(this.#models.filter(({ imported }) => !imported));
    this.#wishFor(model.name);
  }

  #wishFor(name) {
    this.#wish = name;
    this.#select.value = name;
    this.#describe();
  }

  /** Preselects a trained model for a modality, the reader's last choice before others. */
  suit(modality) {
    const fitting = this.reading(modality);
    const wish = fitting.find(({ name }) => name === this.#wish);
    const best = wish ?? fitting[0] ?? this.#models.find(({ trained }) => trained);
    if (best) this.choose(best);
  }

  /** While weights are fetched ahead of a run. */
  keeping(on) {
    this.#fetching = on;
    // A disabled button loses the keyboard's focus.
    this.#keep.ariaDisabled = String(on);
    this.#keep.textContent = on ? "Fetching…" : "Keep for offline use";
    this.#describe();
  }

  fetched({ done, total }) {
    this.#keep.textContent = `Fetching… ${percent(done / total)}`;
  }

  /** The weights of `name` are on this device now. */
  kept(name) {
    const model = this.#models.find((one) => one.name === name);
    if (model) model.cached = true;
    this.#describe();
  }

  /** While a scan is read, which is the one that will be meant. */
  waiting(on) {
    this.#waiting = on;
    this.#describe();
  }

  running(on) {
    const followed = on || document.activeElement === this.#cancel;
    this.#running = on;
    this.#describe();
    this.#start.hidden = on;
    this.#select.disabled = on;
    this.#pick.disabled = on;
    this.#cancel.ariaDisabled = "false";
    this.#progress.hidden = !on;
    // What had the keyboard's focus is hidden now; a run is always asked for.
    if (followed) (on ? this.#cancel : this.#start).focus();
    if (on) this.step({ text: "Starting…", done: 0, total: 1 });
  }

  step({ stage, text, done, total }) {
    const share = total > 0 ? done / total : 0;
    if (stage && stage !== this.#stage) announce(text);
    this.#stage = stage;
    this.#progress.querySelector(".stage").textContent = text;
    this.#progress.querySelector(".share").textContent = percent(share);
    this.#progress.querySelector("progress").value = share;
  }

  cancelling() {
    this.#cancel.ariaDisabled = "true";
    this.#progress.querySelector(".stage").textContent = "Stopping…";
  }

  #describe() {
    const { model } = this;
    this.#start.disabled = !model || this.#waiting;
    const focused = document.activeElement === this.#keep;
    // A run keeps its model by itself.
    const needless = this.#running && !this.#fetching;
    this.#keep.hidden = !model || model.cached || model.imported || needless;
    if (focused && this.#keep.hidden) (this.#running ? this.#cancel : this.#start).focus();
    this.#showNotes(model);
    if (!model) this.#note.textContent = "No trained model is installed.";
    else {
      const place = whereabouts(model);
      this.#note.textContent = [model.note, `${megabytes(model.bytes)}, ${place}`]
        .filter(Boolean)
        .join(" · ");
    }
  }

  /** Unfolded ones stay so. */
  #showNotes(model) {
    if (model === this.#noted) return;
    this.#noted = model;
    this.#notes.replaceChildren(...importNotes(model?.notes));
  }
}

function whereabouts({ imported, cached }) {
  if (imported) return "in this page only, never uploaded";
  return cached ? "kept on this device" : "fetched once from this site";
}
