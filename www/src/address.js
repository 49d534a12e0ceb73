const query = new URLSearchParams(location.search);

/** What the address says of the device: `?backend=` and, to rehearse weak devices, `?max_buffer_mb=`. */
export function device(otherwise) {
  return {
    backend: ["webgpu", "cpu"].find((backend) => backend === query.get("backend")) ?? otherwise,
    max_buffer_mb: whole("max_buffer_mb", 1),
  };
}

/** A whole number of the address's query, at least `least`; anything else counts as absent. */
export function whole(name, least) {
  const value = Number(query.get(name) ?? Number.NaN);
  return Number.isInteger(value) && value >= least ? value : undefined;
}
