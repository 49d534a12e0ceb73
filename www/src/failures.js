import { showError } from "./banner.js";
import { announce } from "./dom.js";
import { renew } from "./offline.js";
import { diagnostics } from "./page.js";

/** Runs one step; a failure is told in the banner and changes nothing else. Only a new beginning takes a message away. */
export async function guarded(step, action) {
  try {
    return await step();
  } catch (error) {
    diagnostics.failed(error);
    const cancelled = error.kind === "cancelled";
    if (!cancelled) showError(error, action?.(error) ?? renewal(error));
    // The banner speaks for itself.
    announce(cancelled ? error.message : "");
    return null;
  }
}

/** What was published since knows models that the page of before does not. */
function renewal({ kind }) {
  return kind === "integrity" ? { label: "Reload", run: renew } : null;
}
