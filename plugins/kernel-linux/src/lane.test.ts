import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Lane } from './lane.ts';

const test = suite('kernel threads');

/** Threads of this process by a lane's name, which the kernel keeps for them (proc(5), comm). */
async function threadsOf(lane: string): Promise<readonly string[]> {
  const threads = await readdir('/proc/self/task');
  const names = await Promise.all(threads.map((thread) => readFile(`/proc/self/task/${thread}/comm`, 'utf8').catch(() => '')));
  return threads.filter((_, index) => names[index]?.trim() === `kernel-${lane}`);
}

async function untilNone(lane: string): Promise<void> {
  for (const end = performance.now() + 60_000; (await threadsOf(lane)).length > 0; await sleep(10))
    assert.ok(performance.now() < end, 'the thread does not end');
}

test('given a thread that ends when it rests, when calls follow each other, then one runs them all', async () => {
  const lane = new Lane('brief', { restMs: 600_000 });
  const threads = new Set<string>();
  for (let call = 0; call < 5; call += 1) {
    await lane.call('listXattrs', '/');
    for (const thread of await threadsOf('brief')) threads.add(thread);
  }
  assert.is(threads.size, 1);
  await lane.close();
  await untilNone('brief');
});

test('given a thread that ends when it rests, when it has rested, then there is none, and the next call has another', async () => {
  const lane = new Lane('shy', { restMs: 20 });
  for (let round = 0; round < 2; round += 1) {
    assert.equal(await lane.call('listXattrs', '/proc'), []);
    await untilNone('shy');
  }
  await lane.close();
});

test('given a thread that stays, when it has nothing to do, then it is there for the next call', async () => {
  const lane = new Lane('lasting');
  await lane.call('listXattrs', '/');
  const threads = await threadsOf('lasting');
  assert.is(threads.length, 1);
  await sleep(100);
  await lane.call('listXattrs', '/');
  assert.equal(await threadsOf('lasting'), threads);
  await lane.close();
});

test.run();
