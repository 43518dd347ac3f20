import { type EventLog, type ShiplogEvent, ShiplogError, type StreamName } from '@shiplog/contracts';

/**
 * What `add` makes of the events of a stream that are kept and durable, of the last `count` of them. Where some are pruned before they are read, it begins anew, with `begin`,
 * with those that are left.
 */
export async function foldStream<T>(
  log: EventLog,
  stream: StreamName,
  begin: T,
  add: (value: T, event: ShiplogEvent) => T,
  count = Number.POSITIVE_INFINITY,
): Promise<T> {
  let from = count === Number.POSITIVE_INFINITY ? undefined : Math.max(0, log.revision(stream) + 1 - count);
  for (;;) {
    let value = begin;
    try {
      for await (const event of log.readStream(stream, from)) value = add(value, event);
      return value;
    } catch (error) {
      if (!(error instanceof ShiplogError) || error.code !== 'LOG_PRUNED') throw error;
      // One of the last was pruned: those that are kept are fewer.
      from = undefined;
    }
  }
}
