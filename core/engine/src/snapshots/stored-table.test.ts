import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventLog } from '@shiplog/contracts';
import { openEventLog } from '@shiplog/event-log';
import { createState, type State } from '@shiplog/model';
import { MemoryLevel } from 'memory-level';
import { SnapshotWriter } from './snapshot-writer.ts';
import { DIFFERENCE, StateSnapshots, WHOLE } from './state-snapshots.ts';
import type { StoredTable } from './stored-table.ts';
import type { Rows, TableName } from './tables.ts';

const test = suite('tables of a stored state');

interface Volume {
  readonly name: string;
  readonly driver: string;
  readonly anonymous: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly sealed?: { readonly id: string; readonly hmac: string };
}

/** Numbers that look random, the same in every run. */
function numbers(): (below: number) => number {
  let x = 88_675_123;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

const random = numbers();

function volume(name: string): Volume {
  const sealed = random(3) === 0 ? { sealed: { id: `${random(9)}`, hmac: '"\n,' } } : {};
  return {
    name,
    driver: random(5) === 0 ? 'other' : 'local',
    anonymous: random(2) === 0,
    options: { o: `${random(4)}\n["a",` },
    ...sealed,
  };
}

/** Keys that begin alike, with all that JSON escapes. */
function anyKey(): string {
  return `${['a', 'aa', 'b"', 'b\n', 'é', '\u{1f600}', '\\'][random(7)]}${random(40)}`;
}

/** Sets, changes, removes, and removes and sets again. */
function change(volumes: Map<string, unknown>): void {
  for (let times = random(30); times > 0; times -= 1) {
    const key = random(2) === 0 ? anyKey() : ([...volumes.keys()][random(Math.max(1, volumes.size))] ?? 'a');
    if (random(3) === 0) volumes.delete(key);
    if (random(4) > 0) volumes.set(key, volume(key));
  }
}

/** A state that has these volumes, as of an event that is there. */
function stateWith(volumes: ReadonlyMap<string, unknown>, seq: number): State {
  const state = createState();
  state.seq = seq;
  for (const [key, record] of volumes) (state.volumes as Map<string, unknown>).set(key, record);
  return state;
}

/** A log of events that say nothing. */
async function logOf(events: number): Promise<EventLog> {
  const log = await openEventLog({ db: new MemoryLevel(), boot: 'boot-1', inst: 'inst-1' });
  const stamp = { op: 'op', corr: 'op', t: '1', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;
  const data = { instance: 'inst-1', reason: 'test' };
  for (let seq = 0; seq < events; seq += 1)
    log.append({ stamp, events: [{ stream: 'engine', type: 'engine.stopped', kind: 'meta', data }] });
  await log.flushed();
  return log;
}

async function tableOf<N extends TableName>(log: EventLog, name: N, seq: number): Promise<StoredTable<Rows[N]>> {
  return new StateSnapshots(log).from(seq, async (stored) => {
    if (stored?.header.seq !== seq) throw new Error(`no snapshot at ${seq}`);
    return stored.table(name);
  });
}

test('given tables that change from one snapshot to the next, when read, then rows are the same, in the same order, all or some of them', async () => {
  const log = await logOf(400);
  const writer = new SnapshotWriter(log.snapshots);
  const volumes = new Map<string, unknown>();
  let pages = 0;
  for (let seq = 0; seq < 400; seq += 1) {
    change(volumes);
    if (seq % 100 === 0) writer.renew();
    await writer.write(stateWith(volumes, seq));
    const table = await tableOf(log, 'volumes', seq);
    assert.equal([...(await table.rows())], [...volumes], `at ${seq}`);
    const keys = [...Array.from({ length: 10 }, anyKey), ...[...volumes.keys()].slice(0, 5), 'nothing', ''];
    const some = await table.rowsWith(keys);
    assert.equal(
      [...some],
      [...volumes].filter(([key]) => keys.includes(key)),
      `some at ${seq}`,
    );
    for (const prefix of ['a', 'aa', 'aa1', 'b"2', '\u{1f600}', 'z', '']) {
      const found = new Set(await table.keysBeginning(prefix));
      for (const key of volumes.keys()) assert.is(found.has(key), key.startsWith(prefix), `${JSON.stringify(key)} and ${prefix} at ${seq}`);
      assert.ok([...found].every((key) => key.startsWith(prefix)));
    }
    pages = Math.max(pages, volumes.size);
  }
  // Enough for several pages.
  assert.ok(pages > 120, `${pages}`);
  await log.close();
});

test('given a table of more pages than are read at once, when it and a difference of as many are read, then rows are the same, in the same order', async () => {
  const log = await logOf(2);
  const writer = new SnapshotWriter(log.snapshots);
  const volumes = new Map<string, unknown>();
  for (let index = 0; index < 4000; index += 1) volumes.set(`${random(1_000_000)}-${index}`, volume(`v${index}`));
  await writer.write(stateWith(volumes, 0));
  assert.equal([...(await (await tableOf(log, 'volumes', 0)).rows())], [...volumes]);
  for (const [index, key] of [...volumes.keys()].entries()) {
    if (index % 5 === 0) volumes.delete(key);
    else if (index % 5 < 4) volumes.set(key, { ...volume(key), labels: { text: 'x'.repeat(60) } });
  }
  await writer.write(stateWith(volumes, 1));
  assert.equal([...(await (await tableOf(log, 'volumes', 1)).rows())], [...volumes]);
  for (const kind of [WHOLE, DIFFERENCE]) {
    const [seq = -1] = await log.snapshots.positions(kind);
    const { count } = JSON.parse(Buffer.from((await log.snapshots.nearest(kind, seq))?.bytes ?? []).toString()) as {
      readonly count: number;
    };
    assert.ok(count > 25, `${kind} at ${seq} has ${count} sections`);
  }
  await log.close();
});

test('given images that exchange names, when asked for a name, then who has it is among the answers, and nobody who never had it', async () => {
  const log = await logOf(60);
  const writer = new SnapshotWriter(log.snapshots);
  const images = new Map<string, { readonly id: string; readonly tags: readonly string[]; readonly repoDigests: readonly string[] }>();
  const had = new Map<string, Set<string>>();
  for (let seq = 0; seq < 60; seq += 1) {
    for (let times = 0; times < 8; times += 1) {
      const [id, tag] = [`sha256:${random(50)}`, `t:${random(30)}`];
      for (const image of images.values()) images.set(image.id, { ...image, tags: image.tags.filter((each) => each !== tag) });
      const before = images.get(id);
      images.set(id, { id, tags: [...(before?.tags ?? []), tag], repoDigests: [`r@${id}`, 'shared@1'] });
      if (random(6) === 0) images.delete(id);
    }
    if (seq % 20 === 0) {
      writer.renew();
      had.clear();
    }
    for (const { id, tags } of images.values()) for (const tag of tags) had.set(tag, (had.get(tag) ?? new Set()).add(id));
    const state = createState();
    state.seq = seq;
    for (const [id, image] of images) (state.images as Map<string, unknown>).set(id, image);
    await writer.write(state);
    const table = await tableOf(log, 'images', seq);
    for (let number = 0; number < 30; number += 1) {
      const holder = [...images.values()].find(({ tags }) => tags.includes(`t:${number}`))?.id;
      const found = await table.keysNamed(`t:${number}`);
      assert.ok(holder === undefined || found.includes(holder), `t:${number} at ${seq}`);
      assert.ok(found.every((id) => had.get(`t:${number}`)?.has(id)));
    }
    const shared = new Set(await table.keysNamed('shared@1'));
    assert.ok([...images.keys()].every((id) => shared.has(id)));
    assert.equal(await table.keysNamed('t:3"'), []);
  }
  await log.close();
});

test.run();
