import { find, h } from "./dom.js";

/**
 * Wires everything that opens a scan: buttons, pickers, dropping, samples.
 * `open.files(list, number)` takes `{file, path}` entries, `open.sample(sample)` one of the list, `open.phantom()`
 * nothing; `open.reading(promise)` waits for what was dropped: `{read, number}`, or `null` if that fails.
 */
export function wireOpening(open) {
  for (const kind of ["files", "folder"]) {
    const input = find(`#pick-${kind}`);
    for (const button of document.querySelectorAll(`[data-pick=${kind}]`)) {
      button.addEventListener("click", () => input.click());
    }
    input.addEventListener("change", () => {
      const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath }));
      input.value = "";
      if (files.length > 0) open.files(files);
    });
  }
  wireDropping(open);
  wireSamples(open);
}

async function wireSamples(open) {
  const listed = listSamples();
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", async () => {
      const [first] = await listed;
      return first ? open.sample(first) : open.phantom();
    });
  }
  const samples = await listed;
  const all = [
    ...samples.map((sample) => ({ ...sample, run: () => open.sample(sample) })),
    {
      title: "Generated phantom",
      source: "Made on this device, nothing is fetched",
      run: open.phantom,
    },
  ];
  find("[data-samples]").replaceChildren(...all.map(row));
  find("[data-sample-links]").replaceChildren("Samples: ", ...all.map(link));
}

/** None where the host has no list, or answers with something else. */
async function listSamples() {
  try {
    const response = await fetch("samples/index.json");
    return response.ok ? await response.json() : [];
  } catch {
    return [];
  }
}

function row({ title, source, run }) {
  const button = { type: "button", className: "row", onclick: run };
  return h("li", {}, h("button", button, title, h("small", {}, source)));
}

function link({ title, source, run }) {
  return h("button", { type: "button", className: "link", title: source, onclick: run }, title);
}

function wireDropping(open) {
  const veil = find("#drop");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  // On their way down: the viewer keeps those over its canvas to itself.
  const on = (type, act) => window.addEventListener(type, act, { capture: true });
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  on("dragover", (event) => {
    if (!carriesFiles(event)) return;
    take(event);
    veil.hidden = false;
  });
  on("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  on("drop", async (event) => {
    veil.hidden = true;
    if (!carriesFiles(event)) return;
    take(event);
    // Entries must be taken before the first await: the list is emptied afterwards.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry());
    const loose = [...event.dataTransfer.files].map((file) => ({ file, path: file.name }));
    const walked = await open.reading(Promise.all(entries.filter(Boolean).map(walk)));
    // Among the loose ones folders look like files.
    if (walked) open.files(entries.some(Boolean) ? walked.read.flat() : loose, walked.number);
  });
}

/** Every file at or below a dropped entry, with its path. */
async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const found = [];
  for (const child of await children(entry)) found.push(...(await walk(child)));
  return found;
}

/** A folder's reader hands out its entries in portions. */
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return all;
    all.push(...portion);
  }
}
