import { ShiplogError } from '@shiplog/contracts';

/** Throws what aborted the signal: its reason if that is a ShiplogError, else CANCELED. Does nothing before. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined || !signal.aborted) return;
  if (signal.reason instanceof ShiplogError) throw signal.reason;
  throw new ShiplogError('CANCELED', 'the operation was cancelled', {}, { cause: signal.reason });
}
