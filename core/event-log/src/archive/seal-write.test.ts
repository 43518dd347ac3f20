import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryLevel } from 'memory-level';
import { type TemporaryDirectory, temporaryDirectory } from '@shiplog/test-support';
import type { AppendRequest, EventLog } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openEventLog } from '../event-log.ts';
import { all, errorOf, IDENTITY, sample, samples, STAMP } from '../samples.test.util.ts';
import { ArchivingLevel } from './archiving-level.ts';

/** A database whose writes take a while, and which counts those that are under way. */
class SlowLevel extends ArchivingLevel {
  /** Called while a write is under way that removes something. */
  removing: () => Promise<void> = async () => undefined;
  most = 0;
  #writing = 0;

  override async _batch(...[operations, options]: Parameters<ArchivingLevel['_batch']>): Promise<void> {
    this.#writing += 1;
    this.most = Math.max(this.most, this.#writing);
    if (operations.some(({ type }) => type === 'del')) await this.removing();
    await sleep(1);
    await super._batch(operations, options);
    this.#writing -= 1;
  }
}

interface Context {
  temporary: TemporaryDirectory;
  db: SlowLevel;
  log: EventLog;
}

const test = suite<Context>('the writes of a seal and a prune');

const EVENTS = 100;

test.before.each(async (context) => {
  context.temporary = await temporaryDirectory();
  context.db = new SlowLevel(new MemoryLevel(), context.temporary.path);
  context.log = await openEventLog({ ...IDENTITY, db: context.db, archive: context.temporary.path });
  for (let at = 0; at < EVENTS; at++) await context.log.append(samples(at, at + 1)).durable;
});
test.after.each(async (context) => {
  await context.log.close();
  await context.temporary.cleanup();
});

test('given an appender, when events are sealed and pruned, then there is never a second write at a time: the database may fail one and lose the next', async ({
  db,
  log,
}) => {
  let over = false;
  const appending = (async () => {
    for (let at = EVENTS; !over; at++) await log.append(samples(at, at + 1)).durable;
  })();
  let first = 0;
  for await (const range of log.seal(50)) first = range.last + 1;
  await log.prune(first, Buffer.from('state'), async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
  over = true;
  await appending;
  assert.is(log.firstSeq, 50);
  assert.is(db.most, 1);
});

test('given a seal whose write is under way, when somebody begins to read, then each event is there once', async ({ db, log }) => {
  const seen: number[][] = [];
  db.removing = async () => {
    const events = await all(log.read());
    seen.push(events.map(({ seq }) => seq));
  };
  for await (const _ of log.seal(50));
  const each = Array.from({ length: EVENTS }, (_, seq) => seq);
  assert.equal(seen, [each]);
});

test('given the largest event there may be, when it is sealed, then it is read again; a larger one is refused, and nothing is appended', async ({
  log,
}) => {
  const sized = (size: number): AppendRequest => ({ stamp: { ...STAMP, corr: 'x'.repeat(size) }, events: [sample(0)] });
  const room = 64 * 1024 * 1024 - JSON.stringify(log.append(sized(0)).events[0]).length;
  assert.is((await errorOf(() => log.append(sized(room + 1))))?.code, 'REQUEST_INVALID');
  const { events } = log.append(sized(room - 10));
  const { events: last } = log.append(samples(0, 40));
  await log.flushed();
  for await (const _ of log.seal(last.at(-1)?.seq ?? 0));
  assert.ok(log.sealedSeq >= (events[0]?.seq ?? Number.POSITIVE_INFINITY));
  const [found] = await all(log.read({ from: events[0]?.seq ?? 0, to: events[0]?.seq ?? 0 }));
  assert.is(found?.corr.length, room - 10);
});

test.run();
