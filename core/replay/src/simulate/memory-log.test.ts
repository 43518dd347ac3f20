import assert from 'node:assert/strict';
import { eventLogSuite } from '@shiplog/conformance/event-log';
import type { ShiplogEvent } from '@shiplog/contracts';
import { createState } from '@shiplog/model';
import { report, reported } from '@shiplog/test-support';
import { suite } from 'uvu';
import { MemoryLog } from './memory-log.ts';

const test = suite('the log of a simulation');

eventLogSuite({
  test: reported(test, 'event-log/simulated', 'event-log'),
  abilities: { archives: false },
  skipped: (what, why) => report({ driver: 'event-log/simulated', suite: 'event-log', skipped: `${what}: ${why}` }),
  factory: () => {
    let events: readonly ShiplogEvent[] = [];
    return {
      open: async () => {
        const log = new MemoryLog({ boot: 'boot-1', inst: 'inst-1', events });
        ({ events } = log);
        return log;
      },
      cleanup: async () => undefined,
    };
  },
});

test('given a log that begins behind pruned events, when read, followed or asked for a time from before, then LOG_PRUNED says where it begins', async () => {
  const start = createState();
  start.seq = 41;
  const log = new MemoryLog({ boot: 'boot-1', inst: 'inst-1', start });
  const stamp = { op: 'op', corr: 'corr', t: '1000', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;
  const event = { stream: 'engine', type: 'engine.stopped', kind: 'meta', data: { instance: 'inst-1', reason: 'test' } } as const;
  await log.append({ stamp, events: [event] }).durable;
  for (const ask of [
    async () => log.read({ from: 41 }),
    async () => log.follow({ from: 0 }),
    async () => log.readBytes({ from: 0, to: 42 }).next(),
    async () => log.followBatches({ from: 0 }).next(),
    async () => log.positionAt(999n),
  ])
    await assert.rejects(ask, { code: 'LOG_PRUNED' });
  assert.equal(await log.positionAt(1000n), 42);
  const seqs: number[] = [];
  for await (const { seq } of log.read()) seqs.push(seq);
  for await (const { seq } of log.follow({})) {
    seqs.push(seq);
    break;
  }
  assert.deepEqual(seqs, [42, 42]);
});

test.run();
