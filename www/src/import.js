import { find, h } from "./dom.js";
import { bounds, declared, SCALINGS, usual } from "./scaling.js";

/** Whether a file holds weights rather than a scan, by its name. */
export function isCheckpoint({ name }) {
  return /\.(pt|pth|ckpt|safetensors)$/i.test(name);
}

const NETWORKS = {
  "saca-classifier": "SA-Swin, classifier",
  "saca-unetr": "SA-Swin, segmentation",
  "swin-unetr": "Swin UNETR (MONAI)",
  asa: "ASA, segmentation",
};
const MERGES = {
  legacy: "legacy: MONAI up to 1.4, SA-Swin",
  fixed: "fixed: MONAI 1.5 and later",
  v2: "v2: “mergingv2”",
};
const POSITIONS = {
  symmetric_1d: "1-D, symmetric (as published)",
  symmetric_3d: "3-D, symmetric",
  plain_1d: "1-D",
  plain_3d: "3-D",
  hws_1d: "1-D, h·w·s",
  hws_symmetric_1d: "1-D, h·w·s, symmetric",
};

/**
 * The form that asks what tensors cannot tell. `submit(file, said, wanted)` resolves when the model is there, or
 * rejects with what does not fit, which the form shows; `wanted()` is false once the form was closed.
 */
export class ImportDialog {
  #submit;
  #file = null;
  /** Counts openings: what was sent before the last one concerns nobody any more. */
  #turn = 0;
  #picker = h("input", {
    type: "file",
    accept: ".pt,.pth,.ckpt,.safetensors",
    onchange: () => this.#picked(),
  });
  #title = h("h2", {});
  #problem = h("div", { className: "problem", role: "alert" });
  #button = h("button", { type: "submit", className: "primary" }, "Use these weights");
  #form;
  #dialog;

  constructor(submit) {
    this.#submit = submit;
    this.#form = this.#makeForm();
    this.#dialog = h("dialog", { id: "import", className: "popover" }, this.#form);
    this.#dialog.setAttribute("aria-label", "Import weights");
    find("body").append(this.#dialog);
    this.#suit();
  }

  /** Lets the reader choose a file first. */
  pick() {
    this.#picker.click();
  }

  open(file) {
    this.#turn++;
    this.#button.disabled = false;
    // Other weights have answers of their own.
    if (file !== this.#file) this.#form.reset();
    this.#suit();
    this.#file = file;
    this.#title.textContent = `Import ${file.name}`;
    this.#problem.replaceChildren();
    this.#dialog.showModal();
  }

  #picked() {
    const [file] = this.#picker.files;
    this.#picker.value = "";
    if (file) this.open(file);
  }

  #makeForm() {
    return h(
      "form",
      { onsubmit: (event) => this.#send(event), onchange: ({ target }) => this.#suit(target.name) },
      this.#title,
      h("p", { className: "note" }, "Weights stay on this device. Sizes are read off the file."),
      choice("network", "Network", NETWORKS),
      choice("merge", "Patch merging", MERGES),
      choice("position", "Position encoding", POSITIONS),
      choice("modality", "Scans", { mr: "MR", ct: "CT" }),
      choice("scaling", "Intensities", SCALINGS),
      h(
        "p",
        { className: "note" },
        "The file does not tell: what suits network and scans is suggested.",
      ),
      amount("low", "From", { step: "any" }),
      amount("high", "To", { step: "any" }),
      amount("spacing_mm", "Voxels, mm", { min: 0.3, max: 8, step: "any", defaultValue: "1" }),
      amount("roi", "Window, voxels", { min: 32, max: 512, step: 32, defaultValue: "96" }),
      choice("overlapping", "Channels", {
        no: "classes, background first (softmax)",
        yes: "masks that may overlap (sigmoid)",
      }),
      field(
        "Output names",
        h("input", { name: "labels", placeholder: "left …, right …, or empty" }),
      ),
      this.#problem,
      h(
        "div",
        { className: "actions" },
        this.#button,
        h("button", { type: "button", onclick: () => this.#dialog.close() }, "Cancel"),
      ),
    );
  }

  /** Only what the chosen network needs is asked. `changed` is the answer that was just given. */
  #suit(changed) {
    const network = this.#form.elements.network.value;
    this.#ask("merge", network !== "asa");
    this.#ask("position", network === "asa");
    this.#ask("overlapping", network !== "saca-classifier");
    this.#suggest(changed);
  }

  /** A scaling that suits network and scans, and bounds to start from. */
  #suggest(changed) {
    const { network, modality, scaling, low, high } = this.#form.elements;
    const anew = changed === "network" || changed === "modality";
    if (anew) scaling.value = usual(network.value, modality.value);
    const start = bounds(scaling.value);
    this.#ask("low", start !== null);
    this.#ask("high", start !== null);
    if (start && (anew || changed === "scaling")) [low.value, high.value] = start;
  }

  #ask(name, needed) {
    const control = this.#form.elements[name];
    control.disabled = !needed;
    control.closest("label").hidden = !needed;
  }

  async #send(event) {
    event.preventDefault();
    this.#problem.replaceChildren();
    this.#button.disabled = true;
    const turn = this.#turn;
    const wanted = () => this.#dialog.open && turn === this.#turn;
    try {
      await this.#submit(this.#file, said(this.#file, this.#form), wanted);
      if (wanted()) this.#dialog.close();
    } catch (error) {
      if (wanted()) this.#problem.replaceChildren(...explain(error));
    } finally {
      if (wanted()) this.#button.disabled = false;
    }
  }
}

/** The form as the worker's `Declaration`. */
function said(file, form) {
  const values = Object.fromEntries(new FormData(form));
  const names = values.labels.split(",").map((name) => name.trim());
  return {
    ...values,
    name: `imported-${file.name.replace(/\.[^.]+$/, "")}`,
    scaling: declared(values),
    spacing_mm: Number(values.spacing_mm),
    roi: Number(values.roi),
    overlapping: values.overlapping === "yes",
    labels: names.filter(Boolean),
  };
}

function explain({ message, place, remedy }) {
  const lines = place?.split("\n") ?? [];
  return [
    h("b", {}, message),
    lines.length > 0 ? h("ul", {}, ...lines.map((line) => h("li", {}, h("code", {}, line)))) : "",
    remedy ? h("p", {}, remedy) : "",
  ];
}

function field(label, control) {
  return h("label", {}, h("span", {}, label), control);
}

/** A choice that must be made: nothing is chosen at first. */
function choice(name, label, options) {
  const rows = Object.entries(options).map(([value, text]) => h("option", { value }, text));
  const none = h("option", { value: "" }, "Choose…");
  return field(label, h("select", { name, required: true }, none, ...rows));
}

function amount(name, label, limits) {
  return field(label, h("input", { name, type: "number", required: true, ...limits }));
}
