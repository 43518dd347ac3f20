import type { ContainerRecord, ImageRecord } from '@shiplog/contracts';
import { ShiplogError } from '@shiplog/contracts';
import { signalNumber } from '../signals.ts';

const TERM = 15;

/** The signal that asks the container to end: its own, else its image's, else TERM. */
export function stopSignalOf(view: { readonly images: ReadonlyMap<string, ImageRecord> }, container: ContainerRecord): number {
  const signal = container.spec.stopSignal ?? view.images.get(container.imageId)?.config.StopSignal;
  if (signal === undefined || signal === '') return TERM;
  try {
    return signalNumber(signal);
  } catch (error) {
    // An image may say nonsense; Docker falls back too.
    if (error instanceof ShiplogError) return TERM;
    throw error;
  }
}
