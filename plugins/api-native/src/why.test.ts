import { join } from 'node:path';
import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CauseLink, EventLog, ShiplogEvent } from '@shiplog/contracts';
import { openEventLog, openLevelLog } from '@shiplog/event-log';
import { createState, evolve, type State } from '@shiplog/model';
import { syntheticLog } from '@shiplog/model/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { diffStates } from './diff.ts';
import { howCameIt, howIsItsHealth, whyIsIt } from './why.ts';

const test = suite('why, diff: over a synthetic log');

const log: EventLog = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
for (const { request } of syntheticLog(8000, { containers: 15, seed: 9 })) log.append(request);
await log.flushed();

async function stateAt(seq: number): Promise<State> {
  const state = createState();
  for await (const event of log.read({ to: seq })) evolve(state, event);
  return state;
}

async function eventsOf(...types: readonly string[]): Promise<readonly ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of log.read({ types })) found.push(event);
  return found;
}

const story = (chain: readonly CauseLink[]): readonly string[] => chain.map(({ relation, event }) => `${relation} ${event.type}`);

const last = await stateAt(log.durableSeq);

test('given every object there is, when asked why, then a chain leads back in time to an intent with a caller', async () => {
  const objects = [
    ...[...last.containers.values()]
      .filter(({ busy }) => busy?.verb !== 'container.create')
      .map((record) => ({ kind: 'container', record, seq: last.seq }) as const),
    ...[...last.images.values()].map((record) => ({ kind: 'image', record, seq: last.seq }) as const),
    ...[...last.networks.values()].map((record) => ({ kind: 'network', record, seq: last.seq }) as const),
    ...[...last.volumes.values()].map((record) => ({ kind: 'volume', record, seq: last.seq }) as const),
  ];
  assert.ok(objects.length > 60);
  for (const object of objects) {
    for (const chain of [await whyIsIt(log, object), await howCameIt(log, object)]) {
      const seqs = chain.map(({ event }) => event.seq);
      assert.ok(seqs.length > 0, `${object.kind} has no chain`);
      assert.equal(
        seqs,
        seqs.toSorted((a, b) => b - a),
      );
      assert.is(chain[0]?.relation, 'last');
      const first = chain.at(-1)?.event;
      assert.is(first?.kind, 'intent', story(chain).join(', '));
      // The engine makes some networks for itself.
      if (object.kind !== 'network') assert.is(first?.actor.scheme, 'unix', story(chain).join(', '));
    }
  }
});

test('given a container that runs, when asked why, then its last start and who asked for it', async () => {
  for (const record of last.containers.values()) {
    if (record.status !== 'running' || record.busy !== undefined) continue;
    const [outcome, intent] = await whyIsIt(log, { kind: 'container', record, seq: last.seq });
    assert.match(outcome?.event.type ?? '', /^container\.(start|restart|unpause)\.succeeded$/);
    assert.is(intent?.relation, 'asked');
    assert.is(intent?.event.op, outcome?.event.op);
  }
});

test('given a container that was stopped, when asked why, then the exit, and during which stop', async () => {
  const stops = await eventsOf('container.stop.succeeded');
  assert.ok(stops.length > 20);
  for (const stop of stops.slice(0, 40)) {
    const record = (await stateAt(stop.seq)).containers.get(stop.stream.slice('container/'.length));
    assert.is(record?.status, 'exited');
    if (record === undefined) continue;
    const chain = await whyIsIt(log, { kind: 'container', record, seq: stop.seq });
    assert.equal(story(chain), ['last container.exited', 'during container.stop.requested']);
    assert.is(chain[1]?.event.op, stop.op);
  }
});

test('given a container that is being released, when asked why, then what ended it', async () => {
  const releases = await eventsOf('container.release.requested');
  assert.ok(releases.length > 20);
  for (const { seq, stream } of releases.slice(0, 40)) {
    const record = (await stateAt(seq)).containers.get(stream.slice('container/'.length));
    assert.is(record?.busy?.verb, 'container.release');
    if (record === undefined) continue;
    const [first] = await whyIsIt(log, { kind: 'container', record, seq });
    assert.match(first?.event.type ?? '', /^container\.(exited|start\.failed)$/);
  }
});

test('given a container that ended and removed itself, when asked why it is gone, then removal, exit, start, and who started it', async () => {
  const removals = (await eventsOf('container.remove.requested')).filter(
    ({ actor, cause }) => actor.scheme === 'system' && actor.reason === 'auto-remove' && cause !== undefined,
  );
  assert.ok(removals.length > 20);
  const told = new Set<string>();
  for (const { op, stream } of removals.slice(0, 40)) {
    let removed: ShiplogEvent | undefined;
    for await (const event of log.readStream(stream)) if (event.op === op && event.kind === 'outcome') removed = event;
    if (removed?.type !== 'container.remove.succeeded') continue;
    const record = (await stateAt(removed.seq - 1)).containers.get(stream.slice('container/'.length));
    if (record === undefined) throw new Error('it was there just before');
    const removedAt = { seq: removed.seq, time: removed.t };
    const chain = await whyIsIt(log, { kind: 'container', record, seq: removed.seq - 1, removedAt });
    told.add(story(chain).join(', '));
    assert.is(chain.at(-1)?.event.actor.scheme, 'unix');
  }
  const byItself =
    'last container.remove.succeeded, asked container.remove.requested, caused container.exited, after container.start.succeeded, asked container.start.requested';
  assert.ok(told.has(byItself), [...told].join('\n'));
});

test('given objects of before what was pruned, when asked why, then what is kept is told, and no later event for how they came to be', async () => {
  await using temporary = await temporaryDirectory();
  const pruned = await openLevelLog({ directory: join(temporary.path, 'log'), boot: 'boot-1', inst: 'inst-1' });
  try {
    for (const { request } of syntheticLog(8000, { containers: 15, seed: 9 })) pruned.append(request);
    await pruned.flushed();
    for await (const range of pruned.seal(4000)) assert.ok(range.last < 4000);
    await pruned.prune(pruned.sealedSeq + 1, Buffer.from('{}'), async (data) => {
      const stamp = { op: 'op', corr: 'corr', t: '1', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;
      await pruned.append({ stamp, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
    });
    assert.ok(pruned.firstSeq > 3000);
    const told = { chains: 0, empty: 0, origins: 0, lost: 0 };
    const containers = [...last.containers.values()].map((record) => ({ kind: 'container', record, seq: last.seq }) as const);
    const networks = [...last.networks.values()].map((record) => ({ kind: 'network', record, seq: last.seq }) as const);
    for (const object of [...containers, ...networks]) {
      const [chain, whole] = [await whyIsIt(pruned, object), await whyIsIt(log, object)];
      assert.equal(
        chain.map(({ event }) => event.seq),
        whole.map(({ event }) => event.seq).filter((seq) => seq >= pruned.firstSeq),
      );
      told[chain.length > 0 ? 'chains' : 'empty'] += 1;
      const [origin, was] = [await howCameIt(pruned, object), await howCameIt(log, object)];
      const isKept = (was.at(-1)?.event.seq ?? 0) >= pruned.firstSeq;
      assert.equal(
        origin.map(({ event }) => event.seq),
        isKept ? was.map(({ event }) => event.seq) : [],
      );
      told[isKept ? 'origins' : 'lost'] += 1;
    }
    for (const [what, count] of Object.entries(told)) assert.ok(count > 0, what);
  } finally {
    await pruned.close();
  }
});

/** A log of one container that ends and is started again by its policy, `rounds` times, and whose health changed as often. */
async function restarted(rounds: number): Promise<EventLog> {
  const made = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
  const stream = 'container/c1';
  const add = async (kind: string, type: string, op: string, more: object = {}, cause?: number): Promise<number> => {
    const actor = op === 'op0' ? { scheme: 'unix', uid: 1, gid: 1, pid: 1 } : { scheme: 'system', reason: 'restart-policy' };
    const stamp = { op, corr: op, t: '1', mono: '1', actor };
    const event = { stream, type, kind, data: {}, ...(cause === undefined ? {} : { cause }), ...more };
    const { events, durable } = made.append({ stamp, events: [event] } as never);
    await durable;
    return events[0]?.seq ?? -1;
  };
  let exit: number | undefined;
  for (let round = 0; round <= rounds; round += 1) {
    const op = `op${round}`;
    const intent = await add('intent', 'container.start.requested', op, {}, exit);
    await add('outcome', 'container.start.succeeded', op, { result: { status: 'ok', ms: 1 } }, intent);
    if (round < rounds) exit = await add('observed', 'container.exited', `exit${round}`, { data: { exitCode: 1 } });
  }
  for (let change = 0; change < rounds; change += 1) {
    const [was, status] = change % 2 === 0 ? ['healthy', 'unhealthy'] : ['unhealthy', 'healthy'];
    await add('observed', 'container.health', `probe${change}`, { data: { was, status, exitCode: change % 2 === 0 ? 1 : 0 } });
  }
  // As 0.1.0 wrote: the failing streak alone.
  await add('observed', 'container.health', 'streak', { data: { was: 'healthy', status: 'healthy', exitCode: 1 } });
  return made;
}

test('given a container that was restarted again and again, when asked why, then the chain is short, and ends with who started it', async () => {
  for (const [rounds, length, relation] of [
    [2, 8, 'asked'],
    [40, 25, 'since'],
  ] as const) {
    const made = await restarted(rounds);
    const found = { kind: 'container', record: { id: 'c1' }, seq: made.durableSeq } as never;
    const chain = await whyIsIt(made, found);
    assert.is(chain.length, length);
    const first = chain.at(-1);
    assert.equal([first?.relation, first?.event.seq, first?.event.actor.scheme], [relation, 0, 'unix']);
    await made.close();
  }
});

test('given a container that an engine started when it started, when asked why, then the engine, what was before it, and who asked for that', async () => {
  const started = ['engine', 'engine.started', 'meta'] as const;
  const asked = ['container/c1', 'container.start.requested', 'intent'] as const;
  const runs = ['container/c1', 'container.start.succeeded', 'outcome'] as const;
  const exited = ['container/c1', 'container.exited', 'observed'] as const;
  const begun = [started, asked, [...runs, { cause: 1 }]] as const;
  for (const [events, story] of [
    // Its end was found by the next engine.
    [
      [...begun, started, [...exited, { data: { exitCode: 255, source: 'recovery' } }], [...asked, { cause: 4 }], [...runs, { cause: 5 }]],
      'last 6, asked 5, caused 4, after 3, after 2, asked 1',
    ],
    // It had been told.
    [
      [...begun, [...exited, { data: { exitCode: 1, source: 'monitor' } }], started, [...asked, { cause: 4 }], [...runs, { cause: 5 }]],
      'last 6, asked 5, caused 4, after 3, after 2, asked 1',
    ],
    // Somebody had stopped it.
    [
      [
        ...begun,
        ['container/c1', 'container.stop.requested', 'intent', { op: 'stop' }],
        [...exited, { data: { exitCode: 143, source: 'monitor' } }],
        ['container/c1', 'container.stop.succeeded', 'outcome', { op: 'stop', cause: 3 }],
        started,
        [...asked, { cause: 6 }],
        [...runs, { cause: 7 }],
      ],
      'last 8, asked 7, caused 6, after 4, during 3',
    ],
  ] as const) {
    const made = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
    for (const [index, [stream, type, kind, more]] of events.entries()) {
      const { op = `op${index}`, ...rest } = { op: undefined, ...more };
      const stamp = { op, corr: op, t: '1', mono: '1', actor: { scheme: 'system', reason: 'test' } };
      await made.append({ stamp, events: [{ stream, type, kind, data: {}, ...rest }] } as never).durable;
    }
    const chain = await whyIsIt(made, { kind: 'container', record: { id: 'c1' }, seq: made.durableSeq } as never);
    assert.is(chain.map(({ relation, event }) => `${relation} ${event.seq}`).join(', '), story);
    await made.close();
  }
});

test('given changes of health, when asked for, then the last of them and the start before them; none of a container that does not run', async () => {
  for (const [rounds, told] of [
    [1, 'last container.health, after container.start.succeeded'],
    [2, 'last container.health, after container.health, after container.start.succeeded'],
    [20, `last container.health, ${'after container.health, '.repeat(7)}since container.start.succeeded`],
  ] as const) {
    const made = await restarted(rounds);
    const found = (record: object) => ({ kind: 'container', record: { id: 'c1', ...record }, seq: made.durableSeq }) as never;
    const health = await howIsItsHealth(made, found({ process: {} }));
    assert.is(story(health).join(', '), told);
    assert.is((health[0]?.event.data as { readonly status?: string } | undefined)?.status, rounds % 2 === 0 ? 'healthy' : 'unhealthy');
    assert.equal(await howIsItsHealth(made, found({})), []);
    await made.close();
  }
});

test('given two states, when compared, then what came, what went and what changed is told, field by field, and nothing else', async () => {
  const [before, after] = [await stateAt(3000), await stateAt(5000)];
  assert.equal(diffStates(before, await stateAt(3000)), []);
  const changes = diffStates(before, after);
  for (const kind of ['container', 'image', 'network', 'volume'] as const) {
    const [was, is] = [before[`${kind}s`], after[`${kind}s`]] as readonly ReadonlyMap<string, object>[];
    const ids = (change: string): readonly string[] =>
      changes.filter((one) => one.kind === kind && one.change === change).map(({ id }) => id);
    assert.equal(
      ids('added'),
      [...(is?.keys() ?? [])].filter((id) => was?.has(id) === false),
      kind,
    );
    assert.equal(
      ids('removed'),
      [...(was?.keys() ?? [])].filter((id) => is?.has(id) === false),
      kind,
    );
    for (const { id, fields = [] } of changes.filter((one) => one.kind === kind && one.change === 'changed')) {
      assert.ok(fields.length > 0);
      for (const field of fields) {
        assert.equal(at(was?.get(id), field.field), field.before);
        assert.equal(at(is?.get(id), field.field), field.after);
      }
    }
  }
  const [exited] = await eventsOf('container.exited');
  assert.ok(exited);
  const ended = diffStates(await stateAt(exited.seq - 1), await stateAt(exited.seq));
  assert.ok(ended.some(({ fields }) => fields?.some(({ field }) => field === 'status')));
});

test('given an operation under way and nothing else, when states are compared, then nothing differs', () => {
  const world = createState();
  const [container] = last.containers.values();
  if (container === undefined) throw new Error('there are containers');
  world.containers.set(container.id, { ...container, busy: { op: 'x', verb: 'container.start' } });
  const { busy: _, ...idle } = container;
  const other = createState();
  other.containers.set(container.id, idle);
  assert.equal(diffStates(world, other), []);
});

function at(record: unknown, path: string): unknown {
  let value = record;
  for (const field of path.split('.')) value = (value as { readonly [field: string]: unknown } | undefined)?.[field];
  return value;
}

test.after(() => log.close());

test.run();
