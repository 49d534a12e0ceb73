// A stand-in for the Rust session, for tests of the page alone. It is never part of a published build.
const SIZE = [48, 56, 40];
const SPACING = 4;
/** Its scan takes a second to load. */
const SLOW_SERIES = 2;
const offer = {
  modality: "mr",
  sha256: "5f2c".repeat(16),
  bytes: 7_800_000,
  note: "",
  trained: true,
  cached: false,
};
/** Of the import of weights whose name says that some were renamed. */
const NOTES = [
  "removed the prefix `module.` from every key",
  "`swinViT.norm.weight` is not part of the network and was left out",
];
/** Longer than the page waits for a run that is to stop. */
const LONG_MS = 6000;
/** The run that is to stop. */
let cancelled = null;

export default async function init() {}

export function useRelaxedSimd() {}

export class Session {
  most_bytes = 1e6;
  #post;
  #url;
  /** Name of what was opened last: one that says so cannot be loaded. */
  #name = "";
  /** The page's number of the selected scan, and how to draw it. */
  #scan = null;
  #imported = null;

  static create(post) {
    const session = new Session();
    session.#post = post;
    return session;
  }

  async handle({ id, type, ...request }) {
    const reply = (kind, fields, transfer) => this.#post({ id, type: kind, ...fields }, transfer);
    const fail = (error) => reply("error", { error });
    if (type === "init") return reply("ready", ready(request));
    if (type === "open") return this.#open(request.files, reply, fail);
    if (type === "open_url" || type === "phantom") {
      this.#url = request.url;
      this.#name = "";
      return reply("series", { series: series(type) });
    }
    if (type === "import") return this.#import(request, reply, fail);
    if (type === "forget") {
      this.#imported = null;
      return reply("forgotten", {});
    }
    if (type === "select") return this.#select(request, reply, fail);
    if (type === "run") return this.#run({ id, ...request }, reply, fail);
    if (type === "keep") {
      reply("progress", { stage: "model", done: 1, total: 2, text: "Loading" });
      if (request.model === "slow") await new Promise((resolve) => setTimeout(resolve, LONG_MS));
      return reply("kept", {});
    }
    if (type === "warm") return reply("warm", {});
    if (["show", "mirror", "strip"].includes(type) && request.scan !== this.#scan?.number)
      return fail({ kind: "another_scan", message: "another scan is open by now" });
    if (type === "show") return this.#scan.show(reply);
    if (type === "strip") {
      const [mask, brain] = [phantom(label), phantom(scanValue)];
      return reply("stripped", { mask, brain }, [mask, brain]);
    }
    if (type === "mirror") {
      const nifti = phantom((x, y, z) => scanValue(-x, y, z));
      return reply("mirrored", { nifti }, [nifti]);
    }
    cancelled = request.run;
  }

  async #open(files, reply, fail) {
    const name = files[0]?.name ?? "";
    this.#name = name;
    if (name.includes("slow")) await new Promise((resolve) => setTimeout(resolve, 2000));
    if (name.includes("trap"))
      setTimeout(() => {
        throw new Error("trap in a future");
      });
    else if (/good|unloadable/.test(name)) reply("series", { series: series("folder") });
    else {
      fail({
        kind: "unsupported",
        message: "This is not a scan that can be read.",
        place: `${name}, byte 0`,
        remedy: "Open a DICOM or NIfTI file, a folder or a zip of them.",
      });
    }
  }

  #import({ files, said }, reply, fail) {
    if (files[0].name.includes("mismatch")) {
      return fail({
        kind: "model",
        message: "the weights do not fit the architecture",
        place: "missing: out.conv.conv.bias\nunexpected: decoder9.conv.weight",
      });
    }
    this.#imported = said.name;
    const model = { ...offer, name: said.name, title: said.name, cached: true, imported: true };
    const notes = files[0].name.includes("renamed") ? NOTES : [];
    reply("imported", { model, summary: "SA-Swin, width 3", notes });
  }

  async #select({ index, scan: number }, reply, fail) {
    if (this.#name.includes("unloadable"))
      return fail({ kind: "unsupported", message: "This series cannot be read." });
    if (index === SLOW_SERIES) await new Promise((resolve) => setTimeout(resolve, 1000));
    const url = this.#url;
    this.#scan = { number, show: (answer) => this.#show(index, url, answer) };
    return this.#scan.show(reply);
  }

  async #show(index, url, reply) {
    const nifti = url
      ? await new Response(
          (await fetch(url)).body.pipeThrough(new DecompressionStream("gzip")),
        ).arrayBuffer()
      : phantom((x, y, z) => scanValue(x, y, z));
    const ct = index === 1;
    const info = {
      name: "scan",
      modality: ct ? "ct" : "mr",
      dims: SIZE,
      spacing: [SPACING, SPACING, SPACING],
      notes: ct ? ["Gantry tilt of 18.5° was resampled to a true grid."] : [],
      window: ct ? { center: 40, width: 80 } : { center: 190, width: 380 },
    };
    reply("scan", { nifti, info }, [nifti]);
  }

  async #run({ id, model, ignore_warnings }, reply, fail) {
    if (model.startsWith("imported-") && model !== this.#imported)
      return fail({ kind: "no_model", message: `there is no model ${model}` });
    // Its device is replaced, and what was imported was on it.
    if (model === "unplugged") this.#imported = null;
    if (model === "stale")
      return fail({ kind: "integrity", message: "The weights are not those of the manifest." });
    if (model === "picky" && !ignore_warnings) {
      return fail({
        kind: "unsuitable",
        message: "The slices are 8 mm thick; the model knows up to 5 mm.",
      });
    }
    const total = 12;
    for (let done = 0; done < total; done++) {
      reply("progress", { stage: "infer", done, total, text: `Window ${done + 1} of ${total}` });
      await new Promise((resolve) => setTimeout(resolve, model === "slow" ? 1000 : 250));
      // It answers nobody, told to stop or not.
      if (model === "deaf") return;
      if (cancelled === id) return reply("cancelled", {});
    }
    const segmentation = phantom(label);
    const csv = "structure,left_ml,right_ml\nHemisphere,601,598\n";
    const parts = { report: report(model), segmentation, csv, kept: true, strips: true };
    reply("result", parts, [segmentation]);
  }
}

function ready({ backend }) {
  const adapter = adapterOf(backend);
  const base = offer;
  const models = [
    { ...base, name: "head-mr", title: "Head structures", note: "Head structures on MR and CT" },
    { ...base, name: "slow", title: "Slow" },
    { ...base, name: "picky", title: "Picky" },
    { ...base, name: "bones", title: "Bones", modality: "ct" },
    { ...base, name: "deaf", title: "Deaf", modality: "ct" },
    { ...base, name: "unplugged", title: "Unplugged", modality: "ct" },
    { ...base, name: "stale", title: "Stale", modality: "ct" },
    { ...base, name: "raw", title: "Raw", trained: false },
  ];
  return { adapter, version: "0.1.0", models };
}

function adapterOf(backend) {
  if (backend === "cpu") {
    return {
      name: "WebAssembly SIMD",
      backend: "cpu",
      software: false,
      precision: "f32",
      reason: "chosen by ?backend=cpu",
    };
  }
  return { name: "SwiftShader", backend: "webgpu", software: true, precision: "f32" };
}

function series(kind) {
  const gray = new Uint8Array(64 * 64).map((_, i) => {
    const x = (i % 64) - 32;
    const y = Math.floor(i / 64) - 32;
    return x * x + y * y < 700 ? 120 + 60 * Math.cos(x / 5) * Math.cos(y / 5) : 0;
  });
  const one = {
    index: 0,
    modality: "mr",
    description: "T1 MPRAGE sagittal",
    dims: SIZE,
    spacing: [4, 4, 4],
    files: 1,
    frames: 1,
    preferred: true,
    problems: [],
    thumbnail: { width: 64, height: 64, gray },
  };
  if (kind !== "folder") return [one];
  return [
    { ...one, files: 176 },
    {
      ...one,
      index: 1,
      modality: "ct",
      description: "Head 5.0 H31s",
      files: 28,
      preferred: false,
      problems: ["Gantry tilt of 18.5°"],
    },
    { ...one, index: 2, description: "fMRI rest", frames: 10, files: 10, preferred: false },
    {
      ...one,
      index: 3,
      description: "",
      dims: [64, 64, 1],
      preferred: false,
      problems: ["A single slice"],
      thumbnail: undefined,
    },
  ];
}

function scanValue(x, y, z) {
  const r = (x / 76) ** 2 + (y / 94) ** 2 + (z / 66) ** 2;
  if (r > 1) return 0;
  if (r > 0.86) return 200;
  const vessel = (Math.abs(x) - 10) ** 2 / 60 + (y + 5) ** 2 / 700 + (z - 5) ** 2 / 200;
  if (vessel < 1) return 30;
  return (
    110 + 25 * Math.cos(x / 6) * Math.cos(y / 7) * Math.cos(z / 6) - (lesion(x, y, z) ? 60 : 0)
  );
}

function lesion(x, y, z) {
  return (x + 42) ** 2 + (y - 12) ** 2 + (z - 10) ** 2 < 17 ** 2;
}

/** Labels: hemispheres 1 and 2 (left is negative x), ventricles 3 and 4, lesion 5. */
function label(x, y, z) {
  const r = (x / 76) ** 2 + (y / 94) ** 2 + (z / 66) ** 2;
  if (r > 0.8) return 0;
  if (lesion(x, y, z)) return 5;
  const vessel = (Math.abs(x) - 10) ** 2 / 60 + (y + 5) ** 2 / 700 + (z - 5) ** 2 / 200;
  return (vessel < 1 ? 3 : 1) + (x < 0 ? 0 : 1);
}

/** A uint8 NIfTI-1 of `value(x, y, z)` in RAS millimetres. */
function phantom(value) {
  const buffer = new ArrayBuffer(352 + SIZE[0] * SIZE[1] * SIZE[2]);
  const view = new DataView(buffer);
  const half = SIZE.map((n) => (SPACING * (n - 1)) / 2);
  view.setInt32(0, 348, true);
  [3, ...SIZE, 1, 1, 1, 1].forEach((n, i) => {
    view.setInt16(40 + 2 * i, n, true);
  });
  view.setInt16(70, 2, true);
  view.setInt16(72, 8, true);
  [1, SPACING, SPACING, SPACING].forEach((n, i) => {
    view.setFloat32(76 + 4 * i, n, true);
  });
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  view.setInt16(254, 1, true);
  half.forEach((offset, row) => {
    [0, 1, 2].forEach((column) => {
      view.setFloat32(280 + 16 * row + 4 * column, row === column ? SPACING : 0, true);
    });
    view.setFloat32(280 + 16 * row + 12, -offset, true);
  });
  view.setUint32(344, 0x6e2b3100, false);
  const voxels = new Uint8Array(buffer, 352);
  let i = 0;
  for (let z = 0; z < SIZE[2]; z++)
    for (let y = 0; y < SIZE[1]; y++)
      for (let x = 0; x < SIZE[0]; x++)
        voxels[i++] = value(SPACING * x - half[0], SPACING * y - half[1], SPACING * z - half[2]);
  return buffer;
}

function report(model) {
  const names = ["Hemisphere", "Lateral ventricle"];
  const colors = [
    [226, 120, 97],
    [240, 170, 90],
    [88, 160, 255],
    [120, 220, 255],
  ];
  const volumes = [601.2, 598.4, 21.9, 14.2];
  const labels = volumes.map((volume_ml, i) => ({
    value: i + 1,
    name: names[i >> 1],
    side: i % 2 ? "right" : "left",
    color: colors[i],
    volume_ml,
  }));
  labels.push({ value: 5, name: "Lesion", side: null, color: [255, 90, 110], volume_ml: 20.6 });
  return {
    app: { name: "SA-Swin Web", version: "0.1.0" },
    disclaimer: "Research use only. Not a medical device.",
    scan: { name: "scan", modality: "mr", dims: SIZE, spacing: [4, 4, 4], notes: [] },
    model: {
      name: model,
      title: model[0].toUpperCase() + model.slice(1),
      sha256: "5f2c".repeat(16),
      note: "",
      trained: true,
      ...(model === "bones" ? { display: { center: 480, width: 2500 } } : {}),
    },
    adapter: adapterOf("auto"),
    alignment: {
      aligned: true,
      residual: 0.021,
      yaw_deg: 3.2,
      roll_deg: -1.1,
      off_centre_mm: 1.4,
      plane: { point: [0, 0, 0], normal: [0.998, 0.056, -0.019] },
    },
    preprocessing: [
      "Reoriented to RAS",
      "Resampled to 2 mm",
      "Aligned to the mid-plane",
      "Scaled between the 1st and 99th percentile",
    ],
    warnings: ["Voxels of 4 mm are coarser than the model was trained on."],
    overridden: false,
    probabilities: [
      {
        name: "Haemorrhage",
        value: 0.91,
        threshold: 0.5,
        present: true,
        sentence: "Haemorrhage: the network reports it, 12.0 mL (91 % on its own scale)",
      },
      {
        name: "Fracture",
        value: 0.04,
        threshold: 0.4,
        present: false,
        sentence: "Fracture: the network does not report it, 0.0 mL (4 % on its own scale)",
      },
    ],
    labels,
    places: [
      { name: "Lesion", volume_ml: 19.8, at: [-24, 10, 12], right_mm: -23.5 },
      { name: "Lesion", volume_ml: 0.8, at: [30, -20, 18], right_mm: 28.5 },
    ],
    places_in_all: 3,
    asymmetry: [
      { name: "Hemisphere", left_ml: 601.2, right_ml: 598.4, index: 0.0047 },
      { name: "Lateral ventricle", left_ml: 21.9, right_ml: 14.2, index: 0.4266 },
    ],
    measures: [
      { name: "Midline shift", value: 2.3, unit: "mm" },
      { name: "Lesion", value: 20.6, unit: "mL" },
    ],
    timing: [
      { stage: "Prepare", milliseconds: 812 },
      { stage: "Infer", milliseconds: 14200 },
      { stage: "Interpret", milliseconds: 95 },
    ],
  };
}
