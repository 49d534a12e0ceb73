// The plainest of hosts: files in folders, no headers but their types.
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WWW = fileURLToPath(new URL("../../www", import.meta.url));
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

/** The page as it was built to a folder of `www`: the bytes of one of its files, or `null`. */
export function built(folder) {
  const root = join(WWW, folder);
  return (name) => {
    const file = join(root, name);
    const there = file.startsWith(root) && existsSync(file) && statSync(file).isFile();
    return there ? readFileSync(file) : null;
  };
}

/** Serves `sites`, which give the bytes of their files by name, each below the path that is its key. */
export async function bareHost(sites) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    const path = Object.keys(sites).find((start) => pathname.startsWith(start));
    const name = path && (pathname.slice(path.length) || "index.html");
    const bytes = name ? await sites[path](name) : null;
    if (bytes === null) return response.writeHead(404).end();
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "cache-control": "no-cache" }).end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
