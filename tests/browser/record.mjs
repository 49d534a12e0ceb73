// Runs the benchmark suite in Chromium and keeps the result for the page's compare view, `www/results/NAME.json`:
//
//   node tests/browser/record.mjs NAME '{"networks": ["encoder"], "features": [12], "side": 96}' [backend]
//
// Options are those of `BenchOptions` (crates/pipeline/src/bench). Not a test. The page must have been built.
import { mkdirSync, writeFileSync } from "node:fs";
import { browse, ready, serve } from "./launch.mjs";
import { ask, reachWorker } from "./worker.mjs";

const [name, options, backend = "webgpu"] = process.argv.slice(2);
const folder = new URL("../../www/results/", import.meta.url);
const server = await serve();
const browser = await browse();
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}/?backend=${backend}`);
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
} finally {
  await browser.close();
  server.stop();
}
