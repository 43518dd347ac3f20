import { ShiplogError } from '@shiplog/contracts';
import { refusalOf } from './kernel-error.ts';

/** Runs `work`; whatever it throws leaves as a ShiplogError. */
export function reporting<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw shiplogError(error);
  }
}

/** The same for work that takes time. */
export async function reportingLater<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw shiplogError(error);
  }
}

/** The same for what comes piece by piece. */
export async function* reportingEach<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* pieces;
  } catch (error) {
    throw shiplogError(error);
  }
}

function shiplogError(error: unknown): ShiplogError {
  return error instanceof ShiplogError ? error : ShiplogError.from(refusalOf(error).toRecord());
}
