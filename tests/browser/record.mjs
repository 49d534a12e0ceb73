// Runs the benchmark suite in Chromium and keeps the result for the page's compare view, `www/results/NAME.json`:
//
//   node tests/browser/record.mjs NAME '{"networks": ["encoder"], "features": [12], "side": 96}' [query]
//
// Options are those of `BenchOptions` (crates/pipeline/src/bench), the query is that of the page. Prints, on Linux, the
// largest resident memory of Chromium's processes, too. Not a test. The page must have been built.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { browse, ready, serve } from "./launch.mjs";
import { ask, reachWorker } from "./worker.mjs";

const [name, options, query = "backend=webgpu"] = process.argv.slice(2);
const folder = new URL("../../www/results/", import.meta.url);
const server = await serve();
const browser = await browse();
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}/?${query}`);
  await reachWorker(page);
  await ready(page);
  const { bench, error } = await ask(page, { type: "bench", options: JSON.parse(options) });
  if (error) throw new Error(error.message ?? JSON.stringify(error));
  const date = new Date().toISOString().slice(0, 10);
  const result = { date, browser: `Chromium ${browser.version()}`, ...bench };
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`);
  console.table(
    bench.measurements.map((m) => ({
      network: `${m.network} ${m.feature} ${m.precision}`,
      route: m.route,
      cold: Math.round(m.cold_ms),
      median: Math.round(m.median_ms),
      error: m.relative_l2?.toExponential(1),
    })),
  );
  if (bench.failures.length > 0) console.table(bench.failures);
  if (process.platform === "linux") console.table(await memory());
} finally {
  await browser.close();
  server.stop();
}

/** Largest resident memory so far of each process, MB. */
async function memory() {
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send("SystemInfo.getProcessInfo");
  return processInfo.map(({ type, id }) => {
    const kilobytes = readFileSync(`/proc/${id}/status`, "utf8").match(/VmHWM:\s+(\d+)/)?.[1];
    return { process: type, megabytes: Math.round((kilobytes * 1024) / 1e6) };
  });
}
