/** How intensities may have been scaled in training, by the manifest's names. */
export const SCALINGS = {
  z_score: "z-scores over values that are not 0",
  percentiles: "percentiles of the head, from … to …",
  hounsfield: "fixed values, from … to …",
};

const BOUNDS = { percentiles: [0.5, 99.5], hounsfield: [-1000, 1000] };

/** Bounds to start from, if a scaling has any. */
export function bounds(kind) {
  return BOUNDS[kind] ?? null;
}

/** What is suggested, as `Published::scaling` has it; nothing before both are chosen. */
export function usual(network, modality) {
  if (!network || !modality) return "";
  return network === "saca-classifier" || modality === "ct" ? "hounsfield" : "z_score";
}

/** The form's choice as the manifest has it. */
export function declared({ scaling: kind, low, high }) {
  return bounds(kind) ? { kind, low: Number(low), high: Number(high) } : { kind };
}
