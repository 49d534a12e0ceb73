// The page's worker in reach of a test, to ask it what no button asks.

/** Reloads the page so that its next worker can be asked. */
export async function reachWorker(page) {
  await page.addInitScript(() => {
    const Plain = window.Worker;
    window.Worker = class extends Plain {
      constructor(...options) {
        super(...options);
        window.reachedWorker = this;
      }
    };
  });
  await page.reload();
}

/** The worker's last word on a request; `files` are buffers by field. */
export function ask(page, request, files = {}) {
  const texts = Object.entries(files).map(([field, buffer]) => [field, buffer.toString("base64")]);
  return page.evaluate(
    ([message, encoded]) => {
      const id = Math.floor(Math.random() * 1e9) + 1e6;
      for (const [field, text] of encoded) {
        message[field] = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      }
      return new Promise((resolve, reject) => {
        window.reachedWorker.addEventListener("message", ({ data }) => {
          if (data.type === "crashed") reject(new Error(data.message));
          if (data.id === id && data.type !== "progress") resolve(data);
        });
        window.reachedWorker.postMessage({ id, ...message });
      });
    },
    [request, texts],
  );
}
