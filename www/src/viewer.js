import { Niivue, NVImage, SLICE_TYPE } from "@niivue/niivue";
import { crossing, distance } from "./plane.js";
import { isSoftware, spareGradients } from "./software-gl.js";

export const LAYOUTS = {
  all: "All planes and 3-D",
  axial: "Axial",
  coronal: "Coronal",
  sagittal: "Sagittal",
  render: "3-D",
};

/** Where the crosshair is at first, as shares of the scan. */
const HOME = [0.5, 0.5, 0.5];

const SINGLE = {
  axial: SLICE_TYPE.AXIAL,
  coronal: SLICE_TYPE.CORONAL,
  sagittal: SLICE_TYPE.SAGITTAL,
  render: SLICE_TYPE.RENDER,
};

/** Left, top, width and height as shares of the canvas. */
const QUARTERS = [
  { sliceType: SLICE_TYPE.AXIAL, position: [0.01, 0.01, 0.48, 0.48] },
  { sliceType: SLICE_TYPE.CORONAL, position: [0.51, 0.01, 0.48, 0.48] },
  { sliceType: SLICE_TYPE.SAGITTAL, position: [0.01, 0.51, 0.48, 0.48] },
  { sliceType: SLICE_TYPE.RENDER, position: [0.51, 0.51, 0.48, 0.48] },
];

/** Without a GPU a 3-D picture takes seconds, so it is not part of every frame. */
const PLANES = [
  { sliceType: SLICE_TYPE.AXIAL, position: [0.01, 0.01, 0.54, 0.98] },
  { sliceType: SLICE_TYPE.CORONAL, position: [0.57, 0.01, 0.42, 0.48] },
  { sliceType: SLICE_TYPE.SAGITTAL, position: [0.57, 0.51, 0.42, 0.48] },
];

const PLANES_UPRIGHT = [
  { sliceType: SLICE_TYPE.AXIAL, position: [0.02, 0.01, 0.96, 0.6] },
  { sliceType: SLICE_TYPE.CORONAL, position: [0.02, 0.63, 0.46, 0.36] },
  { sliceType: SLICE_TYPE.SAGITTAL, position: [0.52, 0.63, 0.46, 0.36] },
];

const OPTIONS = {
  isSliceMM: true,
  isRadiologicalConvention: true,
  showAllOrientationMarkers: true,
  // Its faces tell the sides of the 3-D view.
  isOrientCube: true,
  dragAndDropEnabled: false,
  logLevel: "error",
  loadingText: "",
  backColor: [0, 0, 0, 1],
  fontColor: [0.86, 0.9, 0.95, 1],
  fontMinPx: 17,
  // Drawn here instead, thinner than a voxel and clear of the letters.
  crosshairWidth: 0,
};

const CROSSHAIR = { color: [0.36, 0.78, 0.72, 0.6], width: 1, length: 0.88 };
const MID_PLANE = { color: [0.56, 0.72, 1, 1], width: 2, length: 0.9 };
const AXES = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** The scan, its labels and its mid-plane in a NiiVue canvas. It holds no medical logic. */
export class Viewer {
  #nv;
  #software = false;
  #layout = "all";
  #labels = [];
  #hidden = new Set();
  #opacity = 0.5;
  #overlay = null;
  #mirror = null;
  #fetchMirror = null;
  #plane = null;
  #planeShown = true;
  #mirrored = false;
  #wantsMirrored = false;
  #attached = new AbortController();

  /**
   * `onLocation` hears of the crosshair, `onWindow` of contrast that was changed by mouse, `onReset` of a double click or a
   * finger that stays: the viewer's own answer to them is a window that nobody chose.
   */
  static async attach(canvas, { onLocation, onWindow, onReset }) {
    const viewer = new Viewer();
    const nv = new Niivue(OPTIONS);
    viewer.#nv = nv;
    nv.resetBriCon = () => {
      const { isDragging, doubleTouch } = nv.uiData;
      if (!isDragging && !doubleTouch) onReset();
    };
    await nv.attachToCanvas(canvas);
    nv.onLocationChange = (location) => onLocation(viewer.#describe(location));
    nv.onIntensityChange = () => onWindow();
    viewer.#drawOncePerFrame();
    viewer.#software = isSoftware(nv.gl);
    if (viewer.#software) spareGradients(nv);
    viewer.layout("all");
    const { signal } = viewer.#attached;
    window.addEventListener("resize", () => viewer.layout(viewer.#layout), { signal });
    return viewer;
  }

  /** Lets go of a canvas that is lost, and of what was drawn on it. */
  detach() {
    this.#attached.abort();
    this.#nv.cleanup();
    this.#forgetResult();
    this.#nv.volumes = [];
  }

  /** Replaces everything by a scan; `window` is `{center, width}` or nothing. The view stays where it was. */
  async showScan(nifti, name, window) {
    const volume = await NVImage.loadFromUrl({ url: nifti, name: `${name}.nii` });
    if (window) setWindow(volume, window);
    this.#forgetResult();
    this.#nv.volumes = [];
    this.#nv.addVolume(volume);
  }

  /**
   * Lays labels over the scan; `plane` is in RAS millimetres or `null`. `fetchMirror` resolves with the scan
   * mirrored through it, NIfTI, or with nothing.
   */
  async showResult({ segmentation, labels, plane, fetchMirror }) {
    const overlay = await NVImage.loadFromUrl({
      url: segmentation,
      name: "labels.nii",
      opacity: this.#opacity,
    });
    // The window that was chosen for the mirror image is the scan's, too.
    if (this.#mirrored) this.#exchange();
    const [scan] = this.#nv.volumes;
    this.#forgetResult();
    this.#labels = labels;
    this.#plane = plane;
    this.#fetchMirror = fetchMirror;
    this.#overlay = overlay;
    this.#color();
    this.#nv.volumes = [scan];
    this.#nv.addVolume(overlay);
    // What lies under the crosshair has another name now.
    this.#nv.createOnLocationChange();
  }

  /** Shows or hides labels by value. */
  toggle(values, shown) {
    for (const value of values) {
      if (shown) this.#hidden.delete(value);
      else this.#hidden.add(value);
    }
    this.#color();
    this.#refreshOverlay();
  }

  opacity(value) {
    this.#opacity = value;
    if (!this.#overlay) return;
    this.#overlay.opacity = value;
    this.#refreshOverlay();
  }

  window(window) {
    setWindow(this.#nv.volumes[0], window);
    this.#nv.refreshLayers(this.#nv.volumes[0], 0);
    this.#nv.drawScene();
  }

  /** From the darkest to the brightest that the viewer chose to show, for a scan that names no window. */
  fullWindow() {
    const { robust_min: low, robust_max: high } = this.#nv.volumes[0];
    return { center: (low + high) / 2, width: high - low };
  }

  layout(name) {
    this.#layout = name;
    if (name === "all") {
      // NiiVue asks for the 3-D slice type before it asks for a layout.
      this.#nv.setSliceType(SLICE_TYPE.MULTIPLANAR);
      this.#nv.setCustomLayout(this.#tiles());
    } else {
      this.#nv.clearCustomLayout();
      this.#nv.setSliceType(SINGLE[name]);
    }
  }

  /**
   * Exchanges the scan for its mirror image through the mid-plane, which is fetched when it is first wanted;
   * resolves with whether the mirror image is shown then.
   */
  async mirrored(on) {
    this.#wantsMirrored = on;
    if (on && !this.#mirror) await this.#loadMirror();
    if (this.#wantsMirrored !== this.#mirrored && this.#mirror) this.#exchange();
    return this.#mirrored;
  }

  async #loadMirror() {
    const fetchMirror = this.#fetchMirror;
    const nifti = await fetchMirror?.();
    if (!nifti) return;
    const mirror = await NVImage.loadFromUrl({ url: nifti, name: "mirrored.nii" });
    // There may be another result by now.
    if (fetchMirror === this.#fetchMirror) this.#mirror ??= mirror;
  }

  #exchange() {
    const [shown] = this.#nv.volumes;
    this.#mirror.cal_min = shown.cal_min;
    this.#mirror.cal_max = shown.cal_max;
    this.#nv.volumes[0] = this.#mirror;
    this.#mirror = shown;
    this.#mirrored = !this.#mirrored;
    this.#nv.setVolume(this.#nv.volumes[0], 0);
    this.#nv.createOnLocationChange();
    this.#nv.drawScene();
  }

  plane(on) {
    this.#planeShown = on;
    this.#nv.drawScene();
  }

  radiological(on) {
    this.#nv.setRadiologicalConvention(on);
  }

  /** Moves the crosshair by voxels: to the patient's right, front and top. */
  step(x, y, z) {
    this.#nv.moveCrosshairInVox(x, y, z);
  }

  /** Turns the 3-D view by degrees: to the right, and up. */
  turn(right, up) {
    const { renderAzimuth, renderElevation } = this.#nv.scene;
    this.#nv.setRenderAzimuthElevation(renderAzimuth + right, renderElevation + up);
  }

  /** Moves the crosshair to a place in RAS millimetres. */
  show(mm) {
    this.crosshair = this.#nv.mm2frac(mm, 0, true);
  }

  /** Where the crosshair is, in shares of the scan's sides. */
  get crosshair() {
    return [...this.#nv.scene.crosshairPos];
  }

  set crosshair(shares) {
    this.#nv.scene.crosshairPos = shares;
    this.#nv.createOnLocationChange();
    this.#nv.drawScene();
  }

  /** Whether the crosshair is where a scan opens. */
  get isHome() {
    return HOME.every((share, axis) => this.#nv.scene.crosshairPos[axis] === share);
  }

  /** Back to the centre, without zoom. */
  home() {
    const { scene } = this.#nv;
    scene.crosshairPos = [...HOME];
    scene.pan2Dxyzmm = [0, 0, 0, 1];
    this.#nv.setScale(1);
    this.#nv.setRenderAzimuthElevation(150, 15);
    this.#nv.createOnLocationChange();
  }

  #tiles() {
    const { clientWidth, clientHeight } = this.#nv.canvas;
    if (!this.#software) return QUARTERS;
    return clientHeight > clientWidth ? PLANES_UPRIGHT : PLANES;
  }

  #color() {
    const column = (read, none) => [none, ...this.#labels.map(read)];
    this.#overlay.setColormapLabel({
      R: column((label) => label.color[0], 0),
      G: column((label) => label.color[1], 0),
      B: column((label) => label.color[2], 0),
      A: column((label) => (this.#hidden.has(label.value) ? 0 : 255), 0),
      I: column((label) => label.value, 0),
      labels: column((label) => label.name, ""),
    });
  }

  /** The scan below stays as it is: reading it again would take most of the time. */
  #refreshOverlay() {
    this.#nv.refreshLayers(this.#overlay, 1);
    this.#nv.drawScene();
  }

  #forgetResult() {
    this.#mirrored = false;
    this.#wantsMirrored = false;
    this.#fetchMirror = null;
    this.#labels = [];
    this.#overlay = null;
    this.#mirror = null;
    this.#plane = null;
    this.#hidden.clear();
  }

  /** NiiVue draws on every change; several in a row then make one picture. */
  #drawOncePerFrame() {
    const draw = this.#nv.drawScene.bind(this.#nv);
    let waiting = false;
    this.#nv.drawScene = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        draw();
        this.#drawLines();
      });
    };
  }

  #drawLines() {
    const { volumes, scene, screenSlices, gl } = this.#nv;
    if (volumes.length === 0) return;
    const at = this.#nv.frac2mm(scene.crosshairPos, 0, true);
    const dots = this.#nv.uiData.dpr || 1;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    const draw = (tile, plane, { color, width, length }) => {
      const line = crossing(tile, at, plane, length);
      if (line) this.#nv.drawLine(line, width * dots, color);
    };
    for (const tile of screenSlices) {
      for (const normal of AXES) draw(tile, { point: at, normal }, CROSSHAIR);
      if (this.#plane && this.#planeShown) draw(tile, this.#plane, MID_PLANE);
    }
  }

  #describe({ mm, values }) {
    const value = values[0]?.value;
    const index = this.#nv.volumes.indexOf(this.#overlay);
    const label = this.#labels.find((one) => one.value === values[index]?.value);
    const at = [mm[0], mm[1], mm[2]];
    const right = this.#plane ? distance(this.#plane, at) : undefined;
    return { mm: at, right, value, label, mirrored: this.#mirrored };
  }
}

function setWindow(volume, { center, width }) {
  volume.cal_min = center - width / 2;
  volume.cal_max = center + width / 2;
}
