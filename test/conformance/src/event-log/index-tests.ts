import assert from 'node:assert/strict';
import type { EventLog, NewEvent, ReadOptions, ShiplogEvent, StreamName } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { request, sample, stamp, take } from './samples.ts';

const KILLED: NewEvent = { stream: 'container/k', type: 'container.kill.failed', kind: 'outcome', data: {} };

/** 900 events in appends of different sizes, every seventh of another type; one nanosecond apart, from 1000 on. */
async function fill(log: EventLog): Promise<void> {
  for (let seq = 0, size = 1; seq < 900; size = (size % 50) + 7) {
    for (const end = Math.min(900, seq + size); seq < end; seq++) {
      const event = seq % 7 === 0 ? KILLED : sample(String(seq % 5), seq);
      log.append(request([event], { stamp: { ...stamp(), t: String(1000 + seq) } }));
    }
    await log.flushed();
  }
}

function seqs(events: readonly ShiplogEvent[]): number[] {
  return events.map(({ seq }) => seq);
}

/** Finding events by type and by time. */
export function indexTests(test: LogTest): void {
  test('given events of several types, when some are asked for, then these come in order, before and after reopening', async (log, reopen) => {
    await fill(log);
    const expected = (type: string, from: number, to: number): number[] =>
      Array.from({ length: 900 }, (_, seq) => seq).filter(
        (seq) => seq >= from && seq <= to && (type === '' || (seq % 7 === 0) === (type === KILLED.type)),
      );
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      const some = async (types: readonly string[], from = 0, to = 899): Promise<number[]> =>
        seqs(await take(current.read({ types, from, to })));
      assert.deepEqual(await some([KILLED.type]), expected(KILLED.type, 0, 899));
      assert.deepEqual(await some(['container.kill.*'], 10, 700), expected(KILLED.type, 10, 700));
      assert.deepEqual(await some(['container.oom'], 600), expected('container.oom', 600, 899));
      assert.deepEqual(await some(['container.oom', 'container.kill.*'], 5, 300), expected('', 5, 300));
      assert.deepEqual(await some(['*']), expected('', 0, 899));
      assert.deepEqual(await some(['container', 'network.*', '']), []);
      assert.deepEqual(await some([]), []);
    }
  });

  test('given events of several streams, when one is asked for, then its events come in order, of a range and of types', async (log, reopen) => {
    await fill(log);
    const first = seqs(await take(log.read({ stream: 'container/k' })));
    assert.deepEqual(
      first,
      Array.from({ length: 129 }, (_, index) => index * 7),
    );
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      const some = async (stream: StreamName, options: ReadOptions = {}): Promise<number[]> =>
        seqs(await take(current.read({ ...options, stream })));
      const all = await take(current.read());
      const expected = (stream: StreamName, from: number, to: number): number[] =>
        seqs(all.filter((event) => event.stream === stream && event.seq >= from && event.seq <= to));
      for (const stream of ['container/k', 'container/3'] as const) {
        for (const [from, to] of [
          [0, 899],
          [7, 700],
          [8, 12],
          [890, 2000],
        ] as const)
          assert.deepEqual(await some(stream, { from, to }), expected(stream, from, to), `${stream} ${from} ${to}`);
      }
      assert.deepEqual(await some('container/k', { types: ['container.kill.*'], from: 20 }), expected('container/k', 20, 899));
      assert.deepEqual(await some('container/k', { types: ['container.oom'] }), []);
      assert.deepEqual(await some('container/none'), []);
    }
  });

  test('given events with tags, when one is asked for, then its events come in order, of a range and of types, and none where none has it', async (log, reopen) => {
    for (let seq = 0; seq < 300; seq++) {
      const tags = [`third:${seq % 3}`, ...(seq === 40 ? ['once'] : [])];
      log.append(request([seq % 2 === 0 ? { ...KILLED, tags } : sample('a', seq, tags)]));
    }
    await log.flushed();
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      const some = async (tag: string, options: ReadOptions = {}): Promise<number[]> => seqs(await take(current.read({ ...options, tag })));
      const thirds = Array.from({ length: 100 }, (_, index) => index * 3 + 1);
      assert.deepEqual(await some('third:1'), thirds);
      assert.deepEqual(
        await some('third:1', { from: 50, to: 250, types: [KILLED.type] }),
        thirds.filter((seq) => seq >= 50 && seq <= 250 && seq % 2 === 0),
      );
      assert.deepEqual(
        [await some('once'), await some('once', { from: 41 }), await some('once', { stream: 'container/a' })],
        [[40], [], []],
      );
      assert.deepEqual(await some('never'), []);
    }
  });

  test('given events with tags, when the last with one is asked for, then it is the answer, and -1 where none has it', async (log, reopen) => {
    assert.equal(log.lastTagged('third:1'), -1);
    const events = Array.from({ length: 300 }, (_, seq) => sample('a', seq, [`third:${seq % 3}`, ...(seq === 40 ? ['once'] : [])]));
    await log.append(request(events)).durable;
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.deepEqual(
        ['third:0', 'third:1', 'third:2', 'once', 'never', ''].map((tag) => current.lastTagged(tag)),
        [297, 298, 299, 40, -1, -1],
      );
    }
  });

  test('given streams, when those are asked for that began in a range, then each is there once, in order, and once it is durable', async (log, reopen) => {
    const begins = [0, 3, 40, 41, 500, 4095, 4096, 4097, 8000, 9999];
    const began = (from: number, to: number): string[] => begins.filter((seq) => seq >= from && seq <= to).map((seq) => `container/${seq}`);
    const events = Array.from({ length: 10_000 }, (_, seq) => {
      const known = begins.filter((begin) => begin <= seq);
      return sample(String(begins.includes(seq) ? seq : known[seq % known.length]), seq);
    });
    log.append(request(events.slice(0, 9000)));
    assert.deepEqual(log.streamsBegun(0, 9999), []);
    await log.flushed();
    assert.deepEqual(log.streamsBegun(4096, 9999), began(4096, 8999));
    await log.append(request(events.slice(9000))).durable;
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      for (const from of [0, 1, 41, 42, 4095, 4096, 4097, 9999])
        for (const to of [0, 41, 4095, 4096, 8000, 9998, 9999, 20_000])
          assert.deepEqual(current.streamsBegun(from, to), began(from, to), `${from} to ${to}`);
    }
  });

  test('given a type that comes often, then long not at all, and again, when it is asked for, then none is missing', async (log, reopen) => {
    const events = Array.from({ length: 900 }, (_, seq) => (seq < 300 || seq >= 890 ? KILLED : sample('a', seq)));
    for (const event of events) log.append(request([event]));
    await log.flushed();
    const expected = events.flatMap((event, seq) => (event === KILLED ? [seq] : []));
    assert.deepEqual(seqs(await take(log.read({ types: [KILLED.type] }))), expected);
    assert.deepEqual(seqs(await take((await reopen()).read({ types: [KILLED.type] }))), expected);
  });

  test('given events not yet durable, when asked for by type or time, then they are not seen', async (log) => {
    const { durable } = log.append(request([sample('a')]));
    assert.deepEqual(await take(log.read({ types: ['*'] })), []);
    assert.equal(await log.positionAt(10n ** 30n), -1);
    await durable;
    assert.equal(await log.positionAt(10n ** 30n), 0);
  });

  test('given times, when a position is asked for, then it is the last event at or before, to the nanosecond', async (log, reopen) => {
    await fill(log);
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      for (const seq of [0, 1, 255, 256, 257, 511, 512, 700, 899]) assert.equal(await current.positionAt(1000n + BigInt(seq)), seq);
      assert.equal(await current.positionAt(999n), -1);
      assert.equal(await current.positionAt(-1n), -1);
      assert.equal(await current.positionAt(5000n), 899);
    }
  });

  test('given a clock that stepped back, when a position is asked for, then the first later event ends the past', async (log) => {
    const base = 1_700_000_000_000_000_000n;
    for (const step of [0n, 100n, 300n, 150n, 200n, 400n]) {
      await log.append(request([sample('a')], { stamp: { ...stamp(), t: String(base + step) } })).durable;
    }
    const at = (step: bigint): Promise<number> => log.positionAt(base + step);
    assert.deepEqual(await Promise.all([at(-1n), at(99n), at(100n), at(299n), at(300n), at(399n), at(400n)]), [-1, 0, 1, 1, 4, 4, 5]);
  });
}
