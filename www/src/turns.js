import { busy, settle } from "./page.js";

/** Numbers what the reader asks for. */
let asked = 0;
/** The last opening: what was asked for before it concerns nobody any more. */
let latest = 0;
/** What is being read and still concerns somebody: the page waits for it. */
const underWay = new Set();

export function ask() {
  asked += 1;
  return asked;
}

/** There is something to open, in place of all that was asked for before. */
export function overtake(number) {
  latest = number;
  for (const one of underWay) if (isOvertaken(one)) underWay.delete(one);
}

export function isOvertaken(number) {
  return number < latest;
}

export function begin(number, text) {
  if (isOvertaken(number)) return;
  underWay.add(number);
  busy(text);
}

/** Back to what is on screen, unless something else is being read. */
export function done(number) {
  if (underWay.delete(number) && underWay.size === 0) settle();
}
