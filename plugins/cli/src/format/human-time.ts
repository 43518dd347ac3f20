const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in the largest unit that says enough: `3 minutes`, `About an hour`. Milliseconds in. */
export function humanDuration(ms: number): string {
  if (ms < SECOND) return 'Less than a second';
  if (ms < MINUTE) return count(ms / SECOND, 'second');
  if (ms < 2 * MINUTE) return 'About a minute';
  if (ms < HOUR) return count(ms / MINUTE, 'minute');
  if (ms < 2 * HOUR) return 'About an hour';
  if (ms < 2 * DAY) return count(ms / HOUR, 'hour');
  if (ms < 14 * DAY) return count(ms / DAY, 'day');
  if (ms < 60 * DAY) return count(ms / (7 * DAY), 'week');
  if (ms < 730 * DAY) return count(ms / (30 * DAY), 'month');
  return count(ms / (365 * DAY), 'year');
}

/** How long ago a moment was; both in milliseconds since the epoch. A moment still to come is `just now`: clocks differ. */
export function humanAgo(then: number, now: number): string {
  return then > now ? 'just now' : `${humanDuration(now - then)} ago`;
}

/** A moment as `2026-01-31 10:00:00.123` in local time. Milliseconds since the epoch in. */
export function localTime(ms: number): string {
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function count(value: number, unit: string): string {
  const whole = Math.floor(value);
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}
