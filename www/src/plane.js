/** In-plane axes (right, up) of NiiVue's slice types: axial, coronal, sagittal. */
const AXES = [
  [0, 1],
  [0, 2],
  [1, 2],
];

/** Cosine above which a plane is taken as parallel to a slice: their crossing says nothing. */
const PARALLEL = 0.9;

/**
 * Where a plane crosses the slice of a viewer tile: `[x0, y0, x1, y1]` in canvas pixels,
 * or `null` where the plane misses the slice or is about parallel to it.
 *
 * `tile` is one of NiiVue's `screenSlices` in world millimetres, `at` a point of the slice and
 * `plane` a `point` with a `normal`, all in RAS millimetres. `length` shortens the line to that share.
 */
export function crossing(tile, at, plane, length = 1) {
  const axes = AXES[tile.axCorSag];
  if (!axes || tile.fovMM.length < 2) return null;
  const { normal } = plane;
  const through = 3 - axes[0] - axes[1];
  if (Math.abs(normal[through]) > PARALLEL * Math.hypot(...normal)) return null;
  // In shares of the tile: a·x + b·y = c.
  const a = normal[axes[0]] * tile.fovMM[0];
  const b = normal[axes[1]] * tile.fovMM[1];
  const origin = [0, 0, 0];
  axes.forEach((axis, i) => {
    origin[axis] = tile.leftTopMM[i];
  });
  origin[through] = at[through];
  const c = -distance(plane, origin);
  const ends = clipped(a, b, c);
  return ends && shortened(ends, length).flatMap(([x, y]) => toCanvas(tile, x, y));
}

/** How far a place lies off a plane, mm, positive where its normal points: to the patient's right. */
export function distance({ point, normal }, at) {
  return dot(normal, at) - dot(normal, point);
}

/** The part of the line a·x + b·y = c inside the unit square, as two points. */
function clipped(a, b, c) {
  const corners = [];
  const keep = (x, y) => {
    if (x >= 0 && x <= 1 && y >= 0 && y <= 1) corners.push([x, y]);
  };
  for (const edge of [0, 1]) {
    if (Math.abs(a) > 1e-9) keep((c - b * edge) / a, edge);
    if (Math.abs(b) > 1e-9) keep(edge, (c - a * edge) / b);
  }
  if (corners.length < 2) return null;
  const [first, ...others] = corners;
  const distance = ([x, y]) => Math.hypot(x - first[0], y - first[1]);
  const last = others.reduce((far, corner) => (distance(corner) > distance(far) ? corner : far));
  return distance(last) > 1e-6 ? [first, last] : null;
}

function shortened([start, end], length) {
  const cut = (1 - length) / 2;
  const between = (share) => [0, 1].map((i) => start[i] + share * (end[i] - start[i]));
  return [between(cut), between(1 - cut)];
}

function toCanvas(tile, x, y) {
  const [left, top, width, height] = tile.leftTopWidthHeight;
  return [left + x * width, top + (1 - y) * height];
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
