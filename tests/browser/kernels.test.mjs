import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, ready } from "./launch.mjs";
import { ask, reachWorker } from "./worker.mjs";

test("every shader computes what its definition on the CPU computes", async (t) => {
  const { page } = await launch(t, { query: "?backend=webgpu" });
  await reachWorker(page);
  await ready(page);
  const { adapter, checks, error } = await ask(page, { type: "selftest" });
  assert.equal(error, undefined);
  assert.equal(adapter.backend, "webgpu");
  const passes = new Set(checks.map((check) => check.pass));
  for (const pass of [
    "conv3x3x3",
    "cross_attention",
    "linear",
    "instance_norm",
    "layer_norm",
    "patch_merge",
    "window_attention",
  ]) {
    assert.ok(passes.has(pass), pass);
  }
  assert.ok(
    checks.some((check) => check.case.includes("Integers")),
    "no integer arithmetic among the checks",
  );
  assert.deepEqual(
    checks.filter((check) => !check.passed),
    [],
  );
});

test("a whole network through our shaders agrees with the CPU", async (t) => {
  const { page } = await launch(t, { query: "?backend=webgpu" });
  await reachWorker(page);
  await ready(page);
  const options = {
    networks: ["shipped", "classifier"],
    features: [12],
    precisions: ["f32"],
    side: 32,
    runs: 1,
    plain: false,
  };
  const { bench, error } = await ask(page, { type: "bench", options });
  assert.equal(error, undefined);
  assert.deepEqual(
    bench.measurements.map(({ network, route }) => [network, route]),
    [
      ["shipped", "shaders"],
      ["classifier", "shaders"],
    ],
  );
  for (const { relative_l2, median_ms } of bench.measurements) {
    assert.ok(relative_l2 <= 1e-4, `${relative_l2}`);
    assert.ok(median_ms > 0);
  }
});
