/** What a reload would lose now, by name. */
const atStake = new Set();
const ask = (event) => event.preventDefault();

/**
 * Has the browser ask before the page is left while `what` would be lost. Nobody listens in between: a page that does is
 * not kept for the way back to it.
 */
export function stake(what, lost) {
  if (lost) atStake.add(what);
  else atStake.delete(what);
  if (atStake.size > 0) window.addEventListener("beforeunload", ask);
  else window.removeEventListener("beforeunload", ask);
}
