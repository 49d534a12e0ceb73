import RELAXED from "./generated/relaxed.js";

/** A function that multiplies and adds vectors of noughts by relaxed SIMD. */
const PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15,
  65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
]);

/** What makes one vector of as many: `v128.xor`, and `nop` or `drop` before it. */
const OTHERS = { 2: [0x01, 0xfd, 0x51], 3: [0x1a, 0xfd, 0x51] };

/** Whether the browser multiplies and adds vectors in one step. */
export const HAS_RELAXED_SIMD = WebAssembly.validate(PROBE);

/** The module at `url` for a browser that knows no relaxed SIMD; it must not be told to use it. */
export async function compiledWithout(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return WebAssembly.compile(replaced(new Uint8Array(await response.arrayBuffer()), RELAXED));
}

/**
 * The bytes of a module with other instructions in place of its relaxed ones: each is so many bytes after the one before
 * and takes so many vectors.
 */
export function replaced(module, relaxed) {
  let place = 0;
  for (const [step, operands] of relaxed) {
    place += step;
    module.set(OTHERS[operands], place);
  }
  return module;
}
