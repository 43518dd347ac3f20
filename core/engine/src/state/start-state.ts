import { createState, restoreStored, type State } from '@shiplog/model';
import { type EventLogReader, ShiplogError, type StoredState as Stored } from '@shiplog/contracts';

/**
 * Where folding a log begins when there is no snapshot: nothing was there, or what was before the first event that is kept. Throws LOG_CORRUPT
 * when that is not what was recorded, LOG_TOO_NEW when a later release pruned.
 */
export async function startState(log: EventLogReader): Promise<State> {
  const boundary = await log.boundary();
  if (boundary === undefined) return createState();
  return restoreStored(parsed(boundary.state, boundary.seq));
}

function parsed(bytes: Uint8Array, seq: number): Stored {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Stored;
  } catch (error) {
    const reason = 'what stands for these pruned events is not JSON';
    throw new ShiplogError(
      'LOG_CORRUPT',
      `events 0 to ${seq} of the log cannot be trusted: ${reason}`,
      { from: 0, to: seq, reason },
      { cause: error },
    );
  }
}
