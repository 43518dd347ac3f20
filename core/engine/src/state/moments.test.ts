// time limit: 300 s
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type EventLog,
  type EventLogReader,
  type ObjectKind,
  type ReadOptions,
  type ShiplogEvent,
  type SnapshotStore,
  ShiplogError,
} from '@shiplog/contracts';
import { openEventLog, openLevelLog } from '@shiplog/event-log';
import { temporaryDirectory } from '@shiplog/test-support';
import { createState, evolve, findRecord, snapshotOf, type State, storedText, storeState } from '@shiplog/model';
import { syntheticLog } from '@shiplog/model/testing';
import { Ledger } from './ledger.ts';
import { Moments } from './moments.ts';
import { DIFFERENCE, StateSnapshots, WHOLE } from '../snapshots/state-snapshots.ts';
import { hashState } from '../snapshots/state-hash.ts';

const test = suite('Moments: states and records of the past');

const EVENTS = 12_000;
const POSITIONS = 10_000;
/** Close to each other, so that few events make many snapshots. */
const SPACING = 150;
const silent = { debug: () => undefined, info: () => undefined, warn: fail, error: fail };

function fail(message: string, facts?: object): void {
  throw new Error(`${message} ${JSON.stringify(facts)}`);
}

/** The same positions in every run. */
function* positions(count: number, below: number): Generator<number> {
  let x = 2_463_534_242;
  for (let index = 0; index < count; index += 1) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield (x >>> 0) % below;
  }
}

const log: EventLog = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
const ledger = await Ledger.open(log, silent, () => SPACING);
for (const { request } of syntheticLog(EVENTS, { containers: 20, seed: 11 })) {
  await ledger.append(request).durable;
  await ledger.settled();
}

/** States at ascending positions, each folded from the first event. */
async function* zeroFolds(ascending: readonly number[], of: EventLogReader = log): AsyncGenerator<readonly [seq: number, state: State]> {
  const state = createState();
  let next = 0;
  for await (const event of of.read()) {
    evolve(state, event);
    if (event.seq === ascending[next]) yield [ascending[next++] ?? 0, state];
  }
}

const sorted = [...new Set(positions(POSITIONS, EVENTS))].toSorted((a, b) => a - b);
const hashes = new Map<number, string>();
for await (const [seq, state] of zeroFolds(sorted)) hashes.set(seq, hashState(state));

test('given a log with snapshots along it, when asked for 10,000 positions, then each is what a fold from the first event leads to', async () => {
  const store = log.snapshots;
  assert.ok((await store.positions(WHOLE)).length > 5 && (await store.positions(DIFFERENCE)).length > 20);
  for (const seq of sorted) assert.is(hashState(await ledger.moments.state(seq)), hashes.get(seq), `position ${seq}`);
  // In no order, and so with nothing kept from before.
  for (const seq of positions(500, EVENTS)) assert.is(hashState(await ledger.moments.state(seq)), hashes.get(seq), `position ${seq}`);
});

test('given each snapshot, when read, then it has the hash it says, and containers are in the order in which they were made', async () => {
  const snapshots = new StateSnapshots(log);
  for await (const [seq, zero] of zeroFolds(await snapshots.positions())) {
    const { state, header } = await snapshots.from(seq, async (stored) => ({
      state: (await stored?.state()) ?? createState(),
      header: stored?.header,
    }));
    assert.is(header?.seq, seq);
    assert.is(hashState(state), header?.hash);
    assert.equal([...state.containers.keys()], [...zero.containers.keys()]);
    for (const name of ['images', 'networks', 'volumes'] as const) assert.equal([...state[name].keys()], [...zero[name].keys()]);
  }
});

test('given a log without snapshots, when it is opened, then they are made along it, and states are the same', async () => {
  const other = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
  for (const { request } of syntheticLog(6000, { containers: 20, seed: 11 })) await other.append(request).durable;
  const opened = await Ledger.open(other, silent, () => SPACING);
  await opened.settled();
  const made = await new StateSnapshots(other).positions();
  const gaps = [...made, 5999].map((seq, index) => seq - (made[index - 1] ?? -1));
  assert.ok(made.length >= 3 && Math.max(...gaps) <= 5 * SPACING, gaps.join(' '));
  const some = [...new Set([...made, ...positions(100, 5999), 5999])].toSorted((a, b) => a - b);
  for await (const [seq, state] of zeroFolds(some, other)) assert.is(hashState(await opened.moments.state(seq)), hashState(state));
  assert.is(hashState(opened.head), hashState(await opened.moments.state(other.durableSeq)));
  await other.close();
});

/** Where a log of 6000 events was pruned, in the middle of what is a difference to one whole snapshot; and what its states are then. */
async function prunedLog(
  directory: string,
): Promise<{ readonly first: number; readonly expected: readonly (readonly [number, string])[] }> {
  const other = await openLevelLog({ directory, boot: 'boot-1', inst: 'inst-1' });
  const pruned = await Ledger.open(other, silent, () => SPACING);
  for (const { request } of syntheticLog(6000, { containers: 100, seed: 11 })) {
    await pruned.append(request).durable;
    await pruned.settled();
  }
  const end = other.durableSeq;
  const wholes = await other.snapshots.positions(WHOLE);
  const differences = await other.snapshots.positions(DIFFERENCE);
  const spans = wholes.map((whole, index) => differences.filter((seq) => seq > whole && seq < (wholes[index + 1] ?? end)));
  const later = (spans.find(({ length }) => length > 4) ?? []).slice(1);
  assert.ok(later.length > 3, `there are some between two whole ones: ${spans.map(({ length }) => length).join(' ')}`);
  for await (const _ of other.seal((later[0] ?? 0) + 40));
  const first = other.sealedSeq + 1;
  const some = [...new Set([first - 1, ...later, ...positions(200, end)])].filter((seq) => seq >= first - 1).toSorted((a, b) => a - b);
  const expected: (readonly [number, string])[] = [];
  for await (const [seq, state] of zeroFolds(some, other)) expected.push([seq, hashState(state)]);
  const state = Buffer.from(storedText(storeState(await pruned.moments.state(first - 1))));
  await other.prune(first, state, async (data) => {
    const stamp = { op: 'op', corr: 'corr', t: '1', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;
    await pruned.append({ stamp, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
  await other.close();
  return { first, expected };
}

/** States are as expected, and found without much folding. */
async function assertFound(of: EventLog, first: number, expected: readonly (readonly [number, string])[]): Promise<void> {
  const moments = new Moments(of, new StateSnapshots(of));
  for (const [seq, hash] of expected) {
    assert.is(hashState(await moments.state(seq)), hash, `position ${seq}`);
    const nearest = await new StateSnapshots(of).from(seq, async (stored) => stored?.header.seq ?? -1);
    assert.ok(seq - nearest <= 5 * SPACING && nearest >= first - 1, `at ${seq} from ${nearest}`);
  }
}

/** The same log, of which nothing that changes snapshots is done any more from the change `last` on: as if its process were killed then. `changes` are counted. */
function dyingLog(of: EventLog, last: number): { readonly log: EventLog; readonly changes: () => number; readonly dead: Promise<void> } {
  const { promise: dead, resolve } = Promise.withResolvers<void>();
  let changes = 0;
  const change = <T>(run: () => Promise<T>): Promise<T> => {
    changes += 1;
    if (changes < last) return run();
    resolve();
    return new Promise(() => undefined);
  };
  const store = of.snapshots;
  const snapshots: SnapshotStore = {
    nearest: (kind, seq) => store.nearest(kind, seq),
    parts: (kind, seq, numbers) => store.parts(kind, seq, numbers),
    positions: (kind) => store.positions(kind),
    put: (...args) => change(() => store.put(...args)),
    remove: (...args) => change(() => store.remove(...args)),
  };
  const log = new Proxy(of, {
    get(target, name) {
      if (name === 'snapshots') return snapshots;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { log, changes: () => changes, dead };
}

test('given snapshots whose bases go with a prune, when it is done, or killed at any moment and done again, then others are there in their place, and states are the same', async () => {
  await using temporary = await temporaryDirectory();
  const directory = join(temporary.path, 'log');
  const { first, expected } = await prunedLog(directory);
  for (let last = 1, changes = Number.POSITIVE_INFINITY; last <= changes + 1; last += 1) {
    const copy = join(temporary.path, `${last}`);
    await cp(directory, copy, { recursive: true });
    const other = await openLevelLog({ directory: copy, boot: 'boot-1', inst: 'inst-2' });
    const dying = dyingLog(other, last);
    const whole = (await Ledger.open(dying.log, silent, () => SPACING)).discardSnapshotsBefore(first - 1);
    await Promise.race([whole.then(() => (changes = dying.changes())), dying.dead]);
    if (last <= changes) await (await Ledger.open(other, silent, () => SPACING)).discardSnapshotsBefore(first - 1);
    await assertFound(other, first, expected);
    assert.equal(await new StateSnapshots(other).baseless(first - 1), []);
    await other.close();
    await rm(copy, { recursive: true });
    if (last === 1) assert.is(changes, Number.POSITIVE_INFINITY);
  }
});

test('given objects at random positions, when each is asked for alone, then it is as in the whole state', async () => {
  let asked = 0;
  const some = [...new Set(positions(400, EVENTS))].toSorted((a, b) => a - b);
  for await (const [seq, whole] of zeroFolds(some)) {
    const alone = new Moments(log, new StateSnapshots(log));
    for (const [kind, refs] of Object.entries(refsOf(whole, seq)) as [ObjectKind, readonly string[]][]) {
      for (const ref of refs) {
        assert.equal(
          await answer(() => alone.record(kind, ref, seq)),
          await answer(() => findRecord(whole, kind, ref)),
          `${kind} ${ref} at ${seq}`,
        );
        asked += 1;
      }
    }
  }
  assert.ok(asked > 3000, `${asked}`);
});

test('given a container that took its name after the snapshot, when it or its volume is asked for, then the whole engine is not folded', async () => {
  const snapshots = new StateSnapshots(log);
  const [first = 0] = await snapshots.positions();
  const after = await all(log.read({ types: ['container.create.succeeded', 'container.rename.succeeded'] }));
  const some = after.filter(({ seq, rev }, index) => index % 5 === 0 && rev > 0 && seq > first);
  const asked = { container: 0, volume: 0 };
  for await (const [seq, whole] of zeroFolds(some.map((event) => event.seq))) {
    const stream = some.find((event) => event.seq === seq)?.stream ?? 'engine';
    const container = whole.containers.get(stream.slice('container/'.length));
    if (container === undefined) continue;
    const volumes = container.spec.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : []));
    for (const [kind, refs] of [
      ['container', [`/${container.name}`, container.id, container.id.slice(0, 12)]],
      ['volume', volumes],
    ] as const) {
      for (const ref of refs) {
        const reads: ReadOptions[] = [];
        const moments = new Moments(
          readsTold(log, (options) => reads.push(options)),
          snapshots,
        );
        assert.equal(await moments.record(kind, ref, seq), kind === 'container' ? container : whole.volumes.get(ref));
        assert.not.ok(
          reads.some(({ types = [], stream: one }) => one === undefined && types.includes('container.exited')),
          `${kind} ${ref} at ${seq}: ${reads.length} reads`,
        );
        asked[kind] += 1;
      }
    }
  }
  assert.ok(asked.container > 150 && asked.volume > 10, JSON.stringify(asked));
});

test('given a prune that was cut off before the snapshots of what it removed were, when the last state is asked for, then none of them is taken', async () => {
  const { snapshots } = log;
  const [, one = 0, next = 0] = await new StateSnapshots(log).positions();
  const taken = (firstSeq: number): Promise<number | undefined> =>
    new StateSnapshots({ snapshots, firstSeq }).from(next - 1, async (stored) => stored?.header.seq);
  assert.equal([await taken(0), await taken(one + 1), await taken(one + 2)], [one, one, undefined]);
});

test('given snapshots that lack a part, when asked, then the answer is the same, and they are gone', async () => {
  const { snapshots } = log;
  const before = await snapshots.positions(DIFFERENCE);
  for (const seq of before.filter((_, index) => index % 2 === 1))
    await snapshots.put(DIFFERENCE, { seq, bytes: (await snapshots.nearest(DIFFERENCE, seq))?.bytes ?? new Uint8Array() });
  for (const seq of positions(100, EVENTS)) {
    assert.is(hashState(await new Moments(log, new StateSnapshots({ snapshots, firstSeq: 0 })).state(seq)), hashes.get(seq));
  }
  assert.ok((await snapshots.positions(DIFFERENCE)).length < before.length);
});

test('given snapshots that are lost, when asked, then the answer is the same', async () => {
  const snapshots = new StateSnapshots(log);
  const whole = await log.snapshots.positions(WHOLE);
  await log.snapshots.remove(
    WHOLE,
    whole.filter((_, index) => index % 2 === 1),
  );
  for (const seq of positions(100, EVENTS)) assert.is(hashState(await new Moments(log, snapshots).state(seq)), hashes.get(seq));
  await log.snapshots.remove(WHOLE, whole);
  for (const seq of positions(5, EVENTS)) assert.is(hashState(await new Moments(log, snapshots).state(seq)), hashes.get(seq));
});

test('given a log with snapshots, when opened again, then the state is what it was, and goes on', async () => {
  const db = new MemoryLevel();
  const first = await openEventLog({ db, boot: 'boot-1', inst: 'inst-1' });
  const before = await Ledger.open(first, silent, () => SPACING);
  const requests = [...syntheticLog(3000, { containers: 10, seed: 4 })].map(({ request }) => request);
  for (const request of requests.slice(0, 2000)) await before.append(request).durable;
  await before.settled();
  const again = await Ledger.open(first, silent, () => SPACING);
  assert.is(hashState(again.head), hashState(before.head));
  for (const request of requests.slice(2000)) await again.append(request).durable;
  await again.settled();
  const zero = createState();
  for await (const event of first.read()) evolve(zero, event);
  assert.is(hashState(again.head), hashState(zero));
  assert.is(hashState(await again.moments.state(zero.seq)), hashState(zero));
  await first.close();
});

test('given a snapshot that says another hash than its state has, when the log is opened, then all of it is folded', async () => {
  const memory = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
  const before = await Ledger.open(memory, silent, () => SPACING);
  for (const { request } of syntheticLog(1000, { containers: 10, seed: 4 })) await before.append(request).durable;
  await before.settled();
  const [seq = 0] = (await memory.snapshots.positions(WHOLE)).slice(-1);
  const bytes = Buffer.from((await memory.snapshots.nearest(WHOLE, seq))?.bytes ?? []);
  bytes.write('0000', bytes.indexOf('"hash":"') + '"hash":"'.length);
  const { count } = JSON.parse(bytes.toString()) as { readonly count: number };
  const parts = await memory.snapshots.parts(WHOLE, seq, [...Array(count).keys()]);
  await memory.snapshots.put(WHOLE, { seq, bytes }, parts);
  const told: string[] = [];
  await memory.snapshots.remove(DIFFERENCE, await memory.snapshots.positions(DIFFERENCE));
  const again = await Ledger.open(memory, { ...silent, error: (message) => void told.push(message) }, () => SPACING);
  assert.is(hashState(again.head), hashState(before.head));
  assert.is(told.length, 1);
  await memory.close();
});

test('given moments outside of the log, when asked for, then before it there is nothing, and past its end an error', async () => {
  assert.is(await ledger.moments.position({ time: '0' }), -1);
  assert.is((await ledger.moments.state(-1)).containers.size, 0);
  assert.is(await ledger.moments.position({ time: `${2n ** 62n}` }), log.durableSeq);
  for (const seq of [log.durableSeq + 1, -2, 1.5]) {
    const error = await ledger.moments.position({ seq }).catch((thrown: unknown) => thrown);
    assert.is(error instanceof ShiplogError && error.code, 'LOG_POSITION_UNKNOWN');
  }
});

test('given a state that was answered, when the engine goes on, then it does not change', async () => {
  const state = await ledger.moments.state(5000);
  const copy = hashState(snapshotOf(state));
  await ledger.moments.state(5050);
  assert.is(hashState(state), copy);
});

/** The log, and what is read from it. */
function readsTold(reader: EventLogReader, tell: (options: ReadOptions) => void): EventLogReader {
  return new Proxy(reader, {
    get(target, name) {
      if (name === 'read')
        return (options: ReadOptions): AsyncIterable<ShiplogEvent> => {
          tell(options);
          return target.read(options);
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function all(events: AsyncIterable<ShiplogEvent>): Promise<readonly ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

/** Names, ids and prefixes of what is there, was there, and never was. */
function refsOf(state: State, seq: number): { readonly [Kind in ObjectKind]: readonly string[] } {
  const containers = [...state.containers.values()];
  const one = <T>(records: ReadonlyMap<string, T>): readonly T[] =>
    [...records.values()].slice(seq % Math.max(1, records.size)).slice(0, 1);
  const last = containers.slice(-1);
  const image = one(state.images);
  return {
    container: [
      'web-1',
      'api-40',
      'a',
      ...[...one(state.containers), ...last].flatMap(({ id, name }) => [id, name, id.slice(0, 12), id.slice(0, 2), id.slice(0, 1)]),
    ],
    image: [
      'registry.example/web:0',
      '7',
      ...image.flatMap(({ id, tags, repoDigests }) => [id, id.slice(7, 19), id.slice(0, 9), ...tags, ...repoDigests]),
      ...[...state.images.keys()].slice(0, 2),
    ],
    network: ['bridge', 'nothing', ...[...state.networks.keys()].slice(-1)],
    volume: ['data-1', ...one(state.volumes).map(({ name }) => name), ...[...state.volumes.keys()].slice(-1)],
  };
}

async function answer(ask: () => unknown): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    return error.toRecord();
  }
}

test.after(() => log.close());

test.run();
