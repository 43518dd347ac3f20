import { parseTime } from '@shiplog/contracts/moment';

/** A date, maybe with a time of day, that says no zone. */
const LOCAL = /^\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*$/i;

/**
 * A moment for the engine: a time without a zone is one here, as all times that are shown, and not where the engine is. All else, and what is no time,
 * stays as it is: the engine has the clock and the log, and says what is wrong.
 */
export function zonedMoment(text: string): string {
  if (!LOCAL.test(text)) return text;
  let nanos: bigint;
  try {
    nanos = parseTime(text, 0n);
  } catch {
    return text;
  }
  const fraction = nanos % 1_000_000_000n;
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}${fraction === 0n ? '' : `.${String(fraction).padStart(9, '0')}`}Z`;
}
