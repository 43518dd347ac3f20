import {
  AS_IT_WAS,
  fold,
  parseFault,
  parseLatency,
  parseOtherDriver,
  parseStepLatency,
  readRecording,
  readSource,
  redecide,
  simulate,
  type Simulated,
} from '@shiplog/replay';
import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenLogs } from './golden.ts';

const test = suite('what if');
const [golden] = await goldenLogs();
assert.ok(golden);
const recording = await readRecording(readSource(golden.log));
const asItWas = await simulate(recording);

async function* of(events: readonly ShiplogEvent[]): AsyncGenerator<ShiplogEvent> {
  yield* events;
}

const p50 = ({ verbs }: Pick<Simulated, 'verbs'>, verb: string): number => verbs.find((one) => one.verb === verb)?.p50 ?? Number.NaN;

const refusal = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    return error instanceof ShiplogError ? error.code : String(error);
  }
};

test('given nothing else, when simulated, then every verb takes as long as it took, and all of it as long as it took', () => {
  for (const { verb, p50: recorded } of recording.verbs) {
    if (recorded === undefined) continue;
    assert.ok(
      Math.abs(p50(asItWas, verb) - recorded) <= 0.02 * recorded + 1,
      `${verb}: ${recorded} ms, simulated ${p50(asItWas, verb)} ms`,
    );
  }
  assert.ok(Math.abs(asItWas.spanMs / recording.spanMs - 1) < 0.05, `${recording.spanMs} ms, simulated ${asItWas.spanMs} ms`);
});

test('given a simulated log, when it is folded, decided anew and simulated again, then it is a log like any other', async () => {
  const { seq } = await fold(of(asItWas.events));
  assert.is(seq, asItWas.events.length - 1);
  assert.is((await redecide(of(asItWas.events), () => undefined)).differences, 0);
  const again = await simulate(await readRecording(of(asItWas.events)));
  assert.equal(again.others, []);
});

test('given another latency of a step, when simulated, then what takes that step takes so much longer, and ends as it did', async () => {
  const latencies = new Map([parseStepLatency('runtime.create=138ms'), parseStepLatency('network.removeNetwork=x3')]);
  const slow = await simulate(recording, { whatIf: { ...AS_IT_WAS, latencies } });
  const more = p50(slow, 'container.start') - p50(asItWas, 'container.start');
  assert.ok(Math.abs(more - 100) < 2, `${more} ms more`);
  const removal = p50(slow, 'network.remove') - p50(asItWas, 'network.remove');
  assert.ok(removal > 0.5 && removal < 1.5, `${removal} ms more`);
  assert.is(p50(slow, 'container.create'), p50(asItWas, 'container.create'));
  assert.equal(slow.others, []);
});

test('given another driver, when simulated, then its name is in the log, and its verbs take so many times as long', async () => {
  const drivers = new Map([parseOtherDriver('storage=vfs:4')]);
  const other = await simulate(recording, { whatIf: { ...AS_IT_WAS, drivers } });
  const created = other.events.find(({ type }) => type === 'container.create.requested');
  assert.ok(created?.type === 'container.create.requested');
  assert.is(created.data.decided?.storageDriver, 'vfs');
  const times = p50(other, 'container.create') / p50(asItWas, 'container.create');
  assert.ok(Math.abs(times - 4) < 0.1, `${times} times`);
});

test('given a fault at a position, when simulated, then that operation fails with it, and what depends on it goes its own way', async () => {
  const start = recording.commands.find(
    ({ verb, op }) => verb === 'container.start' && recording.outcomes.get(`op ${op}`)?.status === 'ok',
  );
  assert.ok(start);
  const faults = [parseFault(`${start.seq}=KERNEL_CALL_FAILED@network.attach`)];
  const faulty = await simulate(recording, { whatIf: { ...AS_IT_WAS, faults } });
  const [first] = faulty.others;
  assert.equal(first?.recorded, { status: 'ok' });
  assert.equal(first?.now, { status: 'failed', code: 'KERNEL_CALL_FAILED' });
  assert.is(first?.seq, start.seq);
  const failed = faulty.events.find(({ op, kind }) => op === start.op && kind === 'outcome');
  assert.is(failed?.result?.step, 'network.attach bridge');
  assert.is((await redecide(of(faulty.events), () => undefined)).differences, 0);
});

test('given a fault at a step that the operation does not take, when simulated, then it is told that it was not met', async () => {
  const start = recording.commands.find(
    ({ verb, op }) => verb === 'container.start' && recording.outcomes.get(`op ${op}`)?.status === 'ok',
  );
  assert.ok(start);
  const [missed, met] = [parseFault(`${start.seq}=DISK_FULL@volume.create`), parseFault(`${start.seq}=DISK_FULL`)];
  const one = await simulate(recording, { whatIf: { ...AS_IT_WAS, faults: [missed] } });
  assert.equal([one.unmet, one.others], [[missed], []]);
  assert.equal((await simulate(recording, { whatIf: { ...AS_IT_WAS, faults: [met] } })).unmet, []);
});

test('given drawn latencies, when simulated with one seed and another, then one seed is one log', async () => {
  const [one, same, other] = [
    await simulate(recording, { resample: true, seed: 7 }),
    await simulate(recording, { resample: true, seed: 7 }),
    await simulate(recording, { resample: true, seed: 8 }),
  ];
  assert.is(JSON.stringify(one.events), JSON.stringify(same.events));
  assert.is.not(JSON.stringify(one.events), JSON.stringify(other.events));
});

test('given no time to think, when simulated, then all of it takes less, in the order it had, also where processes ran until the host went down', async () => {
  const fast = await simulate(recording, { speed: Number.POSITIVE_INFINITY });
  const longest = Math.max(...[...recording.runs.containers.values()].flat().map((run) => (run?.withHost === undefined ? 0 : run.afterMs)));
  assert.ok(longest > 0.5 * recording.spanMs, `${longest} of ${recording.spanMs} ms`);
  assert.ok(fast.spanMs < 0.1 * recording.spanMs, `${fast.spanMs} of ${recording.spanMs} ms`);
  assert.is(fast.verbs.reduce((sum, { count }) => sum + count, 0) > recording.commands.length, true);
});

test('given a what-if of which the log knows nothing, when simulated, then it is refused with what there is', async () => {
  const whatIf = { ...AS_IT_WAS };
  assert.is(
    await codeOf(simulate(recording, { whatIf: { ...whatIf, latencies: new Map([parseStepLatency('storage.melt=1s')]) } })),
    'REQUEST_INVALID',
  );
  assert.is(
    await codeOf(simulate(recording, { whatIf: { ...whatIf, drivers: new Map([parseOtherDriver('storage=zfs')]) } })),
    'REQUEST_INVALID',
  );
  assert.is(await codeOf(simulate(recording, { whatIf: { ...whatIf, faults: [parseFault('0=DISK_FULL')] } })), 'REQUEST_INVALID');
  const seq = recording.commands.find(({ verb }) => verb === 'container.start')?.seq;
  for (const wrong of [[`${seq}=DISK_FULL@storage.melt`], [`${seq}=DISK_FULL@melt`], [`${seq}=DISK_FULL`, `${seq}=CANCELED`]])
    assert.is(await codeOf(simulate(recording, { whatIf: { ...whatIf, faults: wrong.map(parseFault) } })), 'REQUEST_INVALID', wrong[0]);
});

test('given what people write, when it is read, then it means what it says, or is refused', () => {
  assert.equal(parseLatency('5ms'), { from: 5, to: 5 });
  assert.equal(parseLatency('0.5s-2s'), { from: 500, to: 2000 });
  assert.equal(parseLatency('x1.5'), { times: 1.5 });
  assert.equal(parseOtherDriver('storage=vfs'), ['storage', { name: 'vfs' }]);
  assert.equal(parseFault('12=DISK_FULL'), { seq: 12, code: 'DISK_FULL' });
  for (const wrong of ['', '5', 'fast', '20ms-5ms', '-1ms'])
    assert.is(
      refusal(() => parseLatency(wrong)),
      'REQUEST_INVALID',
      wrong,
    );
  for (const wrong of ['mount=5ms', 'storage.mount', '=5ms'])
    assert.is(
      refusal(() => parseStepLatency(wrong)),
      'REQUEST_INVALID',
      wrong,
    );
  for (const wrong of ['vfs', 'storage=', 'storage=vfs:fast'])
    assert.is(
      refusal(() => parseOtherDriver(wrong)),
      'REQUEST_INVALID',
      wrong,
    );
  for (const wrong of ['x=DISK_FULL', '1=NO_SUCH_CODE', '1'])
    assert.is(
      refusal(() => parseFault(wrong)),
      'REQUEST_INVALID',
      wrong,
    );
});

test.run();
