/** The only scripts that the page ever starts by address: its worker and its service worker. */
const policy = globalThis.trustedTypes?.createPolicy("saswin", {
  createScriptURL(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) throw new TypeError(`refused to start ${url.origin}`);
    return url.href;
  },
});

export function trusted(address) {
  return policy ? policy.createScriptURL(address) : address;
}
