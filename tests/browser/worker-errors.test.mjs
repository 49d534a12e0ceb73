// What is said of a worker that ended, by what it was doing: no browser is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crashed, ended } from "../../www/src/worker-errors.js";

test("only where a run waits is it the analysis that stopped", () => {
  const said = (types) => crashed(types, { ready: true, again: true }).message;
  assert.match(said(["keep", "run", "show"]), /^The analysis stopped/);
  assert.match(said(["open"]), /^Reading stopped/);
  for (const types of [[], ["keep"], ["strip"], ["mirror"], ["warm"], ["import"]])
    assert.match(said(types), /^The program for the analysis stopped/, types.join());
});

test("a worker is said to be restarted only where it is", () => {
  const remedy = (ready, again) => crashed(["run"], { ready, again }).remedy;
  assert.match(remedy(true, true), /restarted/);
  for (const [ready, again] of [
    [true, false],
    [false, true],
  ])
    assert.doesNotMatch(remedy(ready, again), /restarted/);
});

test("what ends together with a run that was stopped is not silent about it", () => {
  assert.equal(ended("run").kind, "cancelled");
  for (const type of ["keep", "strip", "mirror", "show", "select", "init"]) {
    const { kind, message, remedy } = ended(type);
    assert.notEqual(kind, "cancelled", type);
    assert.ok(message && remedy, type);
  }
  assert.match(ended("strip").message, /^The export was stopped together with the run/);
});
