/** Nanoseconds since the epoch (decimal) as RFC 3339 in UTC, to the nanosecond. */
export function rfc3339(nanos: string): string {
  const seconds = nanos.slice(0, -9);
  if (seconds !== last.seconds) last = { seconds, text: new Date(Number(seconds) * 1000).toISOString().slice(0, 19) };
  return `${last.text}.${nanos.slice(-9).padStart(9, '0')}Z`;
}

/** Many events share a second, and making its text is what costs. */
let last = { seconds: '', text: '' };

/** Nanoseconds since the epoch (decimal) as whole milliseconds. */
export function milliseconds(nanos: string): number {
  return Number(BigInt(nanos) / 1_000_000n);
}
