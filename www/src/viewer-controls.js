import { announce, find, h } from "./dom.js";
import { number, place } from "./format.js";
import { LAYOUTS } from "./viewer.js";

/** Centre and width in Hounsfield units. */
const WINDOWS = {
  Brain: { center: 40, width: 80 },
  Subdural: { center: 75, width: 200 },
  Bone: { center: 480, width: 2500 },
  Stroke: { center: 40, width: 40 },
};

const STEPS = {
  ArrowLeft: [-1, 0, 0],
  ArrowRight: [1, 0, 0],
  ArrowUp: [0, 1, 0],
  ArrowDown: [0, -1, 0],
  PageUp: [0, 0, 1],
  PageDown: [0, 0, -1],
};

/** How far a key turns the 3-D view. */
const TURN_DEG = 10;

/** A crosshair that rests this long is read out. */
const REST_MS = 600;

/** The toolbar above the canvas and the keys within it. */
export class ViewerControls {
  #viewer;
  #toggles = {};
  #radiological = true;
  #unit = "";
  #layoutName = "all";
  #resting = 0;
  /** What the labels had when they were switched off. */
  #opacity = 0.5;
  /** What the scan is shown in at first, what suits the findings, and whether the reader chose another since. */
  #scanWindow = null;
  #suiting = null;
  #chosen = false;

  constructor(viewer) {
    this.#viewer = viewer;
    this.#build();
    find("#viewer canvas").setAttribute("role", "application");
    const canvas = find("#viewer .canvas");
    canvas.addEventListener("keydown", (event) => this.#key(event), true);
    // The viewer acts on some of its own keys when they are let go, and knows no window but one of its own.
    canvas.addEventListener("keyup", (event) => event.stopPropagation(), true);
    find(".mirror-note").hidden = true;
  }

  /** Fits the controls to a scan; there is no result yet. */
  showScan({ modality, window }) {
    const ct = modality === "ct";
    this.#unit = ct ? " HU" : "";
    find("#windows").hidden = !ct;
    this.#scanWindow = window ?? this.#viewer.fullWindow();
    this.#suiting = this.#scanWindow;
    this.#chosen = false;
    this.#pressWindow(window);
    this.#offer(false);
    find("#overlay-controls").hidden = true;
    this.#viewer.home();
  }

  /**
   * Offers what a result adds; without a mid-plane there is no mirror either. `display` is what the findings are seen
   * best in, if not in the scan's own window; one that the reader chose stays.
   */
  showResult(hasPlane, display) {
    find("#overlay-controls").hidden = false;
    this.#offer(hasPlane);
    this.#suiting = display ?? this.#scanWindow;
    if (!this.#chosen) this.#window(this.#suiting);
  }

  /** The whole head in the middle, in the window that suits it. */
  #reset() {
    this.#viewer.home();
    this.resetWindow();
  }

  /** The window that suits what is shown. */
  resetWindow() {
    this.#chosen = false;
    this.#window(this.#suiting);
  }

  /** The reader changed the contrast by mouse: none of the buttons' windows is shown. */
  contrastChanged() {
    this.#chosen = true;
    this.#pressWindow(null);
  }

  /** The plane and the scan mirrored through it, which is not shown at first. */
  #offer(hasPlane) {
    // A disabled button takes no click.
    this.#toggles.mirror.disabled = false;
    this.#set("mirror", false);
    this.#toggles.plane.disabled = !hasPlane;
    this.#toggles.mirror.disabled = !hasPlane;
  }

  /** Moves the crosshair to a place in RAS millimetres and brings it into sight. */
  lookAt(mm) {
    if (this.#layoutName === "render") this.#layout("all");
    this.#viewer.show(mm);
    find("#viewer").scrollIntoView({ block: "nearest" });
    announce(find("#location").textContent);
  }

  /** Moves the crosshair to a place in RAS millimetres if nobody has moved it yet. */
  seek(mm) {
    if (this.#viewer.isHome) this.#viewer.show(mm);
  }

  showLocation({ mm, right, value, label, mirrored }) {
    const origin = right === undefined ? " from the scanner’s origin" : "";
    const of = mirrored ? "value of the other side" : "value";
    const parts = [place(mm, right) + origin, `${of} ${number(value, 2)}${this.#unit}`];
    if (label && !mirrored) parts.push([label.side, label.name].filter(Boolean).join(" "));
    find("#location").textContent = parts.join("   |   ");
  }

  #build() {
    const layouts = Object.entries(LAYOUTS).map(([name, title], i) =>
      h("button", {
        type: "button",
        "data-layout": name,
        "aria-pressed": String(i === 0),
        title,
        textContent: name === "all" ? "All" : title,
        onclick: () => this.#layout(name),
      }),
    );
    const windows = Object.entries(WINDOWS).map(([name, window]) =>
      h("button", {
        type: "button",
        textContent: name,
        "data-window": name,
        onclick: () => {
          this.#chosen = true;
          this.#window(window);
        },
        title: `Window ${window.width}, level ${window.center} HU`,
      }),
    );
    const slider = h("input", {
      type: "range",
      min: "0",
      max: "1",
      step: "0.05",
      value: "0.5",
      id: "opacity",
      title: "How strongly the labels cover the scan",
      oninput: (event) => this.#viewer.opacity(event.target.valueAsNumber),
    });
    find("#viewer .toolbar").replaceChildren(
      h("div", { className: "group", role: "group", "aria-label": "Layout" }, layouts),
      h(
        "div",
        {
          className: "group",
          role: "group",
          "aria-label": "CT window",
          id: "windows",
          hidden: true,
        },
        windows,
      ),
      h(
        "div",
        {
          className: "group plain",
          role: "group",
          "aria-label": "Overlay",
          id: "overlay-controls",
          hidden: true,
        },
        h("label", {}, "Labels ", slider),
        this.#toggle("plane", "Mid-plane", true, (on) => this.#viewer.plane(on)),
        this.#toggle("mirror", "Mirrored", false, (on) => this.#mirrored(on)),
      ),
      h(
        "div",
        { className: "group end" },
        h(
          "button",
          {
            type: "button",
            id: "sides",
            title: "Which side of the patient is on the left of the screen",
            onclick: () => this.#sides(),
          },
          "Radiological",
        ),
        h(
          "button",
          {
            type: "button",
            title: "Centre, and reset zoom and contrast",
            onclick: () => this.#reset(),
          },
          "Reset",
        ),
      ),
    );
  }

  #window(window) {
    this.#viewer.window(window);
    this.#pressWindow(window);
  }

  /** Marks the window that is shown, if it is one of the buttons'. */
  #pressWindow(window) {
    for (const [name, { center, width }] of Object.entries(WINDOWS)) {
      const on = window?.center === center && window?.width === width;
      find(`[data-window=${name}]`).setAttribute("aria-pressed", String(on));
    }
  }

  #toggle(name, text, on, apply) {
    const button = h("button", {
      type: "button",
      "aria-pressed": String(on),
      textContent: text,
      "data-toggle": name,
      onclick: () => {
        const pressed = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(pressed));
        apply(pressed);
      },
    });
    this.#toggles[name] = button;
    return button;
  }

  async #mirrored(on) {
    const shown = await this.#viewer.mirrored(on);
    find(".mirror-note").hidden = !shown;
    this.#set("mirror", shown);
  }

  #set(name, on) {
    const button = this.#toggles[name];
    if ((button.getAttribute("aria-pressed") === "true") !== on) button.click();
  }

  #layout(name) {
    this.#layoutName = name;
    this.#viewer.layout(name);
    for (const button of document.querySelectorAll("[data-layout]")) {
      button.setAttribute("aria-pressed", String(button.dataset.layout === name));
    }
  }

  #sides() {
    this.#radiological = !this.#radiological;
    this.#viewer.radiological(this.#radiological);
    find("#sides").textContent = this.#radiological ? "Radiological" : "Neurological";
  }

  /** Takes the keys before the viewer's own, undocumented ones. */
  #key(event) {
    if (
      event.key === "Tab" ||
      event.key === "Escape" ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    )
      return;
    event.stopPropagation();
    const step = STEPS[event.key];
    if (step) {
      const [x, y, z] = step;
      if (this.#layoutName === "render") this.#viewer.turn(TURN_DEG * x, TURN_DEG * (y + z));
      else this.#viewer.step(this.#radiological ? -x : x, y, z);
      event.preventDefault();
      clearTimeout(this.#resting);
      this.#resting = setTimeout(() => announce(find("#location").textContent), REST_MS);
      return;
    }
    const layout = Object.keys(LAYOUTS)[Number(event.key) - 1];
    if (layout) this.#layout(layout);
    const key = event.key.toLowerCase();
    if (key === "home") {
      event.preventDefault();
      this.#reset();
    }
    if (key === "r") this.#sides();
    if (key === "m" && !this.#toggles.plane.disabled) this.#toggles.plane.click();
    if (key === "f" && !this.#toggles.mirror.disabled) this.#toggles.mirror.click();
    if (key === "o" && !find("#overlay-controls").hidden) this.#flipOverlay();
  }

  #flipOverlay() {
    const slider = find("#opacity");
    const shown = slider.valueAsNumber;
    slider.value = shown > 0 ? 0 : this.#opacity;
    if (shown > 0) this.#opacity = shown;
    this.#viewer.opacity(slider.valueAsNumber);
  }
}
