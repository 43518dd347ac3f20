import { ShiplogError } from '@shiplog/contracts';

const NEVER = '0001-01-01T00:00:00Z';
const BILLION = 1_000_000_000n;

/** Nanoseconds since the epoch (decimal) as RFC 3339 with as many decimals as needed; '' is Docker's year 1. */
export function rfc3339(nanoseconds: string): string {
  if (nanoseconds === '') return NEVER;
  const { seconds, fraction } = split(nanoseconds);
  const decimals = fraction.replace(/0+$/, '');
  return `${isoSeconds(seconds)}${decimals === '' ? '' : `.${decimals}`}Z`;
}

/** The same with all nine decimals: how log lines are stamped. */
export function rfc3339Fixed(nanoseconds: string): string {
  const { seconds, fraction } = split(nanoseconds);
  return `${isoSeconds(seconds)}.${fraction}Z`;
}

/** Whole seconds since the epoch; 0 for ''. */
export function unixSeconds(nanoseconds: string): number {
  return nanoseconds === '' ? 0 : Number(BigInt(nanoseconds) / BILLION);
}

/** Now, in nanoseconds since the epoch (millisecond clock). */
export function nowNanoseconds(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/**
 * A point in time as clients give it: unix seconds with up to nine decimals, RFC 3339, or a Go duration such as `1h30m`
 * that counts back from `now`. Nanoseconds since the epoch; undefined for '' and null. Throws REQUEST_INVALID.
 */
export function parseMoment(text: string | null, now = nowNanoseconds()): bigint | undefined {
  if (text === null || text === '') return undefined;
  const unix = /^(-?\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text);
  if (unix !== null) return BigInt(unix[1] ?? '0') * BILLION + BigInt((unix[2] ?? '').padEnd(9, '0'));
  const duration = parseDuration(text);
  if (duration !== undefined) return now - duration;
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw new ShiplogError('REQUEST_INVALID', `failed to parse value as time or duration: "${text}"`);
  return BigInt(date) * 1_000_000n;
}

const UNITS: { readonly [unit: string]: number } = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function parseDuration(text: string): bigint | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  let total = 0;
  for (const [, amount, unit] of parts) total += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return BigInt(Math.round(total));
}

function split(nanoseconds: string): { readonly seconds: bigint; readonly fraction: string } {
  const value = BigInt(nanoseconds);
  const fraction = ((value % BILLION) + BILLION) % BILLION;
  return { seconds: (value - fraction) / BILLION, fraction: fraction.toString().padStart(9, '0') };
}

function isoSeconds(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
}
