// What the import's form suggests and sends: no browser is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds, declared, SCALINGS, usual } from "../../www/src/scaling.js";

test("network and modality suggest the scaling of SA-Swin's and of BraTS's loaders", () => {
  assert.equal(usual("saca-classifier", "mr"), "hounsfield");
  assert.equal(usual("swin-unetr", "ct"), "hounsfield");
  for (const network of ["saca-unetr", "swin-unetr", "asa"])
    assert.equal(usual(network, "mr"), "z_score");
  for (const missing of [
    ["", "mr"],
    ["asa", ""],
  ])
    assert.equal(usual(...missing), "");
});

test("what is declared has bounds where its scaling has any", () => {
  const typed = { low: "-5", high: "250.5" };
  for (const kind of Object.keys(SCALINGS)) {
    const said = declared({ scaling: kind, ...typed });
    assert.deepEqual(said, bounds(kind) ? { kind, low: -5, high: 250.5 } : { kind });
  }
  assert.deepEqual(bounds("hounsfield"), [-1000, 1000]);
  assert.equal(bounds(""), null);
});
