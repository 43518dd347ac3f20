import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { canonicalState, restoreState } from './canonical-state.ts';
import { VERBS } from './decide.ts';
import { evolve, FOLDED_TYPES } from './evolve.ts';
import { createState, snapshotOf } from './state.ts';
import { syntheticLog } from './testing/synthetic-log.ts';
import { began, created, exited, given, running, specOf } from './testing/scenario.test.util.ts';

const test = suite('evolve, snapshotOf, canonicalState');

test('given an event type of a later release, when folded, then only the position moves', () => {
  const { world } = given(running('web'));
  const before = JSON.parse(canonicalState(world.state)) as { seq: number };
  const last = world.events.at(-1);
  for (const type of ['container.teleported', 'constructor', 'toString']) {
    evolve(world.state, { ...last, seq: 99, type, kind: 'observed', data: {} } as ShiplogEvent);
  }
  assert.equal(JSON.parse(canonicalState(world.state)), { ...before, seq: 99 });
});

test('given an outcome without its intent, when folded, then nothing but the position changes', () => {
  const { world } = given(running('web'));
  for (const event of world.events) {
    const state = createState();
    if (event.kind !== 'outcome' || event.type.startsWith('image.load')) continue;
    evolve(state, event);
    assert.is(canonicalState(state), canonicalState(Object.assign(createState(), { seq: event.seq })));
  }
});

test('given a snapshot, when the state goes on, then the snapshot does not, and looks things up by itself', () => {
  const { world } = given(created('web'));
  const snapshot = snapshotOf(world.state);
  const before = canonicalState(snapshot);
  world.run('container.start', { container: 'web' });
  assert.is(canonicalState(snapshot), before);
  assert.is(snapshot.container('web').status, 'created');
  assert.is(world.state.container('web').status, 'running');
});

test('given a state in the middle of operations, when written and restored, then it goes on the same way', () => {
  const scenario = given(running('c1'), exited('c1'), began('container.create', { name: 'c2', spec: specOf() }));
  const then = scenario.when('container.start', { container: 'c1' });
  const restored = restoreState(canonicalState(then.world.state));
  assert.is(canonicalState(restored), canonicalState(then.world.state));
  const from = then.world.events.length;
  then.thenFailed('RUNTIME_FAILED', (state) => {
    for (const event of then.world.events.slice(from)) evolve(restored, event);
    assert.is(canonicalState(restored), canonicalState(state));
  });
});

test('given text that is no state, when restored, then it throws', () => {
  assert.throws(() => restoreState('{"format":2,"seq":0}'), /format 2/);
  assert.throws(() => restoreState('x'));
});

test('given steps of an open operation, when folded, then what drivers journaled is kept until its outcome', () => {
  const then = given(created('web')).when('container.start', { container: 'web' });
  const op = then.world.state.container('web').busy?.op ?? '';
  const { stream } = then.world.state.openOperations.get(op) ?? { stream: '' };
  for (const [step, answer] of [
    ['rootfs', undefined],
    ['sandbox', { value: 7 }],
  ] as const) {
    const data = { verb: 'container.start', step, ...(answer === undefined ? {} : { answer }) };
    then.world.append(op, { stream: stream as 'engine', type: 'operation.step', kind: 'meta', data });
  }
  assert.equal(then.world.state.openOperations.get(op)?.answers, { sandbox: { value: 7 } });
  then.thenState((state) => assert.is(state.openOperations.size, 0));
});

test('given a log, when only the types that are heeded are folded, then the state is the same but for its position', () => {
  const folded = new Set(FOLDED_TYPES);
  const [all, heeded] = [createState(), createState()];
  for (const event of [...syntheticLog(5000, { containers: 20 })].flatMap(({ events }) => events)) {
    evolve(all, event);
    if (folded.has(event.type)) evolve(heeded, event);
  }
  heeded.seq = all.seq;
  assert.is(canonicalState(heeded), canonicalState(all));
  assert.not.ok(folded.has('operation.step'));
});

test('given an intent of any verb, when only the types that are heeded are folded, then it is open until its outcome', () => {
  const folded = new Set(FOLDED_TYPES);
  for (const verb of VERBS) {
    const of = (kind: string) => `${verb}.${kind}`;
    assert.equal([folded.has(of('requested')), folded.has(of('succeeded')), folded.has(of('failed'))], [true, true, true], verb);
  }
});

test('given a refused command, when its two events are folded, then nothing stays open', () => {
  const scenario = given();
  scenario.when('container.start', { container: 'nobody' }).thenRefused('CONTAINER_NOT_FOUND');
  assert.equal(
    scenario.world.events.slice(-2).map(({ type, stream, kind }) => [type, stream, kind]),
    [
      ['container.start.requested', 'engine', 'intent'],
      ['container.start.failed', 'engine', 'outcome'],
    ],
  );
  assert.equal([scenario.world.state.openOperations.size, scenario.world.state.pending.size], [0, 0]);
});

test('given records once read, when the state goes on, then they never change', () => {
  const { world } = given(running('web'));
  const record = world.state.container('web');
  const copy = structuredClone(record);
  exited('web')(world);
  world.run('container.remove', { container: 'web', force: false, volumes: false });
  assert.equal(record, copy);
});

test.run();
