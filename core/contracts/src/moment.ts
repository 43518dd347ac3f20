import type { Moment } from './engine.ts';
import { ShiplogError } from './errors.ts';
import { monthsBefore, zonedTime } from './local-time.ts';

export { zonedTime } from './local-time.ts';

const NANOS = 1_000_000_000n;
/** From here on a bare integer is unix seconds (September 2001), below it a position: no log of ours gets there. */
const FIRST_UNIX_SECOND = 1_000_000_000;

/** The first second after the year 9999: milliseconds are not taken for seconds, nor are long numbers for times. */
const END_OF_TIME = 253_402_300_800n;
const TIMES =
  'a time (2026-01-31T10:00:00Z, "2026-01-31 10:00", 12:00, yesterday), unix seconds, or a duration before now (10m, 2h, "3 days ago", "1 month ago")';

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

/** Months and years before now, which have no length of their own, and what comes after them. */
const CALENDAR = /^(?:(\d{1,4}|an?)\s*years?\b\s*)?(?:(\d{1,5}|an?)\s*months?\b\s*)?(.*)$/i;

/** What people read differently, and what to write instead. */
const AMBIGUOUS: readonly (readonly [RegExp, string])[] = [
  [/^\d+\s*M\b/, 'minutes are 10m, months are "10 months ago"'],
  [/^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b/, 'days are written as 2026-01-31'],
  [/\b\d:\d{2}\b|\d\s*[ap]\.?m\b/i, 'times of day have two digits and 24 hours: 05:00, 17:00'],
];

/** Which end of what was written: `12:00:00.5` is a tenth of a second long. */
export type Edge = 'first' | 'last';

/**
 * Reads a moment as people write it. `now` is the wall clock in nanoseconds.
 *
 * `123`, `#123` (as it is shown) or `seq:123` is a position. `1767225600`, `@1767225600.5` or `123.5` is unix seconds; a bare integer is taken as
 * seconds from 1000000000 on. `2026-01-01T10:00:00.123456789Z` is RFC 3339; without a zone it is local time, as are `2026-01-01`, `today`, `yesterday`
 * (their first moments), `12:00` (of today) and `yesterday 12:00:30`. `now`, `10m`, `1h30m`, `10 minutes ago`, `1 month ago` are relative to `now`.
 *
 * With a fraction of a second it is as long as its last digit, so that a time that was shown in milliseconds has the event in it that it was shown of:
 * `edge` says whether its first nanosecond counts (of a range that begins there) or its last. Throws REQUEST_INVALID, also for what could be two moments.
 */
export function parseMoment(text: string, now: bigint, edge: Edge = 'last'): Moment {
  const trimmed = text.trim();
  const seq = /^(seq:|#)?(\d+)$/.exec(trimmed);
  if (seq !== null && (seq[1] !== undefined || Number(seq[2]) < FIRST_UNIX_SECOND)) {
    const position = Number(seq[2]);
    if (Number.isSafeInteger(position)) return { seq: position };
  }
  const time = timeOf(trimmed, now, edge);
  if (time === undefined) throw unreadable(text, `a position of the log (4711), ${TIMES}`);
  return { time: time.toString() };
}

/** As {@link parseMoment}, of what was already: throws REQUEST_INVALID for a time that is yet to come, which nobody can look at. */
export function parsePast(text: string, now: bigint): Moment {
  const begin = parseMoment(text, now, 'first');
  if ('time' in begin && BigInt(begin.time) > now)
    throw new ShiplogError('REQUEST_INVALID', `${text} is yet to come: give an earlier time, or now`, { moment: text });
  return parseMoment(text, now);
}

/**
 * Reads a point in time as people write it; nanoseconds since the epoch. As {@link parseMoment}, but every bare number is
 * unix seconds. Throws REQUEST_INVALID.
 */
export function parseTime(text: string, now: bigint, edge: Edge = 'last'): bigint {
  const time = timeOf(text.trim(), now, edge);
  if (time === undefined) throw unreadable(text, TIMES);
  return time;
}

function timeOf(text: string, now: bigint, edge: Edge): bigint | undefined {
  if (text === 'now') return now;
  const unix = /^@?(\d+)(?:\.(\d{1,9})\d*)?$/.exec(text);
  if (unix !== null) {
    const seconds = BigInt(unix[1] ?? '0');
    return seconds < END_OF_TIME ? seconds * NANOS + edgeOf(unix[2], edge) : undefined;
  }
  return agoOf(text.replace(/\s*ago$/, ''), now) ?? rfc3339Nanos(zonedTime(text, now) ?? text, edge);
}

function agoOf(text: string, now: bigint): bigint | undefined {
  const [, years, months, rest = ''] = CALENDAR.exec(text) ?? [];
  if (years === undefined && months === undefined) {
    const ago = AMBIGUOUS.some(([form]) => form.test(text)) ? undefined : durationNanos(text);
    return ago === undefined ? undefined : now - ago;
  }
  const ago = rest === '' ? 0n : durationNanos(rest);
  return ago === undefined ? undefined : monthsBefore(now, 12 * count(years) + count(months)) - ago;
}

function count(word = '0'): number {
  return /^a/i.test(word) ? 1 : Number(word);
}

function unreadable(text: string, accepted: string): ShiplogError {
  const [, instead] = AMBIGUOUS.find(([form]) => form.test(text.trim())) ?? [];
  const message =
    instead === undefined ? `cannot read "${text}" as a moment: give ${accepted}` : `"${text}" can be read in two ways: ${instead}`;
  return new ShiplogError('REQUEST_INVALID', message, { moment: text });
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

function rfc3339Nanos(text: string, edge: Edge): bigint | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9})\d*)?)?)?\s*(Z|[+-]\d{2}:\d{2})$/i.exec(text);
  if (parts === null) return undefined;
  // Date takes the 30th of February for a day in March.
  const day = new Date(`${parts[1]}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(parts[1] ?? '')) return undefined;
  const millis = Date.parse(`${parts[1]}T${parts[2] ?? '00:00'}:${parts[3] ?? '00'}${parts[5]?.toUpperCase() ?? ''}`);
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n + edgeOf(parts[4], edge);
}

/** Of a fraction of a second, the first nanosecond or the last one that begins with these digits. */
function edgeOf(digits: string | undefined, edge: Edge): bigint {
  return digits !== undefined && edge === 'last' ? BigInt(digits.padEnd(9, '9')) : fraction(digits);
}

function fraction(digits: string | undefined): bigint {
  return digits === undefined ? 0n : BigInt(digits.padEnd(9, '0'));
}
