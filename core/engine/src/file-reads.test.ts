import { setImmediate as turn } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ContainerFiles, type FileTree, type OpenFiles, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from './ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from './testing/sim-engine.ts';
import { SimWorld } from './testing/sim-world.ts';

const test = suite('files of containers');

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Bytes that come as long as they are asked for. */
async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) yield new Uint8Array(1);
}

/** Remembers what is open. */
class Files implements ContainerFiles {
  readonly trees: FileTree[] = [];
  opened = 0;

  async open(tree: FileTree): Promise<OpenFiles> {
    this.trees.push(tree);
    this.opened += 1;
    const stat = { name: 'f', size: 1, mode: 0o100644, modifiedAt: '0', linkTarget: '' };
    return {
      stat: async () => stat,
      archive: async (path) => {
        if (path === '/missing') throw new ShiplogError('PATH_NOT_FOUND', path);
        return { stat, tar: endless() };
      },
      export: endless,
      extract: async (_, archive) => {
        let bytes = 0;
        for await (const chunk of archive) bytes += chunk.length;
        return { entries: 1, bytes };
      },
      close: async () => void (this.opened -= 1),
    };
  }
}

async function engineWith(files: Files) {
  const world = new SimWorld();
  const drivers = world.drivers();
  const all: Drivers = {
    get: (kind, name) => (kind === 'container-files' ? (files as never) : drivers.get(kind, name)),
    list: () => drivers.list(),
  };
  const engine = await simEngine(world, new SimDisk(), all);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  const mounted = (id: string): boolean => [...world.things].some((thing) => thing.includes(`/mount/${id}`));
  const create = async (name: string): Promise<string> => (await engine.execute('container.create', { name, spec: simSpec() }, CALLER)).id;
  const start = (container: string) => engine.execute('container.start', { container }, CALLER);
  const remove = (container: string, force: boolean) => engine.execute('container.remove', { container, force, volumes: false }, CALLER);
  return { world, engine, mounted, create, start, remove };
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
  const also = engine.stat('web', '/etc');
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

test('given reads, when the log is looked at, then it has who read which path before the first byte, and nothing of what was not there', async () => {
  const files = new Files();
  const { engine, create } = await engineWith(files);
  const id = await create('web');
  assert.is(await codeOf(engine.archive('web', '/missing', CALLER)), 'PATH_NOT_FOUND');
  assert.is(await codeOf(engine.archive('nobody', '/etc', CALLER)), 'CONTAINER_NOT_FOUND');
  const { tar } = await engine.archive('web', '/etc', CALLER);
  const read = (await eventsOf(engine)).filter(({ type }) => type === 'content.read');
  assert.equal(
    read.map(({ stream, data }) => [stream, data]),
    [[`container/${id}`, { verb: 'container.archive', ref: 'web', path: '/etc' }]],
  );
  await tar[Symbol.asyncIterator]().return?.();
  assert.is(files.opened, 0);
  await engine.stop('test');
});

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
