import { readFileSync } from "node:fs";

const rules = JSON.parse(readFileSync(new URL("../security.json", import.meta.url), "utf8"));

/** Every security header, by name: what hosts send, and what the service worker repeats. */
export const headers = {
  "Content-Security-Policy": [...rules.csp, ...rules.cspHeaderOnly].join("; "),
  ...rules.headers,
};

/** Puts the policy into the built page itself, for hosts that cannot set headers. */
export function metaPolicy() {
  return {
    name: "saswin-meta-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: rules.csp.join("; ") },
        injectTo: "head-prepend",
      },
    ],
  };
}

/** Writes `_headers`, which static hosts and `cargo xtask serve` read. */
export function headersFile() {
  const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
  return {
    name: "saswin-headers-file",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "_headers", source: `/*\n${lines.join("\n")}\n` });
    },
  };
}
