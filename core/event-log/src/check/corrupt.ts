import { ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { FrameError } from '../stored/frame.ts';

/** The error that refuses to serve past a hole. `from` and `to` are inclusive positions. */
export function corrupt(from: number, to: number, reason: string, cause?: unknown): ShiplogError {
  const range = from === to ? `event ${from}` : `events ${from} to ${to}`;
  return new ShiplogError('LOG_CORRUPT', `${range} of the log cannot be trusted: ${reason}`, { from, to, reason }, { cause });
}

/** The error for reading from a position whose event is gone for good. `first` is the first that is kept. */
export function pruned(from: number, first: number): ShiplogError {
  return new ShiplogError('LOG_PRUNED', `events up to ${first - 1} were pruned; the log begins at ${first}, and ${from} was asked for`, {
    from,
    first,
  });
}

/** The error for a time before that of `first`, the first event that is kept. */
export function prunedBefore({ seq, t }: ShiplogEvent): ShiplogError {
  const time = new Date(Number(BigInt(t) / 1_000_000n)).toISOString();
  return new ShiplogError('LOG_PRUNED', `what was before ${time} was pruned: the log begins then, at ${seq}; ask about that or later`, {
    from: seq - 1,
    first: seq,
    time: t,
  });
}

/** Turns what reading a value threw into the error that names the range it stood for. */
export function refusal(error: unknown, from: number, to: number): ShiplogError {
  if (error instanceof ShiplogError) return error;
  if (isNotOpen(error)) return new ShiplogError('LOG_CLOSED', 'the log was closed while it was read', { from }, { cause: error });
  if (error instanceof FrameError && error.tooNew) {
    return new ShiplogError(
      'LOG_TOO_NEW',
      `events from ${from} on were written by a newer release: ${error.message}`,
      { from },
      { cause: error },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (HOST_FAULT.test(reason)) {
    const message = `events from ${from} on could not be read: ${reason}; nothing says that they are damaged`;
    return new ShiplogError('HOST_UNSUITABLE', message, { from, to }, { cause: error });
  }
  return corrupt(from, to, reason, error);
}

/** What Node and LevelDB say of a file that they may not, or cannot now, open. */
const HOST_FAULT = /^(?:EMFILE|ENFILE|ENOMEM|EACCES|EPERM):|(?:Too many open files|Cannot allocate memory|Permission denied)$/;

/** The database refuses because it, or the iterator with it, was closed: nothing is wrong with the data. */
function isNotOpen(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN';
}
