const MODALITIES = { ct: "CT", mr: "MR", other: "Neither CT nor MR" };

export function modality(name) {
  return MODALITIES[name] ?? "Unknown";
}

export function dims(sizes) {
  return sizes.join(" × ");
}

export function spacing(millimetres) {
  return `${millimetres.map((value) => number(value, 2)).join(" × ")} mm`;
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** At most `digits` decimals, no trailing zeros. */
export function number(value, digits) {
  return Number.isFinite(value) ? String(Number(value.toFixed(digits))).replace("-", "−") : "–";
}

export function millilitres(value) {
  if (value === null || value === undefined) return "–";
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

export function percent(fraction) {
  const value = 100 * fraction;
  const ends = value > 0 && value < 1 ? "<1" : value > 99 && value < 100 ? ">99" : null;
  return `${ends ?? Math.round(value)}\u202f%`;
}

/** Left minus right, as a share of their mean: positive where the left is larger. */
export function asymmetry(index) {
  if (!Number.isFinite(index)) return "–";
  if (Math.abs(index) < 0.0005) return "0 %";
  return `${index > 0 ? "L" : "R"} +${Math.abs(100 * index).toFixed(1)} %`;
}

export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

export function megabytes(bytes) {
  return `${number(bytes / 1e6, bytes < 1e7 ? 1 : 0)} MB`;
}

/** A place in RAS millimetres, by the letters of the sides; `right` is how far it is to the right, if not `mm` says so. */
export function place(mm, right = mm[0]) {
  const axis = (position, positive, negative) =>
    `${number(Math.abs(position), 1)} mm ${position < 0 ? negative : positive}`;
  return [axis(right, "R", "L"), axis(mm[1], "A", "P"), axis(mm[2], "S", "I")].join(" · ");
}
