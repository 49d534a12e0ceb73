import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { headersFile, metaPolicy } from "./build/security.js";
import { serviceWorker } from "./build/service-worker.js";

// The whole site also works from a sub-folder, hence the relative base.
export default defineConfig({
  base: "./",
  publicDir: "public",
  resolve: { alias: [absentCodecs(), ...mockedSession()] },
  build: {
    // As in xtask: what holds the stand-in is never published.
    outDir: process.env.SASWIN_MOCK ? "dist-mock" : "dist",
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
    rollupOptions: { input: ["index.html", "benchmark.html"] },
  },
  worker: { format: "es" },
  plugins: [metaPolicy(), headersFile(), serviceWorker()],
});

/** NiiVue also reads Zarr, which the page never opens: its codecs would add 1.4 MB. */
function absentCodecs() {
  const replacement = fileURLToPath(new URL("build/absent.js", import.meta.url));
  return { find: /^numcodecs\/(blosc|lz4|zstd)$/, replacement };
}

/** Browser tests of the page alone replace the Rust session by a stand-in. */
function mockedSession() {
  if (!process.env.SASWIN_MOCK) return [];
  const file = fileURLToPath(new URL("../tests/browser/mock-session.js", import.meta.url));
  return [{ find: /^\.\/generated\/.*$/, replacement: file }];
}
