import { ShiplogError } from './errors.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;

/** A date or a word for one, a time of day, or both, without a zone. */
const LOCAL = /^(?:(today|yesterday)|(\d{4}-\d{2}-\d{2}))?(?:(?:^|[T ]\s*)(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9})\d*)?)?)?$/i;

/**
 * A time that says no zone (`2026-01-31`, `2026-01-31 10:00:05.25`, `today`, `yesterday`, `12:00`, `yesterday 12:00:30`) as RFC 3339 in UTC, with the
 * digits that it has; undefined for what is none. A day is its first moment there, as in systemd.time(7); a time of day alone is of the day on which `now` is,
 * nanoseconds since the epoch. Throws REQUEST_INVALID for a time of day that clocks there showed twice, or never.
 */
export function zonedTime(text: string, now: bigint): string | undefined {
  const parts = LOCAL.exec(text.trim());
  if (parts === null || text.trim() === '') return undefined;
  const [, word, date, clock, seconds = '00', digits] = parts;
  const day = date ?? localDay(now, word?.toLowerCase() === 'yesterday' ? 1 : 0);
  const naive = Date.parse(`${day}T${clock ?? '00:00'}:${seconds}Z`);
  // Date takes the 30th of February for a day in March.
  if (Number.isNaN(naive) || !new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day)) return undefined;
  const times = timesShown(naive);
  if (clock !== undefined && times.length !== 1) throw notOnce(text, naive, times);
  // A day whose midnight is left out begins where the clocks go on.
  const [first = new Date(`${day}T00:00:00`).getTime()] = times;
  return `${new Date(first).toISOString().slice(0, 19)}${digits === undefined ? '' : `.${digits}`}Z`;
}

/** The same day of the month and time of day, some months earlier; the last day of a month that is too short. Nanoseconds since the epoch. */
export function monthsBefore(now: bigint, months: number): bigint {
  const millis = Number(now / 1_000_000n);
  const at = new Date(millis);
  const day = at.getDate();
  at.setDate(1);
  at.setMonth(at.getMonth() - months);
  at.setDate(Math.min(day, new Date(at.getFullYear(), at.getMonth() + 1, 0).getDate()));
  return BigInt(at.getTime()) * 1_000_000n + (now % 1_000_000n);
}

/** `2026-01-31`: the day that it is here, or one before. */
function localDay(now: bigint, before: number): string {
  const at = new Date(Number(now / 1_000_000n));
  // From noon: days are not all equally long.
  at.setHours(12, 0, 0, 0);
  at.setDate(at.getDate() - before);
  return new Date(at.getTime() - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 10);
}

/** When clocks here show what clocks in UTC show at `naive`, in order; milliseconds since the epoch. */
function timesShown(naive: number): readonly number[] {
  const offsets = new Set([naive - DAY, naive + DAY].map((near) => new Date(near).getTimezoneOffset() * MINUTE));
  return [...offsets]
    .map((offset) => naive + offset)
    .filter((time) => time - new Date(time).getTimezoneOffset() * MINUTE === naive)
    .toSorted((a, b) => a - b);
}

function notOnce(text: string, naive: number, times: readonly number[]): ShiplogError {
  const written = new Date(naive).toISOString().slice(0, 19);
  const [first, second] = times.map((time) => `${written}${zoneText(naive - time)}`);
  const message =
    first === undefined
      ? `"${text}" never was: clocks were put forward over it; give a time before or after, or one with its zone, such as ${written}Z`
      : `"${text}" was twice: clocks were put back over it; write ${first} or ${second}`;
  return new ShiplogError('REQUEST_INVALID', message, { moment: text });
}

/** `+01:00`. */
function zoneText(offset: number): string {
  const minutes = Math.abs(offset) / MINUTE;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
