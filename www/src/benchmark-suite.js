/** Runs a suite, one request a subject: what fails, or stops the worker, takes no other subject with it. */
export class Suite {
  #client;
  #options;
  #run = null;
  #cancelled = false;

  constructor(client, options) {
    this.#client = client;
    this.#options = options;
  }

  /** `step` is told what is measured next, `measured` gets all results so far. */
  async run(step, measured) {
    const { entries, bench } = await this.#client.request("suite", { options: this.#options });
    for (const [done, entry] of entries.entries()) {
      if (this.#cancelled) break;
      step(`${done + 1} of ${entries.length}: ${label(entry)}`);
      await this.#measure(entry, bench);
      if (bench.measurements.length + bench.failures.length > 0) measured(bench);
    }
    return { bench, cancelled: this.#cancelled };
  }

  async cancel() {
    this.#cancelled = true;
    if (this.#run) await this.#client.cancel(this.#run);
  }

  async #measure(entry, bench) {
    const { network, feature, precision } = entry;
    const only = { networks: [network], features: [feature], precisions: [precision] };
    const options = { ...this.#options, ...only };
    this.#run = this.#client.request("bench", { options, ceiling: bench.ceiling });
    try {
      const { bench: one } = await this.#run;
      bench.ceiling = one.ceiling;
      bench.measurements.push(...one.measurements);
      bench.failures.push(...one.failures);
    } catch ({ kind, message }) {
      if (kind !== "cancelled") bench.failures.push({ ...entry, kind, message });
    }
    this.#run = null;
  }
}

/** A subject in words. */
export function label({ network, feature, precision }) {
  return `${network}, feature size ${feature}, ${precision}`;
}
