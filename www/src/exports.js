import { download } from "./dom.js";

/**
 * Saves one part of a result; `strip` resolves with the head without its skull. The names say nothing
 * of the scan's own file name, which may hold the name of a person.
 */
export async function save(kind, result, strip) {
  if (kind === "nifti") {
    await saveImage("segmentation.nii.gz", result.segmentation);
  } else if (kind === "mask") {
    await saveImage("brain_mask.nii.gz", (await strip()).mask);
  } else if (kind === "brain") {
    await saveImage("brain.nii.gz", (await strip()).brain);
  } else if (kind === "json") {
    download("report.json", JSON.stringify(result.report, null, 2), "application/json");
  } else {
    download("report.csv", result.csv, "text/csv");
  }
}

async function saveImage(name, nifti) {
  download(name, await gzip(nifti), "application/gzip");
}

async function gzip(buffer) {
  const packed = new Blob([buffer]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed).arrayBuffer();
}
