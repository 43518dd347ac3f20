import { setTimeout as sleep } from 'node:timers/promises';
import { ShiplogError } from '@shiplog/contracts';
import { Passing } from './failures.ts';

/** How often a request is tried again that brings nothing, and how long one waits: twice as long each time, or as the registry says. */
export interface Patience {
  readonly attempts: number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** Without a byte. Three times that is within the deadline of a verb, so that it is told who does not answer. */
  readonly silenceMs: number;
}

export const PATIENCE: Patience = { attempts: 5, firstMs: 500, longestMs: 60_000, silenceMs: 15_000 };

/**
 * Tries until it works, or fails with what does not pass. `progressed` says whether the last attempt brought anything: then one begins to count anew.
 * Fails REGISTRY_UNAVAILABLE with the last reason.
 */
export async function patiently<T>(
  what: string,
  patience: Patience,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  progressed: () => boolean = () => false,
): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      failures = progressed() ? 1 : failures + 1;
      const waitMs = error.afterMs ?? patience.firstMs * 2 ** (failures - 1);
      if (failures >= patience.attempts || waitMs > patience.longestMs)
        throw new ShiplogError('REGISTRY_UNAVAILABLE', `${what}: ${error.message}`, { attempts: failures }, { cause: error });
      await sleep(waitMs, undefined, { signal });
    }
  }
}
