import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { EventLog, ShiplogEvent } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { request, sample, take } from './samples.ts';

async function append(log: EventLog, count: number, batch = 1): Promise<void> {
  for (let done = 0; done < count; done += batch) {
    await log.append(request(Array.from({ length: batch }, (_, index) => sample('a', done + index)))).durable;
  }
}

function seqs(events: readonly ShiplogEvent[]): number[] {
  return events.map(({ seq }) => seq);
}

function upTo(end: number, from = 0): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}

/** One cursor from the past into the present. */
export function followTests(test: LogTest): void {
  test('given history and then new events, when followed, then both come once and in order', async (log) => {
    await append(log, 100, 10);
    const followed = take(log.follow({ from: 0 }), 150);
    await append(log, 50);
    assert.deepEqual(seqs(await followed), upTo(150));
  });

  test('given no position, when followed, also by the batch, then from the first event that is kept', async (log) => {
    await append(log, 20, 5);
    assert.deepEqual(seqs(await take(log.follow({}), 1)), [0]);
    for await (const [event] of log.followBatches({})) {
      assert.equal(event?.seq, 0);
      break;
    }
  });

  test('given several followers from different positions, when events come, then each gets all of its own', async (log) => {
    await append(log, 40, 4);
    const followers = [0, 39, 40, 45, 55].map((from) => take(log.follow({ from }), 60 - from));
    await append(log, 20);
    assert.deepEqual(
      (await Promise.all(followers)).map(seqs),
      [0, 39, 40, 45, 55].map((from) => upTo(60, from)),
    );
  });

  test('given events not yet durable, when followed, then they come only once durable', async (log) => {
    const followed: number[] = [];
    const early: number[] = [];
    const end = new AbortController();
    const loop = (async () => {
      for await (const event of log.follow({ from: 0, signal: end.signal })) {
        if (event.seq > log.durableSeq) early.push(event.seq);
        followed.push(event.seq);
      }
    })();
    for (let index = 0; index < 50; index++) {
      log.append(request([sample('a', index)]));
      if (index % 3 === 0) await turn();
    }
    await log.flushed();
    while (followed.length < 50) await turn();
    end.abort();
    await loop;
    assert.deepEqual(followed, upTo(50));
    assert.deepEqual(early, []);
  });

  test('given a follower that stalls, when thousands of events go by, then the writer goes on and it misses none', async (log) => {
    const cursor = log.follow({ from: 0 })[Symbol.asyncIterator]();
    await append(log, 10);
    const first = await cursor.next();
    assert.equal(first.done === true ? -1 : first.value.seq, 0);
    await append(log, 6000, 100);
    assert.equal(log.durableSeq, 6009);
    for (let seq = 1; seq < 6010; seq++) {
      const { value, done } = await cursor.next();
      assert.equal(done === true ? -1 : value.seq, seq);
    }
    const next = cursor.next();
    await append(log, 1);
    assert.equal((await next).value?.seq, 6010);
    await cursor.return?.();
  });

  test('given followers by the batch, when events come, then each gets all, in order, in batches of some hundred at most', async (log) => {
    await append(log, 2000, 50);
    const sizes: number[] = [];
    const followers = [0, 1990].map(async (from) => {
      const found: number[] = [];
      for await (const events of log.followBatches({ from })) {
        sizes.push(events.length);
        found.push(...seqs(events));
        if (found.at(-1) === 2059) break;
      }
      return found;
    });
    await append(log, 60, 4);
    assert.deepEqual(
      await Promise.all(followers),
      [0, 1990].map((from) => upTo(2060, from)),
    );
    for (const size of sizes) assert.ok(size > 0 && size < 512, `a batch of ${size}`);
    const end = new AbortController();
    const cursor = log.followBatches({ from: 5000, signal: end.signal })[Symbol.asyncIterator]();
    const pending = cursor.next();
    end.abort();
    assert.equal((await pending).done, true);
  });

  test('given a waiting follower, when its signal aborts, then it ends, and others go on', async (log) => {
    const end = new AbortController();
    const ended = log.follow({ from: 0, signal: end.signal })[Symbol.asyncIterator]();
    const other = take(log.follow({ from: 0 }), 2);
    await append(log, 1);
    assert.equal((await ended.next()).value?.seq, 0);
    const waits = ended.next();
    end.abort();
    assert.equal((await waits).done, true);
    await append(log, 1);
    assert.deepEqual(seqs(await other), [0, 1]);
    assert.deepEqual(await take(log.follow({ from: 0, signal: end.signal })), []);
  });

  test('given a waiting follower, when its loop is left from outside, then the pending next ends', async (log) => {
    const cursor = log.follow({ from: 0 })[Symbol.asyncIterator]();
    const pending = cursor.next();
    await wait(1);
    await cursor.return?.();
    assert.equal((await pending).done, true);
  });

  test('given followers, when the log closes, then they get what was durable and end', async (log) => {
    const followed = take(log.follow({ from: 0 }));
    const later = take(log.follow({ from: 1000 }));
    await append(log, 20);
    log.append(request([sample('a')]));
    await log.close();
    assert.deepEqual(seqs(await followed), upTo(21));
    assert.deepEqual(await later, []);
  });
}
