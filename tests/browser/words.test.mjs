// What the panel says first, of reports alone: no browser is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords } from "../../www/src/words.js";

const score = (name, value, present) => ({
  name,
  value,
  present,
  sentence: `${name}: ${present ? "reported" : "not reported"}`,
});

const said = (probabilities, more) =>
  inWords({ model: { trained: true }, probabilities, asymmetry: [], labels: [], ...more });

const [bleed, shift, fracture] = [
  score("Haemorrhage", 0.91, true),
  score("Midline shift", 0.04, false),
  score("Fracture", 0.2, false),
];

test("what is below its threshold is never left as negative", () => {
  assert.deepEqual(said([shift, bleed, fracture]), [
    "Haemorrhage: reported",
    "Below the threshold: Fracture, Midline shift. That is not a negative finding.",
  ]);
  assert.deepEqual(said([shift, fracture]), [
    "Nothing reached its threshold. That is not a negative finding.",
    "Fracture: not reported",
  ]);
  assert.deepEqual(said([bleed]), ["Haemorrhage: reported"]);
});

test("volumes alone are not taken for the absence of disease", () => {
  const asymmetry = [{ name: "Ventricle", left_ml: 20, right_ml: 20, index: 0 }];
  for (const more of [{}, { asymmetry }]) {
    const [first] = said([], more);
    assert.match(first, /^Volumes only: whether there is a disease, this model does not say/);
    assert.match(first, /lesion .* counted as the tissue that it resembles/);
  }
  assert.equal(said([], { asymmetry }).length, 2);
  const cut = asymmetry.map((one) => ({ ...one, cut: true }));
  assert.equal(said([], { asymmetry: cut }).length, 1, "what the scan's end cuts is not compared");
});
