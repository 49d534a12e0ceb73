import { device } from "./address.js";
import { clearError, showError } from "./banner.js";
import { FIELDS, form, options, QUICK, WHOLE } from "./benchmark-options.js";
import { Suite } from "./benchmark-suite.js";
import { showMeasurements, showMissing } from "./benchmark-table.js";
import { download, find, h } from "./dom.js";
import { number, plural } from "./format.js";
import { showAdapter, showAdapterFailure } from "./status.js";
import { WorkerClient } from "./worker-client.js";

/** Results that the repository keeps, each with its adapter and date. */
const SAVED = import.meta.glob("../results/*.json", { import: "default" });

const client = new WorkerClient(device("webgpu"));
const shown = { bench: null, saved: null, suite: null };
/** What each button runs. */
const STARTS = {
  "#whole": () => WHOLE,
  "#quick": () => QUICK,
  "#run": () => options(find("#options")),
};

find("#options").append(...FIELDS.map(form));
for (const path of Object.keys(SAVED)) {
  const name = path.split("/").pop().replace(".json", "");
  find("#saved").append(h("option", { value: path }, name));
}

client.addEventListener("ready", ({ detail }) => {
  showAdapter(detail.adapter);
  find("#software").hidden = !detail.adapter.software;
  working();
});
client.addEventListener("failed", ({ detail }) => {
  showAdapterFailure("Not running; ?backend=cpu in the address measures the processor");
  showError(detail);
});

for (const [id, options] of Object.entries(STARTS)) {
  find(id).addEventListener("click", () => run(options()));
}
find("#cancel").addEventListener("click", () => shown.suite?.cancel());
find("#copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(json());
    find("#progress").textContent = "Copied.";
  } catch {
    find("#progress").textContent =
      "The browser keeps the clipboard back: download the result instead.";
  }
});
find("#save").addEventListener("click", () =>
  download("benchmark.json", json(), "application/json"),
);
find("#saved").addEventListener("change", async ({ target }) => {
  shown.saved = target.value ? await SAVED[target.value]() : null;
  draw();
});

function json() {
  return JSON.stringify(shown.bench, null, 2);
}

async function run(options) {
  clearError();
  shown.suite = new Suite(client, options);
  working();
  try {
    const { bench, cancelled } = await shown.suite.run((text) => {
      find("#progress").textContent = text;
    }, show);
    find("#progress").textContent = cancelled ? "Cancelled." : outcome(bench);
  } catch (error) {
    find("#progress").textContent = "";
    showError(error);
  }
  shown.suite = null;
  working();
}

function show(bench) {
  shown.bench = { date: today(), browser: navigator.userAgent, ...bench };
  draw();
}

function outcome({ measurements, failures }) {
  if (failures.length > 0)
    return `Finished. Not measured: ${plural(failures.length, "subject")}, see below.`;
  return measurements.length > 0
    ? "Finished."
    : "Nothing to measure: `shipped` has feature size 12 alone.";
}

function today() {
  return new Date().toISOString().slice(0, 10);
}

function working() {
  const on = shown.suite !== null;
  for (const id of Object.keys(STARTS)) find(id).disabled = on;
  find("#cancel").hidden = !on;
  for (const id of ["#copy", "#save"]) find(id).disabled = on || !shown.bench;
}

function draw() {
  const measured = shown.bench ?? shown.saved;
  find("#ceiling").textContent = measured ? summary(measured) : "";
  showMeasurements(find("#results"), shown.bench, shown.saved);
  showMissing(find("#missing"), measured ?? {});
}

/** A saved result that is shown alone was measured elsewhere. */
function summary(measured) {
  const { ceiling, adapter, date } = measured;
  const where = measured === shown.bench ? "this device" : `${adapter.name}, ${date}`;
  if (!ceiling) return `Measured on ${where}.`;
  return `At best ${number(ceiling.gflops, 1)} GFLOP/s and ${number(ceiling.gbps, 1)} GB/s on ${where}.`;
}
