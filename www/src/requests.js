/**
 * Tells `hear` of every request of this page or worker: its address, when it began, and whether the browser answered it
 * from its own store without asking the network.
 */
export function watchRequests(hear) {
  const watch = new PerformanceObserver((list) => {
    hear(
      list.getEntries().map((entry) => ({
        url: entry.name,
        time: performance.timeOrigin + entry.startTime,
        stored: isStored(entry),
      })),
    );
  });
  watch.observe({ type: "resource", buffered: true });
}

/** The service worker says so of its own answers, whose sizes tell nothing. */
function isStored({ workerStart, serverTiming, transferSize, decodedBodySize }) {
  if (workerStart > 0) return serverTiming.some(({ name }) => name === "stored");
  return transferSize === 0 && decodedBodySize > 0;
}
