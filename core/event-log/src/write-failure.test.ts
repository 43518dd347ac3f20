import { MemoryLevel } from 'memory-level';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openEventLog } from './event-log.ts';
import { all, errorOf, IDENTITY, samples } from './samples.test.util.ts';

const test = suite('a log whose database refuses a write');

test('given acknowledged events, when a write fails, then nothing more is acknowledged or admitted, and what was stays', async () => {
  const db = new MemoryLevel();
  const log = await openEventLog({ ...IDENTITY, db });
  await log.append(samples(0, 40)).durable;
  const following = errorOf(() => all(log.follow({ from: 0 })));
  const refuse = (): never => {
    throw new Error('no space left');
  };
  db.hooks.prewrite.add(refuse);

  const first = log.append(samples(40, 41));
  const second = log.append(samples(41, 42));
  assert.is((await errorOf(() => first.durable))?.code, 'LOG_CLOSED');
  assert.is((await errorOf(() => second.durable))?.code, 'LOG_CLOSED');
  db.hooks.prewrite.delete(refuse);
  assert.is((await errorOf(() => log.append(samples(42, 43))))?.code, 'LOG_CLOSED');
  assert.is((await errorOf(() => log.flushed()))?.code, 'LOG_CLOSED');
  assert.is((await following)?.code, 'LOG_CLOSED');
  assert.is(log.durableSeq, 39);
  assert.is((await all(log.read())).length, 40);
  await log.close();

  const again = await openEventLog({ ...IDENTITY, db });
  assert.is(again.admittedSeq, 39);
  await again.append(samples(40, 41)).durable;
  await again.close();
});

test('given snapshots that cannot be written, when the log is verified, then it answers', async () => {
  const snapshots = new MemoryLevel();
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel(), snapshots });
  await log.append(samples(0, 40)).durable;
  snapshots.hooks.prewrite.add(() => {
    throw new Error('no space left');
  });
  assert.equal(await log.verify(), { ...(await log.verify({ incremental: true })), events: 40, damage: [] });
  await log.close();
});

for (const what of ['seal', 'prune'] as const)
  test(`given a ${what} whose write fails, when it ends, then nothing more is acknowledged or admitted, and opened again all is there`, async () => {
    const temporary = await temporaryDirectory();
    const db = new MemoryLevel();
    const log = await openEventLog({ ...IDENTITY, db, archive: temporary.path });
    for (let at = 0; at < 40; at++) await log.append(samples(at, at + 1)).durable;
    const refuse = (): never => {
      throw new Error('no space left');
    };
    const sealing = async (): Promise<void> => {
      for await (const _ of log.seal(30));
    };
    if (what === 'prune') await sealing();
    db.hooks.prewrite.add((operation) => (operation.type === 'del' ? refuse() : undefined));
    const failed = await errorOf(
      what === 'seal' ? sealing : () => log.prune(log.sealedSeq + 1, Buffer.from('state'), async () => undefined),
    );
    assert.is(failed?.code, 'LOG_CLOSED');
    assert.is((await errorOf(() => log.append(samples(40, 41))))?.code, 'LOG_CLOSED');
    assert.is((await errorOf(() => log.append(samples(40, 41)).durable))?.code, 'LOG_CLOSED');
    assert.is((await all(log.read({ from: 0 }))).length, 40);
    await log.close();

    const again = await openEventLog({ ...IDENTITY, db, archive: temporary.path });
    assert.equal([again.firstSeq, again.durableSeq], [0, 39]);
    assert.equal((await again.verify()).damage, []);
    await again.close();
    await temporary.cleanup();
  });

test.run();
