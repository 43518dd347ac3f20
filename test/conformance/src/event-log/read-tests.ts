import assert from 'node:assert/strict';
import type { EventLog } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { request, sample, stream, take } from './samples.ts';

/** A log of 300 events over 7 streams, written in appends of different sizes. */
async function fill(log: EventLog): Promise<void> {
  for (let seq = 0, size = 1; seq < 300; size = (size % 50) + 7) {
    const events = Array.from({ length: Math.min(size, 300 - seq) }, (_, index) => sample(String((seq + index) % 7), seq + index));
    seq += events.length;
    await log.append(request(events)).durable;
  }
}

/** Reading by range and by stream. */
export function readTests(test: LogTest): void {
  test('given a log, when any range is read, then it has exactly these events in order', async (log) => {
    await fill(log);
    const ranges = [
      [0, 299],
      [0, 0],
      [1, 1],
      [31, 33],
      [299, 299],
      [150, 260],
      [10, 9],
      [300, 400],
      [298, 1000],
    ] as const;
    for (const [from, to] of ranges) {
      const seqs = (await take(log.read({ from, to }))).map(({ seq }) => seq);
      const expected = Array.from({ length: Math.max(0, Math.min(to, 299) - from + 1) }, (_, index) => from + index);
      assert.deepEqual(seqs, expected, `${from} to ${to}`);
    }
    for (const [from, to] of ranges) {
      const texts: string[] = [];
      for await (const bytes of log.readBytes({ from, to })) texts.push(Buffer.from(bytes).toString('utf8'));
      assert.deepEqual(
        texts.map((text) => JSON.parse(text) as unknown),
        await take(log.read({ from, to })),
        `the bytes of ${from} to ${to}`,
      );
    }
    assert.equal((await take(log.read({ from: 290 }))).length, 10);
    assert.equal((await take(log.read({ to: 9 }))).length, 10);
  });

  test('given a read, when it is left early or repeated, then the log goes on', async (log) => {
    await fill(log);
    const reading = log.read({ from: 5 });
    assert.deepEqual(
      (await take(reading, 2)).map(({ seq }) => seq),
      [5, 6],
    );
    assert.deepEqual(
      (await take(reading, 2)).map(({ seq }) => seq),
      [5, 6],
    );
    await log.append(request([sample('a')])).durable;
  });

  test('given overlapping calls of next, when answered, then each event comes once and in order', async (log) => {
    await fill(log);
    const cursor = log.read()[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 310 }, () => cursor.next()));
    assert.deepEqual(
      results.filter(({ done }) => done !== true).map(({ value }) => value.seq),
      Array.from({ length: 300 }, (_, seq) => seq),
    );
  });

  test('given streams, when one is read, then it has its events in order of revision, from any revision on', async (log) => {
    await fill(log);
    for (const fromRev of [0, 1, 20, 42, 43, 99]) {
      const events = await take(log.readStream(stream('3'), fromRev));
      const expected = Array.from({ length: Math.max(0, 43 - fromRev) }, (_, index) => fromRev + index);
      assert.deepEqual(
        events.map(({ rev }) => rev),
        expected,
      );
      assert.ok(events.every((event) => event.stream === stream('3') && event.seq === event.rev * 7 + 3));
    }
    assert.deepEqual(await take(log.readStream(stream('none'))), []);
  });

  test('given the end of a range, when a stream is read, then nothing after that position comes', async (log) => {
    for (let index = 0; index < 100; index++) await log.append(request([sample(String(index % 3))])).durable;
    for (const to of [0, 1, 50, 98, 99, 1000]) {
      const events = await take(log.readStream(stream('1'), 5, to));
      const wanted = Array.from({ length: 100 }, (_, seq) => seq).filter((seq) => seq % 3 === 1 && seq >= 16 && seq <= to);
      assert.deepEqual(
        events.map(({ seq }) => seq),
        wanted,
      );
    }
  });

  test('given a position that is none, when read from, then REQUEST_INVALID', async (log) => {
    for (const from of [-1, 1.5, Number.NaN]) {
      assert.throws(() => log.read({ from }), { code: 'REQUEST_INVALID' });
      assert.throws(() => log.follow({ from }), { code: 'REQUEST_INVALID' });
    }
  });
}
