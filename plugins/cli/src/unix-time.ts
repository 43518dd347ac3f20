import { type Edge, parseTime } from '@shiplog/contracts/moment';
import type { Context } from './context.ts';

/** A time as people write it, as the unix seconds (with nanoseconds after the point) that Docker's API takes: its first or last
 * where it is longer than one. Throws REQUEST_INVALID. */
export function unixTime(context: Context, text: string, edge: Edge): string {
  const nanos = parseTime(text, BigInt(context.now()) * 1_000_000n, edge);
  return `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`;
}
