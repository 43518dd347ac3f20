import { type ContainerRecord, type EngineDefaults, ShiplogError, type StateView } from '@shiplog/contracts';
import { stopSignalOf } from '../projections/stop-signal-of.ts';
import { signalNumber } from '../signals.ts';

/** How a container is asked to end: the caller's wish, else its own, else its image's and the engine's default. */
export function stopPlan(
  view: StateView,
  container: ContainerRecord,
  wish: { readonly signal?: string; readonly timeoutSeconds?: number },
  defaults: EngineDefaults,
): { readonly signal: number; readonly timeoutSeconds: number } {
  const timeoutSeconds = wish.timeoutSeconds ?? container.spec.stopTimeout ?? defaults.stopTimeoutSeconds;
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < -1) {
    throw new ShiplogError('REQUEST_INVALID', `invalid timeout ${timeoutSeconds}: give whole seconds, or -1 to wait for ever`);
  }
  const signal = wish.signal === undefined || wish.signal === '' ? stopSignalOf(view, container) : signalNumber(wish.signal);
  return { signal, timeoutSeconds };
}
