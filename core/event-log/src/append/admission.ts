import { type AppendRequest, type ExpectedRevision, ShiplogError, type StreamName } from '@shiplog/contracts';
import type { LogIndex } from '../indexes/log-index.ts';

/**
 * Throws LOG_CONFLICT or LOG_CONDITION_FAILED unless the log, as `index` knows it, is what the request expects.
 *
 * An idempotency key belongs to the operation that brought it first: that operation may use it on all its events, any
 * other is refused.
 */
export function checkAdmission({ stamp, expected, conditions }: AppendRequest, index: LogIndex): void {
  const { idem, op } = stamp;
  const first = idem === undefined ? undefined : index.keys.get(idem);
  if (first !== undefined && first.op !== op) {
    throw new ShiplogError('LOG_CONFLICT', `idempotency key ${idem} was used by operation ${first.op} at position ${first.seq}`, {
      idem,
      seq: first.seq,
      op: first.op,
    });
  }
  if (expected !== undefined) for (const stream in expected) checkRevision(stream as StreamName, expected[stream as StreamName], index);
  if (conditions === undefined) return;
  for (const { tags, after } of conditions) {
    for (const tag of tags) {
      const found = index.lastTagged(tag);
      if (found > after) {
        throw new ShiplogError('LOG_CONDITION_FAILED', `event ${found} carries ${tag}, after position ${after}`, { tag, after, found });
      }
    }
  }
}

function checkRevision(stream: StreamName, expected: ExpectedRevision | undefined, index: LogIndex): void {
  const found = index.revision(stream);
  if (expected === undefined || meets(found, expected)) return;
  throw new ShiplogError(
    'LOG_CONFLICT',
    `stream ${stream} is at ${found === -1 ? 'no event' : `revision ${found}`}, expected ${expected}`,
    { stream, expected, found },
  );
}

function meets(found: number, expected: ExpectedRevision): boolean {
  if (expected === 'any') return true;
  if (expected === 'no-stream') return found === -1;
  if (expected === 'stream-exists') return found >= 0;
  return found === expected;
}
