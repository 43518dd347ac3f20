import { zonedTime } from '@shiplog/contracts/moment';

/**
 * A moment for the engine: a time without a zone is one here, as all times that are shown, and not where the engine is. All else, and what is no time,
 * stays as it is: the engine has the clock and the log, and says what is wrong. Throws REQUEST_INVALID for a time that clocks here showed twice, or never.
 */
export function zonedMoment(text: string, now = Date.now()): string {
  return zonedTime(text, BigInt(now) * 1_000_000n) ?? text;
}
