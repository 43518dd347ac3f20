import type { Moment } from './engine.ts';
import { ShiplogError } from './errors.ts';

const NANOS = 1_000_000_000n;
/** From here on a bare integer is unix seconds (September 2001), below it a position: no log of ours gets there. */
const FIRST_UNIX_SECOND = 1_000_000_000;

/** The first second after the year 9999: milliseconds are not taken for seconds, nor are long numbers for times. */
const END_OF_TIME = 253_402_300_800n;
const TIMES = 'a time (2026-01-31T10:00:00Z), unix seconds, or a duration before now (10m, 2h, "3 days ago")';

const UNIT_SECONDS: { readonly [unit: string]: bigint } = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n };
const UNIT_WORDS: { readonly [word: string]: string } = {
  second: 's',
  sec: 's',
  minute: 'm',
  min: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
};

/**
 * Reads a moment as people write it. `now` is the wall clock in nanoseconds.
 *
 * `123`, `#123` (as it is shown) or `seq:123` is a position. `1767225600`, `@1767225600.5` or `123.5` is unix seconds; a bare integer is taken as
 * seconds from 1000000000 on. `2026-01-01`, `2026-01-01T10:00`, `2026-01-01T10:00:00.123456789Z` is RFC 3339, local time
 * without a zone. `now`, `10m`, `1h30m`, `10 minutes ago` are relative to `now`. Throws REQUEST_INVALID.
 */
export function parseMoment(text: string, now: bigint): Moment {
  const trimmed = text.trim();
  const seq = /^(seq:|#)?(\d+)$/.exec(trimmed);
  if (seq !== null && (seq[1] !== undefined || Number(seq[2]) < FIRST_UNIX_SECOND)) {
    const position = Number(seq[2]);
    if (Number.isSafeInteger(position)) return { seq: position };
  }
  const time = timeOf(trimmed, now);
  if (time === undefined) throw unreadable(text, `a position of the log (4711), ${TIMES}`);
  return { time: time.toString() };
}

/**
 * Reads a point in time as people write it; nanoseconds since the epoch. As {@link parseMoment}, but every bare number is
 * unix seconds. Throws REQUEST_INVALID.
 */
export function parseTime(text: string, now: bigint): bigint {
  const time = timeOf(text.trim(), now);
  if (time === undefined) throw unreadable(text, TIMES);
  return time;
}

function timeOf(text: string, now: bigint): bigint | undefined {
  if (text === 'now') return now;
  const unix = /^@?(\d+)(?:\.(\d{1,9})\d*)?$/.exec(text);
  if (unix !== null) {
    const seconds = BigInt(unix[1] ?? '0');
    return seconds < END_OF_TIME ? seconds * NANOS + fraction(unix[2]) : undefined;
  }
  const ago = durationNanos(text.replace(/\s*ago$/, ''));
  return ago === undefined ? rfc3339Nanos(text) : now - ago;
}

function unreadable(text: string, accepted: string): ShiplogError {
  return new ShiplogError('REQUEST_INVALID', `cannot read "${text}" as a moment: give ${accepted}`, { moment: text });
}

/** `90s`, `1h30m`, `1.5h`, `10 minutes`, `an hour`; undefined when it is no duration. */
export function durationNanos(text: string): bigint | undefined {
  const trimmed = text
    .trim()
    .toLowerCase()
    .replace(/^(a|an)\s/, '1 ');
  if (trimmed === '') return undefined;
  let rest = trimmed;
  let total = 0n;
  while (rest !== '') {
    const part = /^(\d+)(?:\.(\d{1,9})\d*)?\s*(ms|[a-z]+)\s*/.exec(rest);
    if (part === null) return undefined;
    const unit = unitNanos(part[3] ?? '');
    if (unit === undefined) return undefined;
    total += BigInt(part[1] ?? '0') * unit + (fraction(part[2]) * unit) / NANOS;
    rest = rest.slice(part[0].length);
  }
  return total;
}

function unitNanos(word: string): bigint | undefined {
  if (word === 'ms') return 1_000_000n;
  const short = UNIT_WORDS[word.replace(/s$/, '')] ?? word;
  const seconds = Object.hasOwn(UNIT_SECONDS, short) ? UNIT_SECONDS[short] : undefined;
  return seconds === undefined ? undefined : seconds * NANOS;
}

function rfc3339Nanos(text: string): bigint | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9})\d*)?)?)?\s*(Z|[+-]\d{2}:\d{2})?$/i.exec(text);
  if (parts === null) return undefined;
  // Date takes the 30th of February for a day in March.
  const day = new Date(`${parts[1]}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(parts[1] ?? '')) return undefined;
  // Without a time of day, Date would take UTC; a date alone means the local day, as with Docker.
  const millis = Date.parse(`${parts[1]}T${parts[2] ?? '00:00'}:${parts[3] ?? '00'}${parts[5]?.toUpperCase() ?? ''}`);
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n + fraction(parts[4]);
}

function fraction(digits: string | undefined): bigint {
  return digits === undefined ? 0n : BigInt(digits.padEnd(9, '0'));
}
