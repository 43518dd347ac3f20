import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { BatchCursor } from './batch-cursor.ts';
import { pruned } from '../check/corrupt.ts';
import { readSome, type Source } from './read.ts';
import type { Recent } from './recent.ts';

/** Events handed over at once, and a few more: what a follower that stalls may hold. */
const EVENTS = 128;
/** Segments looked at in memory, and read from disk, at once. */
const RECENT_CHUNK = 32;
const DISK_CHUNK = 8;

/** What following needs of the log. */
export interface Followed extends Source {
  readonly recent: Recent;
  readonly durableSeq: number;
  /** Set once the log reads nothing more; `failure` when its disk failed. */
  readonly closed: boolean;
  readonly failure: ShiplogError | undefined;
  /** Called and forgotten when more is durable, or the log closes or fails. */
  readonly waiting: Set<() => void>;
  /** Those who follow. */
  readonly followers: Set<Follower>;
}

/** Somebody who follows. */
export interface Follower {
  /** First position that it has not been given. */
  readonly next: number;
}

/**
 * One position that moves from the past into the present. Each fetch takes what is durable after it: from memory if it is
 * that recent, else from disk; so history and presence cannot overlap or leave a gap, and a slow follower costs nobody else.
 */
export function follow(log: Followed, from: number, signal: AbortSignal | undefined): BatchCursor<ShiplogEvent> {
  return followBy(log, from, signal, (events) => events);
}

/** As {@link follow}, by the batch. */
export function followBatches(log: Followed, from: number, signal: AbortSignal | undefined): BatchCursor<readonly ShiplogEvent[]> {
  return followBy(log, from, signal, (events) => (events.length === 0 ? [] : [events]));
}

function followBy<T>(
  log: Followed,
  from: number,
  signal: AbortSignal | undefined,
  shape: (events: readonly ShiplogEvent[]) => readonly T[],
): BatchCursor<T> {
  let next = from;
  let over = false;
  let wake: (() => void) | undefined;

  const follower: Follower = {
    get next() {
      return next;
    },
  };
  log.followers.add(follower);

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

  /** At once where it has moved since it was looked at, or nobody follows any more. */
  const moved = (): Promise<void> =>
    new Promise((resolve) => {
      if (over || next <= log.durableSeq || log.closed || log.failure !== undefined) return resolve();
      wake = resolve;
      log.waiting.add(resolve);
    });

  const some = async (): Promise<readonly ShiplogEvent[]> => {
    if (next > log.durableSeq) return [];
    const recent = recentEvents(log.recent, next);
    if (recent.length > 0 || log.closed) return recent;
    if (next < log.firstSeq) throw pruned(next, log.firstSeq);
    try {
      return await readSome(log, next, log.durableSeq, DISK_CHUNK);
    } catch (error) {
      // Closing the database cuts off reads that are under way.
      if (log.closed) return [];
      throw error;
    }
  };

  const abort = (): void => void cursor.stop();
  const cursor = new BatchCursor(
    async () => shape(await fetch()),
    async () => {
      over = true;
      log.followers.delete(follower);
      signal?.removeEventListener('abort', abort);
      if (wake === undefined) return;
      log.waiting.delete(wake);
      wake();
    },
  );
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return cursor;
}

/** Events from a position on that are in memory: shared by all who follow. */
function recentEvents(recent: Recent, from: number): readonly ShiplogEvent[] {
  const events: ShiplogEvent[] = [];
  for (const segment of recent.from(from, RECENT_CHUNK)) {
    for (const event of segment.sharedEvents()) if (event.seq >= from) events.push(event);
    if (events.length >= EVENTS) break;
  }
  return events;
}
