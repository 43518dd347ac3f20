import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { BatchCursor } from './batch-cursor.ts';
import { pruned } from './corrupt.ts';
import { readSome, type Source } from './read.ts';
import type { Recent } from './recent.ts';

/** Segments taken at once, from memory or from disk. */
const CHUNK = 32;

/** What following needs of the log. */
export interface Followed extends Source {
  readonly recent: Recent;
  readonly durableSeq: number;
  /** Set once the log reads nothing more; `failure` when its disk failed. */
  readonly closed: boolean;
  readonly failure: ShiplogError | undefined;
  /** Called and forgotten when more is durable, or the log closes or fails. */
  readonly waiting: Set<() => void>;
}

/**
 * One position that moves from the past into the present. Each fetch takes what is durable after it: from memory if it is
 * that recent, else from disk; so history and presence cannot overlap or leave a gap, and a slow follower costs nobody else.
 */
export function follow(log: Followed, from: number, signal: AbortSignal | undefined): BatchCursor<ShiplogEvent> {
  let next = from;
  let over = false;
  let wake: (() => void) | undefined;

  const fetch = async (): Promise<readonly ShiplogEvent[]> => {
    while (!over) {
      const events = await some();
      const last = events.at(-1);
      if (last !== undefined) {
        next = last.seq + 1;
        return events;
      }
      if (log.closed) break;
      if (log.failure !== undefined) throw log.failure;
      await moved();
    }
    return [];
  };

  const moved = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      log.waiting.add(resolve);
    });

  const some = async (): Promise<readonly ShiplogEvent[]> => {
    if (next > log.durableSeq) return [];
    const recent = log.recent.from(next, CHUNK);
    if (recent.length > 0) return recent.flatMap((segment) => segment.sharedEvents()).filter(({ seq }) => seq >= next);
    if (log.closed) return [];
    if (next < log.firstSeq) throw pruned(next, log.firstSeq);
    try {
      return await readSome(log, next, log.durableSeq, CHUNK);
    } catch (error) {
      // Closing the database cuts off reads that are under way.
      if (log.closed) return [];
      throw error;
    }
  };

  const abort = (): void => void cursor.stop();
  const cursor = new BatchCursor(fetch, async () => {
    over = true;
    signal?.removeEventListener('abort', abort);
    if (wake === undefined) return;
    log.waiting.delete(wake);
    wake();
  });
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return cursor;
}
