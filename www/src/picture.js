import { find } from "./dom.js";

/** The viewer is large: it is fetched behind the first picture, and made for the first scan. */
const fetchViewer = () => Promise.all([import("./viewer.js"), import("./viewer-controls.js")]);

/** The picture of the scan: a viewer with its controls, or none. Emits `lost` once the browser took its graphics away. */
export class Picture extends EventTarget {
  #viewing = null;
  /** Where the crosshair was when the graphics were lost. */
  #left = null;
  /** The last change. */
  #drawing = Promise.resolve();

  /** Fetches ahead what the first scan will need. */
  prepare() {
    fetchViewer().catch(() => {});
  }

  /** Whether there is none, of this scan. */
  get isBlind() {
    return "blind" in document.body.dataset;
  }

  /** Where the reader was in a picture that is lost; nothing once a scan is shown. */
  get left() {
    return this.#left;
  }

  async showScan({ nifti, info }) {
    this.#left = null;
    await this.draw(async ({ viewer, controls }) => {
      await viewer.showScan(nifti, "scan", info.window);
      controls.showScan(info);
    });
    delete document.body.dataset.blind;
  }

  /** Nothing but this needs WebGL. Changes follow each other in the order in which they were asked for. */
  draw(step) {
    const drawn = this.#drawing
      .then(() => this.#viewer())
      .then(step)
      .catch(undrawable);
    this.#drawing = drawn.catch(() => {});
    return drawn;
  }

  #viewer() {
    this.#viewing ??= this.#make().catch((error) => {
      // The next scan tries again.
      this.#viewing = null;
      throw error;
    });
    return this.#viewing;
  }

  async #make() {
    const [{ Viewer }, { ViewerControls }] = await fetchViewer();
    const canvas = find("#viewer canvas");
    let controls = null;
    const viewer = await Viewer.attach(canvas, {
      onLocation: (place) => controls?.showLocation(place),
      onWindow: () => controls?.contrastChanged(),
      onReset: () => controls?.resetWindow(),
    });
    controls = new ViewerControls(viewer);
    canvas.addEventListener("webglcontextlost", () => this.#lost(canvas, viewer), { once: true });
    return { viewer, controls };
  }

  /** A canvas does not come back from this: another one takes its place, with nobody listening to it yet. */
  #lost(canvas, viewer) {
    this.#viewing = null;
    this.#left = viewer.crosshair;
    viewer.detach();
    const frame = canvas.parentElement;
    frame.replaceWith(frame.cloneNode(true));
    document.body.dataset.blind = "";
    this.dispatchEvent(new Event("lost"));
  }
}

function undrawable(error) {
  throw Object.assign(new Error("The picture cannot be drawn."), {
    kind: "viewer",
    place: error.message,
    remedy: "It needs WebGL 2 in this browser. Analysis and exports work without it.",
  });
}
