import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { launch, ready } from "./launch.mjs";
import { ask, reachWorker } from "./worker.mjs";

const FOLDER = new URL("../golden/fixtures/", import.meta.url);
/** Relative L2 error that passes, in 32-bit arithmetic on a graphics card. */
const BAR = 1e-4;
/** The networks of the reference; the other fixtures are for windows and importers. */
const NETWORKS = /^(asa|classifier|encoder|pretraining|saca|subvoxel|unetr)_/;
/** What is run when SASWIN_FIXTURES names nothing else ("all" is every network): a minute on a processor. */
const QUICK = /^(asa_encoder_padded|classifier_64|encoder_32|encoder_odd|saca_192)\.safetensors$/;

function fixtures() {
  const wanted = process.env.SASWIN_FIXTURES;
  const chosen = wanted === "all" ? NETWORKS : wanted ? new RegExp(wanted) : QUICK;
  return readdirSync(FOLDER).filter((name) => NETWORKS.test(name) && chosen.test(name));
}

test("the networks are the reference's in a browser too", async (t) => {
  const { page } = await launch(t, { query: "?backend=webgpu" });
  await reachWorker(page);
  await ready(page);
  const names = fixtures();
  assert.ok(names.length > 0);
  for (const name of names) {
    const fixture = readFileSync(new URL(name, FOLDER));
    const { adapter, stages, error } = await ask(page, { type: "fidelity" }, { fixture });
    assert.equal(error, undefined, name);
    assert.equal(adapter.backend, "webgpu");
    assert.ok(stages.length > 0, name);
    const worst = stages.reduce((a, b) => ((a.relative_l2 ?? 1) > (b.relative_l2 ?? 1) ? a : b));
    t.diagnostic(`${name} ${worst.stage} ${worst.relative_l2?.toExponential(1)}`);
    assert.ok(worst.relative_l2 !== null && worst.relative_l2 <= BAR, `${name} ${worst.stage}`);
  }
});
