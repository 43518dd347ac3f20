import { randomBytes } from 'node:crypto';

/** Crockford's base 32: sorts as the numbers do. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HALF = 2 ** 40;
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
  return () => {
    const at = now();
    if (at > time || low + 1 >= HALF) {
      time = Math.max(at, time + 1);
      const random = randomBytes(10);
      prefix = base32(time, 10) + base32(random.readUIntBE(0, 5), 8);
      low = random.readUIntBE(5, 5);
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
