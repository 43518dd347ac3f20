import { MemoryLevel } from 'memory-level';
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

test.run();
