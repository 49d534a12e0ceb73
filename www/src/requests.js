/**
 * Tells `hear` of every request of this page or worker: its address, when it began, and whether the browser answered it
 * from its own store without asking the network.
 */
export function watchRequests(hear) {
  const watch = new PerformanceObserver((list) => {
    hear(
      list.getEntries().map(({ name, startTime, transferSize, decodedBodySize }) => ({
        url: name,
        time: performance.timeOrigin + startTime,
        stored: transferSize === 0 && decodedBodySize > 0,
      })),
    );
  });
  watch.observe({ type: "resource", buffered: true });
}
