import { download } from "./dom.js";

/** Without it, Excel reads a CSV file in the encoding of the machine, and degrees come out as two characters. */
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Saves one part of a result; `strip` resolves with the head without its skull. The names tell the model, as several may
 * have read the scan, and nothing of the scan's own file name, which may hold the name of a person.
 */
export async function save(kind, result, strip) {
  const named = (name) => `${result.report.model.name}-${name}`;
  if (kind === "nifti") {
    await saveImage(named("segmentation.nii.gz"), result.segmentation, result.header);
  } else if (kind === "mask") {
    await saveImage(named("brain_mask.nii.gz"), (await strip()).mask);
  } else if (kind === "brain") {
    await saveImage(named("brain.nii.gz"), (await strip()).brain);
  } else if (kind === "json") {
    download(named("report.json"), JSON.stringify(result.report, null, 2), "application/json");
  } else {
    download(named("report.csv"), BYTE_ORDER_MARK + result.csv, "text/csv");
  }
}

/** `header` is saved in place of the first bytes of `nifti`. */
async function saveImage(name, nifti, header = new Uint8Array()) {
  const rest = new Uint8Array(nifti, header.byteLength);
  download(name, await gzip(new Blob([header, rest])), "application/gzip");
}

async function gzip(blob) {
  const packed = blob.stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed).arrayBuffer();
}
