import { randomFillSync } from 'node:crypto';

/** Crockford's base 32: sorts as the numbers do. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HALF_BYTES = 5;
const HALF = 2 ** (8 * HALF_BYTES);
/** Random numbers drawn at once. */
const DRAWN = 256;
/** All pairs of digits. */
const PAIRS = Array.from({ length: 1024 }, (_, value) => ALPHABET.charAt(value >>> 5) + ALPHABET.charAt(value & 31));

/**
 * Makes sortable unique ids in the form of a ULID: 48 bits of milliseconds, 80 random bits, 26 characters. Ids of one
 * source ascend: within a millisecond, and when the clock steps back, the random part counts up instead.
 */
export function ulidSource(now: () => number = Date.now): () => string {
  let time = -1;
  let prefix = '';
  let low = 0;
  // Drawn for many ids at once: a draw costs more than all else here.
  const drawn = Buffer.alloc(DRAWN * HALF_BYTES);
  let used = DRAWN;
  const random = (): number => {
    if (used === DRAWN) {
      randomFillSync(drawn);
      used = 0;
    }
    return drawn.readUIntBE(used++ * HALF_BYTES, HALF_BYTES);
  };
  return () => {
    const at = now();
    if (at > time || low + 1 >= HALF) {
      time = Math.max(at, time + 1);
      prefix = base32(time, 10) + base32(random(), 8);
      low = random();
    } else {
      low += 1;
    }
    return prefix + base32(low, 8);
  };
}

/** An even number of digits. */
function base32(value: number, digits: number): string {
  let text = '';
  for (let rest = value; digits > text.length; rest = Math.floor(rest / 1024)) text = (PAIRS[rest % 1024] ?? '') + text;
  return text;
}
