import { UsageError } from '../cli-error.ts';

/** Reads `1x`, `10x` or `max`: how much faster than recorded commands come. */
export function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const times = Number(/^(\d+(?:\.\d+)?)x?$/.exec(text)?.[1] ?? Number.NaN);
  if (!(times > 0)) throw new UsageError(`--speed takes 1x, 10x or max, not "${text}"`);
  return times;
}
