import { randomBytes } from 'node:crypto';
import type { Clock, Identities } from '@shiplog/engine';
import { wallClock } from './wall-clock.ts';

/** Wall and monotonic time of this host, in nanoseconds. */
export const hostClock: Clock = {
  now: wallClock(performance.timeOrigin, Date.now, () => performance.now()),
  mono: () => process.hrtime.bigint().toString(),
  ms: () => performance.now(),
  deadline: (ms) => AbortSignal.timeout(ms),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Sorts by time: 48 bits of milliseconds and 80 of chance, 26 characters (Crockford base 32, as ULIDs have). */
export function sortableId(ms: number = Date.now(), random: Buffer = randomBytes(10)): string {
  let value = (BigInt(ms) << 80n) | BigInt(`0x${random.toString('hex')}`);
  let text = '';
  for (let place = 0; place < 26; place += 1) {
    text = ALPHABET.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}

export const hostIdentities: Identities = { op: () => sortableId(), hex: () => randomBytes(32).toString('hex') };
