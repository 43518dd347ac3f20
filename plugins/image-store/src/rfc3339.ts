/** RFC 3339 with nanoseconds, in UTC. */
export function rfc3339(ns: bigint): string {
  const whole = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${whole}.${(ns % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}
