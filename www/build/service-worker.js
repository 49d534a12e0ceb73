import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { headers } from "./security.js";

const SOURCE = new URL("../src/sw.js", import.meta.url);

/** Weights are kept by the session, samples on first use; hosts' files are not for browsers. */
const LEFT_OUT =
  /(^_headers$|^sw\.js$|\.br$|^samples\/(?!index\.json)|^models\/.+\/(?!manifest\.json)|\.map$)/;

/** Writes `sw.js` with the list of the page's files and one version made of their content. */
export function serviceWorker() {
  let folder;
  return {
    name: "saswin-service-worker",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      const files = list(folder).filter((file) => !LEFT_OUT.test(file));
      const digest = createHash("sha256").update(readFileSync(SOURCE));
      for (const file of files) digest.update(file).update(readFileSync(join(folder, file)));
      const values = {
        version: digest.digest("hex").slice(0, 16),
        files: ["./", ...files.filter((file) => file !== "index.html")],
        headers,
      };
      const source = readFileSync(SOURCE, "utf8");
      writeFileSync(join(folder, "sw.js"), source.replace("__BUILD__", JSON.stringify(values)));
    },
  };
}

function list(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}
