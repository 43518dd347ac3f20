import { openLevelLog } from '@shiplog/event-log';
import { eventsOf, fold, readSource } from '@shiplog/replay';
import { storedText, storeState } from '@shiplog/model';
import type { Bounded, EventLog, NewEvent, ShiplogEvent } from '@shiplog/contracts';
import * as assert from 'uvu/assert';

/** Writes an export into a new log on disk: the same events, byte by byte. */
export async function writeLog(exported: string, directory: string): Promise<void> {
  let log: EventLog | undefined;
  let before: ShiplogEvent | undefined;
  let newId = '';
  for await (const event of eventsOf(readSource(exported))) {
    const { boot, inst, op, corr, t, mono, actor, req, idem, ...rest } = event;
    // Each engine opened it anew.
    if (log === undefined || before?.inst !== inst || before.boot !== boot) {
      await log?.close();
      log = await openLevelLog({ directory, boot, inst, newId: () => newId });
    }
    newId = event.id;
    const stamp = { op, corr, t, mono, actor, ...(req === undefined ? {} : { req }), ...(idem === undefined ? {} : { idem }) };
    const { events } = log.append({ stamp, events: [rest as NewEvent] });
    assert.equal(events, [event]);
    before = event;
  }
  await log?.close();
}

/** Prunes a log on disk as the engine does, up to about `before`. Answers with the first position that is kept. */
export async function pruneLog(directory: string, before: number): Promise<number> {
  const log = await openLevelLog({ directory, boot: 'boot', inst: 'inst' });
  for await (const _range of log.seal(before));
  const first = log.prunable(before);
  const { state } = await fold(log.read(), { seq: first - 1 });
  await log.prune(first, Buffer.from(storedText(storeState(state))), (data) => record(log, data));
  await log.close();
  return first;
}

async function record(log: EventLog, data: Bounded): Promise<void> {
  const { durableSeq } = log;
  const event: NewEvent = { stream: 'engine', type: 'log.bounded', kind: 'meta', data };
  for await (const { t, mono } of log.read({ from: durableSeq, to: durableSeq }))
    await log.append({ stamp: { op: 'prune', corr: 'prune', t, mono, actor: { scheme: 'system', reason: 'test' } }, events: [event] })
      .durable;
}
