// Where the repository lies is nobody's business: no browser is needed.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PARTS = ["www/vite.config.js", "www/security.json", "www/build", "www/package.json"];

test("the page is built in a folder with a space in its name, too", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "saswin ä-"));
  const mock = process.env.SASWIN_MOCK;
  t.after(() => {
    rmSync(folder, { recursive: true });
    if (mock === undefined) delete process.env.SASWIN_MOCK;
  });
  for (const part of [...PARTS, "tests/browser/mock-session.js"])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, "www/node_modules"), join(folder, "www/node_modules"), "junction");
  process.env.SASWIN_MOCK = "1";
  const config = await import(pathToFileURL(join(folder, "www/vite.config.js")));
  const files = config.default.resolve.alias.map(({ replacement }) => replacement);
  assert.equal(files.length, 2);
  for (const file of files) assert.ok(existsSync(file), file);
});
