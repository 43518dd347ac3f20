import { setImmediate as turn } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Authorizer,
  type ContainerFiles,
  type DriverInfo,
  type FileTree,
  type OpenFiles,
  ShiplogError,
  type StorageDriver,
  type VolumeDriver,
} from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { withAuthorizer } from '../testing/with-authorizer.ts';
import { comesToEnd, SimWorld } from '../testing/sim-world.ts';

const test = suite('files of containers');

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Remembers what is open. */
class Files implements ContainerFiles {
  readonly trees: FileTree[] = [];
  readonly asked: string[] = [];
  opened = 0;
  /** No more comes of what is read. */
  last = false;
  onMount = async (): Promise<void> => undefined;

  /** They come as long as they are asked for. */
  async *#bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    while (!this.last) yield new Uint8Array(1);
  }

  async open(tree: FileTree): Promise<OpenFiles> {
    this.trees.push(tree);
    this.opened += 1;
    const stat = { name: 'f', size: 1, mode: 0o100644, modifiedAt: '0', linkTarget: '' };
    return {
      stat: async (path) => {
        this.asked.push(path);
        return stat;
      },
      archive: async (path) => {
        if (path === '/missing') throw new ShiplogError('PATH_NOT_FOUND', path);
        return { stat, tar: this.#bytes() };
      },
      export: () => this.#bytes(),
      extract: async (_, archive) => {
        let bytes = 0;
        for await (const chunk of archive) bytes += chunk.length;
        return { entries: 1, bytes };
      },
      close: async () => void (this.opened -= 1),
    };
  }
}

/** Seeds, and remembers what. */
class Volumes implements VolumeDriver {
  readonly seeded: string[] = [];

  async publish({ name, path, seed }: Parameters<VolumeDriver['publish']>[0]) {
    if (seed !== undefined) this.seeded.push(name);
    return { path };
  }

  create = async () => ({});
  unpublish = async () => ({});
  remove = async () => ({});
  observe = async () => [];
}

const SEEDING: DriverInfo = {
  kind: 'volume',
  name: 'local',
  capabilities: { seed: true },
  needs: {},
  doc: '',
  plugin: 'p',
  probe: { usable: true },
};

async function engineWith(files: Files, authorize?: Authorizer['authorize']) {
  const world = new SimWorld();
  const drivers = world.drivers();
  const volumes = new Volumes();
  const storage = drivers.get('storage', 'sim');
  const mount: StorageDriver['mount'] = async (args, ctx) => {
    await files.onMount();
    return storage.mount(args, ctx);
  };
  const mine: { readonly [kind: string]: object } = { 'container-files': files, volume: volumes, storage: { ...storage, mount } };
  const all: Drivers = {
    get: (kind, name) => (mine[kind] as never) ?? drivers.get(kind, name),
    list: () => [...drivers.list(), SEEDING],
  };
  const engine = await simEngine(world, new SimDisk(), authorize === undefined ? all : withAuthorizer(all, { authorize }));
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  const mounted = (id: string): boolean => [...world.things].some((thing) => thing.includes(`/mount/${id}`));
  const create = async (name: string): Promise<string> => (await engine.execute('container.create', { name, spec: simSpec() }, CALLER)).id;
  const start = (container: string) => engine.execute('container.start', { container }, CALLER);
  const remove = (container: string, force: boolean) => engine.execute('container.remove', { container, force, volumes: false }, CALLER);
  return { volumes, engine, mounted, create, start, remove };
}

/** Whether a promise is settled once everything that can happen has. */
async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => void (settled = true);
  work.then(settle, settle);
  for (let turns = 0; turns < 50; turns += 1) await turn();
  return settled;
}

async function readOne(tar: AsyncIterable<Uint8Array>): Promise<AsyncIterator<Uint8Array>> {
  const reading = tar[Symbol.asyncIterator]();
  assert.is((await reading.next()).done, false);
  return reading;
}

test('given a container that does not run, when its files are read, then it is mounted as long, and does not start before the end', async () => {
  const files = new Files();
  const { engine, mounted, create, start } = await engineWith(files);
  const id = await create('web');
  const reading = await readOne((await engine.archive('web', '/etc', CALLER)).tar);
  assert.ok(mounted(id));
  const started = start('web');
  const also = engine.stat('web', '/etc', CALLER);
  assert.is(await isSettled(started), false);
  assert.is(await isSettled(also), false, 'what is mounted for one is not given back under another');
  await reading.return?.();
  await started;
  await also.catch(() => undefined);
  assert.is(files.opened, 0);
  assert.is((await engine.view()).container('web').status, 'running');
  await engine.stop('test');
});

test('given a container that runs, when its files are read, then nothing is mounted, it stops meanwhile, and is removed after', async () => {
  const files = new Files();
  const { engine, create, start, remove } = await engineWith(files);
  const id = await create('web');
  await start('web');
  const reading = await readOne(await engine.export('web', CALLER));
  const another = await readOne((await engine.archive('web', '/etc', CALLER)).tar);
  assert.ok('process' in (files.trees[1] ?? {}), 'as its process sees them');
  await engine.execute('container.kill', { container: 'web', signal: 'KILL' }, CALLER);
  const removed = remove(id, false);
  assert.is(await isSettled(removed), false);
  await another.return?.();
  assert.is(await isSettled(removed), false);
  await reading.return?.();
  await removed;
  await engine.stop('test');
});

test('given readers who take nothing, when the container is removed by force, then they are told, and do not keep it', async () => {
  const files = new Files();
  const { engine, mounted, create, remove } = await engineWith(files);
  const id = await create('web');
  const reading = await readOne((await engine.archive('web', '/etc', CALLER)).tar);
  await remove(id, true);
  assert.not(mounted(id));
  assert.is(await codeOf(reading.next()), 'CANCELED');
  assert.is(files.opened, 0);
  await engine.stop('test');
});

test('given a read that was asked for in the same moment, when the container is removed by force, then it does not keep it', async () => {
  const files = new Files();
  const { engine, create, remove } = await engineWith(files);
  const id = await create('web');
  const read = (async () => {
    for await (const _ of (await engine.archive('web', '/etc', CALLER)).tar) await turn();
  })();
  // The intent of the read has its place by then, and nothing is read yet.
  const removed = remove(id, true);
  assert.is(await codeOf(read), 'CANCELED');
  await removed;
  const acts = (await eventsOf(engine)).filter(
    ({ stream, kind }) => stream === `container/${id}` && (kind === 'intent' || kind === 'outcome'),
  );
  assert.equal(
    acts.slice(2).map(({ type }) => type),
    ['container.archive.requested', 'container.archive.failed', 'container.remove.requested', 'container.remove.succeeded'],
  );
  assert.is(files.opened, 0);
  await engine.stop('test');
});

test('given an archive whose sender says nothing any more, when the container is removed by force, then the copy ends canceled', async () => {
  const files = new Files();
  const { engine, create, remove } = await engineWith(files);
  const id = await create('web');
  async function* silent(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(3);
    await new Promise(() => undefined);
  }
  const args = { container: 'web', path: '/etc', noOverwriteDirNonDir: false, copyOwner: false };
  const copied = codeOf(engine.execute('container.extract', args, CALLER, { body: silent() }));
  assert.is(await isSettled(copied), false);
  await remove(id, true);
  assert.is(await copied, 'CANCELED');
  assert.is(files.opened, 0);
  const outcome = (await eventsOf(engine)).find(({ type }) => type === 'container.extract.failed');
  assert.is(outcome?.result?.status, 'canceled');
  await engine.stop('test');
});

/** What the log has of reads: type, status, what was asked for, how much was taken. */
async function recorded(engine: RunningEngine) {
  return (await eventsOf(engine)).flatMap((event) =>
    /^(content\.read|container\.(stat|archive|export)\.)/.test(event.type)
      ? [[event.type, event.result?.status, event.result?.error?.code, event.data as object] as const]
      : [],
  );
}

test('given a container that does not run, when it is read, then an intent is on the disk before anything is mounted, and an outcome before the end', async () => {
  const files = new Files();
  const { engine, create, mounted } = await engineWith(files);
  const id = await create('web');
  const mounts: unknown[] = [];
  files.onMount = async () => void mounts.push((await eventsOf(engine)).at(-1)?.type);
  await engine.stat('web', '/etc', CALLER);
  const { tar } = await engine.archive('web', '/etc', CALLER);
  assert.is((await engine.view()).container('web').busy?.verb, 'container.archive');
  let bytes = 0;
  for await (const chunk of tar) if ((bytes += chunk.length) === 3) break;
  for await (const chunk of await engine.export('web', CALLER)) if ((bytes += chunk.length) > 0) files.last = true;
  assert.not(mounted(id));
  assert.equal(mounts, ['container.stat.requested', 'container.archive.requested', 'container.export.requested']);
  const read = await recorded(engine);
  assert.equal(
    read.filter(([type]) => !type.endsWith('requested')).map(([type, status, code]) => [type, status, code]),
    [
      ['container.stat.succeeded', 'ok', undefined],
      ['container.archive.failed', 'canceled', 'CANCELED'],
      ['container.export.succeeded', 'ok', undefined],
    ],
  );
  assert.equal(read.at(-1)?.[3], { bytes: 2 });
  assert.equal(
    read.flatMap(([type, , , data]) => (type.endsWith('requested') ? [(data as { args: object }).args] : [])),
    [{ container: 'web', path: '/etc' }, { container: 'web', path: '/etc' }, { container: 'web' }],
  );
  await engine.stop('test');
});

test('given what is not there, when it is read of a container that runs, of another or of none, then that is recorded once each', async () => {
  const files = new Files();
  const { engine, create, start, mounted } = await engineWith(files);
  const id = await create('idle');
  await create('busy');
  await start('busy');
  assert.is(await codeOf(engine.archive('idle', '/missing', CALLER)), 'PATH_NOT_FOUND');
  assert.is(await codeOf(engine.archive('busy', '/missing', CALLER)), 'PATH_NOT_FOUND');
  assert.is(await codeOf(engine.archive('nobody', '/etc', CALLER)), 'CONTAINER_NOT_FOUND');
  assert.is(await codeOf(engine.stat('idle', '', CALLER)), 'REQUEST_INVALID');
  assert.equal(
    (await recorded(engine)).filter(([type]) => !type.endsWith('requested')).map(([type, status, code]) => [type, status, code]),
    [
      ['container.archive.failed', 'failed', 'PATH_NOT_FOUND'],
      ['content.read', 'failed', 'PATH_NOT_FOUND'],
      ['container.archive.failed', 'refused', 'CONTAINER_NOT_FOUND'],
      ['container.stat.failed', 'refused', 'REQUEST_INVALID'],
    ],
  );
  assert.not(mounted(id));
  assert.is(files.opened, 0);
  await engine.stop('test');
});

test('given a container that runs, when it is read, then that is one record before the first byte', async () => {
  const files = new Files();
  const { engine, create, start } = await engineWith(files);
  const id = await create('web');
  await start('web');
  await engine.stat('web', '/etc', CALLER);
  const { tar } = await engine.archive('web', '/etc', CALLER);
  const read = (await eventsOf(engine)).filter(({ type }) => type === 'content.read');
  assert.equal(
    read.map(({ stream, data }) => [stream, data]),
    ['container.stat', 'container.archive'].map((verb) => [`container/${id}`, { verb, ref: 'web', path: '/etc' }]),
  );
  await tar[Symbol.asyncIterator]().return?.();
  assert.is((await recorded(engine)).length, 2);
  await engine.stop('test');
});

test('given a path with a secret, when a container is read, running or not, then it is read, and the log has no secret', async () => {
  const files = new Files();
  const { engine, create, start } = await engineWith(files);
  await create('idle');
  await create('busy');
  await start('busy');
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  const paths = [`/srv/${secret}`, `/srv/x?token=${secret}`];
  for (const name of ['idle', 'busy']) for (const path of paths) await engine.stat(name, path, CALLER);
  assert.equal(files.asked, [...paths, ...paths]);
  assert.is((await recorded(engine)).length, 6);
  assert.not.match(JSON.stringify(await eventsOf(engine)), secret);
  await engine.stop('test');
});

test('given an idempotency key, when a read comes again with it, then it is read again', async () => {
  const { engine, create } = await engineWith(new Files());
  await create('web');
  for (const path of ['/etc', '/etc']) assert.is((await engine.stat('web', path, { ...CALLER, idem: 'once' })).name, 'f');
  await engine.stop('test');
});

test('given an authorizer, when it denies reads, then nobody reads a container, whether it runs or not', async () => {
  const files = new Files();
  const { engine, create, start } = await engineWith(files, async ({ type }) =>
    type === 'container.archive' ? { effect: 'deny', rule: 'no-copies', reason: 'none' } : { effect: 'allow' },
  );
  await create('idle');
  await create('busy');
  await start('busy');
  for (const name of ['idle', 'busy']) {
    assert.is(await codeOf(engine.archive(name, '/etc', CALLER)), 'REQUEST_DENIED', name);
    assert.is((await engine.stat(name, '/etc', CALLER)).name, 'f');
  }
  // One that runs is not kept by it.
  const reading = await readOne(await engine.export('busy', CALLER));
  await engine.execute('container.rename', { container: 'busy', name: 'renamed' }, CALLER);
  await engine.execute('container.kill', { container: 'renamed', signal: 'KILL' }, CALLER);
  await reading.return?.();
  assert.is(files.opened, 0);
  await engine.stop('test');
});

test('given a volume that is empty, when a container is read, then the volume stays as it is; an archive finds it as at a start', async () => {
  const files = new Files();
  const { engine, volumes } = await engineWith(files);
  const mounts = [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] as const;
  await engine.execute('container.create', { name: 'web', spec: simSpec({ mounts }) }, CALLER);
  await engine.stat('web', '/data', CALLER);
  const args = { container: 'web', path: '/', noOverwriteDirNonDir: false, copyOwner: false };
  await engine.execute('container.extract', args, CALLER, { body: nothing() });
  assert.equal(
    files.trees.map((tree) => ('mounts' in tree ? tree.mounts.map(({ unlessEmpty }) => unlessEmpty) : [])),
    [[true], [false]],
  );
  assert.equal(volumes.seeded, ['data']);
  await engine.stop('test');
});

for (const after of [false, true]) {
  test(`given reads, when the engine is killed ${after ? 'after' : 'before'} any of their effects, then they are told as interrupted, nothing is mounted, and nothing drifted`, async () => {
    for (let effect = 1; ; effect += 1) {
      const world = new SimWorld();
      const disk = new SimDisk();
      const engine = await simEngine(world, disk);
      await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
      const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
      const rest = world.leftovers();
      const done: string[] = [];
      const reads = async (): Promise<void> => {
        await engine.stat('web', '/etc', CALLER);
        done.push('container.stat');
        for await (const _ of (await engine.archive('web', '/etc', CALLER)).tar);
        done.push('container.archive');
        for await (const _ of await engine.export('web', CALLER));
        done.push('container.export');
      };
      world.effects = 0;
      Object.assign(world, { dieAt: effect, dieAfter: after });
      const alive = await comesToEnd(world, effect, reads());
      world.abandon();
      const second = await simEngine(world, disk);
      assert.equal(world.leftovers(), rest, `effect ${effect}`);
      const events = await eventsOf(second);
      assert.not(
        events.some(({ type }) => type === 'host.drifted'),
        `effect ${effect}`,
      );
      const outcomes = events.filter(({ type }) => /^container\.(stat|archive|export)\.(succeeded|failed)$/.test(type));
      assert.equal(
        outcomes.filter(({ result }) => result?.status === 'ok').map(({ type }) => type.replace('.succeeded', '')),
        done,
      );
      assert.equal(
        outcomes.slice(done.length).map(({ result }) => result?.error?.code),
        alive ? [] : ['CANCELED'],
      );
      assert.is((await second.view()).container(id).busy, undefined);
      await second.stop('test');
      if (alive) {
        assert.ok(effect > 9, `${effect - 1} effects`);
        return;
      }
    }
  });
}

test('given readers, when the engine stops, then they are told, and nothing stays mounted', async () => {
  const files = new Files();
  const { engine, mounted, create } = await engineWith(files);
  const id = await create('web');
  const reading = await readOne((await engine.archive('web', '/etc', CALLER)).tar);
  await engine.stop('test');
  assert.not(mounted(id));
  assert.is(await codeOf(reading.next()), 'CANCELED');
});

test.run();
