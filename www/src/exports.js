import { download } from "./dom.js";

/**
 * Saves one part of a result. The names say nothing of the scan's own file name,
 * which may hold the name of a person.
 */
export async function save(kind, result) {
  if (kind === "nifti") {
    download("segmentation.nii.gz", await gzip(result.segmentation), "application/gzip");
  } else if (kind === "json") {
    download("report.json", JSON.stringify(result.report, null, 2), "application/json");
  } else {
    download("report.csv", result.csv, "text/csv");
  }
}

async function gzip(buffer) {
  const packed = new Blob([buffer]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed).arrayBuffer();
}
