import { canonicalState, createState, evolve, restoreState } from '@shiplog/model';
import { type Difference, eventsOf, fold, hashOf, readRecording, readSource, redecide, simulate } from '@shiplog/replay';
import type { ShiplogEvent } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenLogs } from './golden.ts';
import { life } from './life.ts';

const test = suite('golden logs');
const golden = await goldenLogs();

async function allOf(path: string): Promise<ShiplogEvent[]> {
  const events: ShiplogEvent[] = [];
  for await (const event of eventsOf(readSource(path))) events.push(event);
  return events;
}

test('given the releases, when counted, then the first is among them', () => {
  assert.ok(golden.some(({ release }) => release === '0.1.0'));
});

for (const { release, log, expected } of golden) {
  test(`given the log of ${release}, when it is folded, then its states have the hashes they had`, async () => {
    for (const [seq, hash] of Object.entries(expected.hashes))
      assert.is((await fold(readSource(log), { seq: Number(seq) })).hash, hash, seq);
    assert.is((await fold(readSource(log))).seq, expected.events - 1);
  });

  test(`given the log of ${release}, when it is folded on from a state stored at any position, then the hash is one`, async () => {
    const events = await allOf(log);
    const { hash } = await fold(readSource(log));
    const state = createState();
    for (const event of events) {
      evolve(state, event);
      if (event.seq % 97 !== 0) continue;
      const resumed = restoreState(canonicalState(state));
      for (const later of events.slice(event.seq + 1)) evolve(resumed, later);
      assert.is(hashOf(resumed), hash, `from ${event.seq}`);
    }
    assert.is(hashOf(state), hash);
  });

  test(`given the log of ${release}, when every command is decided anew, then only what was changed on purpose differs`, async () => {
    const differences: Difference[] = [];
    const counts = await redecide(readSource(log), (difference) => differences.push(difference));
    assert.equal(
      differences.map(({ seq, changes }) => ({ seq, changes })),
      expected.differences.map(({ seq, changes }) => ({ seq, changes })),
    );
    assert.ok(expected.differences.every(({ why }) => why !== ''));
    assert.ok(counts.commands > 250);
  });

  test(`given the log of ${release}, when it is simulated twice, then both are one log, and commands end as they did`, async () => {
    const recording = await readRecording(readSource(log));
    const [first, second] = [await simulate(recording), await simulate(recording)];
    assert.equal(JSON.stringify(first.events), JSON.stringify(second.events));
    assert.equal(first.others, []);
  });
}

test('given the life of an engine, when it is lived today, then every verb meets every end that it can', async () => {
  const events = await life();
  const ends = new Set(
    events
      .filter(({ kind }) => kind === 'outcome')
      .map(({ type, result, actor }) => {
        const recovered = actor.scheme === 'system' && actor.reason === 'recovery' ? ' by recovery' : '';
        return `${type.replace(/\.[a-z]+$/, '')} ${result?.status}${recovered}`;
      }),
  );
  const verbs = new Set(events.filter(({ kind }) => kind === 'intent').map(({ type }) => type.replace('.requested', '')));
  assert.ok(verbs.size >= 25);
  for (const verb of verbs) {
    // The simulated host has no plugins to start and stop; the engine's own tests show their ends.
    if (verb.startsWith('plugin.')) continue;
    assert.ok(ends.has(`${verb} ok`), `${verb} never succeeds`);
    assert.ok(ends.has(`${verb} refused`), `${verb} is never refused`);
    if (['container.rename', 'exec.create', 'image.tag', 'container.release', 'log.seal', 'log.prune'].includes(verb)) continue;
    assert.ok(
      [...ends].some((end) => end.startsWith(`${verb} `) && end.endsWith(' by recovery')),
      `${verb} is never recovered`,
    );
    if (verb === 'subject.erase') continue;
    assert.ok(ends.has(`${verb} failed`), `${verb} never fails`);
    assert.ok(ends.has(`${verb} canceled`), `${verb} is never canceled`);
  }
  const types = new Set(events.map(({ type }) => type));
  for (const type of [
    'container.exited',
    'container.oom',
    'exec.exited',
    'host.rebooted',
    'host.drifted',
    'engine.stopped',
    'operation.step',
  ] as const)
    assert.ok(types.has(type), type);
});

test.run();
