import { number } from "./format.js";

/** The report's findings as a few plain sentences, strongest first. All numbers come from the report. */
export function inWords(report) {
  if (!report.model.trained) {
    return ["This model is not trained: its output shows that the way works, and is no finding."];
  }
  return [...classes(report.probabilities), ...sides(report)];
}

const NOT_NEGATIVE = "That is not a negative finding.";
const VOLUMES_ONLY =
  "Volumes only: whether there is a disease, this model does not say. A lesion that has no label of its own is counted as the tissue that it resembles.";

function classes(probabilities) {
  if (probabilities.length === 0) return [VOLUMES_ONLY];
  const strongest = [...probabilities].sort((a, b) => b.value - a.value);
  const present = strongest.filter((one) => one.present).map((one) => one.sentence);
  const below = strongest.filter((one) => !one.present);
  if (below.length === 0) return present;
  if (present.length === 0)
    return [`Nothing reached its threshold. ${NOT_NEGATIVE}`, below[0].sentence];
  const names = below.map((one) => one.name).join(", ");
  return [...present, `Below the threshold: ${names}. ${NOT_NEGATIVE}`];
}

/**
 * Smaller structures differ by chance: a few voxels are a large share of them. Those that the scan's end cuts differ by
 * what of them was scanned.
 */
const LEAST_ML = 1;

function sides({ asymmetry, labels }) {
  if (asymmetry.length === 0) {
    const paired = labels.some((label) => label.side);
    return paired ? ["Nothing was found of the structures that have two sides."] : [];
  }
  const known = asymmetry.filter(
    (one) => !one.cut && Math.max(one.left_ml, one.right_ml) >= LEAST_ML,
  );
  if (known.length === 0) return [];
  const most = known.reduce((a, b) => (Math.abs(b.index) > Math.abs(a.index) ? b : a));
  if (Math.abs(most.index) < 0.005) return ["Left and right volumes agree within half a percent."];
  const side = most.index > 0 ? "left" : "right";
  const size = number(Math.abs(100 * most.index), 1);
  return [
    `Largest difference between the sides: ${most.name.toLowerCase()}, larger on the ${side} by ${size}\u202f% of their mean. Healthy heads differ, too.`,
  ];
}
