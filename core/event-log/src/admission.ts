import { type AppendRequest, type ExpectedRevision, ShiplogError, type StreamName } from '@shiplog/contracts';
import type { LogIndex } from './log-index.ts';

/**
 * Throws LOG_CONFLICT or LOG_CONDITION_FAILED unless the log, as `index` knows it, is what the request expects.
 *
 * An idempotency key belongs to the operation that brought it first: that operation may use it on all its events, any
 * other is refused.
 */
export function checkAdmission(request: AppendRequest, index: LogIndex): void {
  const { idem, op } = request.stamp;
  const first = idem === undefined ? undefined : index.idempotent(idem);
  if (first !== undefined && first.op !== op) {
    throw new ShiplogError('LOG_CONFLICT', `idempotency key ${idem} was used by operation ${first.op} at position ${first.seq}`, {
      idem,
      seq: first.seq,
      op: first.op,
    });
  }
  for (const [stream, expected] of Object.entries(request.expected ?? {})) {
    const found = index.revision(stream);
    if (expected !== undefined && !meets(found, expected)) {
      throw new ShiplogError(
        'LOG_CONFLICT',
        `stream ${stream} is at ${found === -1 ? 'no event' : `revision ${found}`}, expected ${expected}`,
        {
          stream: stream as StreamName,
          expected,
          found,
        },
      );
    }
  }
  for (const condition of request.conditions ?? []) {
    for (const tag of condition.tags) {
      const found = index.lastTagged(tag);
      if (found > condition.after) {
        throw new ShiplogError('LOG_CONDITION_FAILED', `event ${found} carries ${tag}, after position ${condition.after}`, {
          tag,
          after: condition.after,
          found,
        });
      }
    }
  }
}

function meets(found: number, expected: ExpectedRevision): boolean {
  if (expected === 'any') return true;
  if (expected === 'no-stream') return found === -1;
  if (expected === 'stream-exists') return found >= 0;
  return found === expected;
}
