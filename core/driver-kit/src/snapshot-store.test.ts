import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type ErrorCode, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { createRecordingKernel } from './testing/recording-kernel.ts';
import { treeUsage } from './tree-usage.ts';

const test = suite<{ stateDir: string; store: SnapshotStore }>('snapshot store: measuring');
const ctx = createContext({ op: 'op', signal: new AbortController().signal });
const kernel = createRecordingKernel();
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

test.before.each(async (world) => {
  world.stateDir = await mkdtemp(join(tmpdir(), 'shiplog-store-'));
  world.store = new SnapshotStore({ driver: 'test', stateDir: world.stateDir, logger: quiet });
});

test.after.each(async ({ stateDir }) => {
  await rm(stateDir, { recursive: true, force: true });
});

async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ShiplogError) return error.code;
  throw new Error('it succeeded');
}

test('given a snapshot that is being measured, when it is removed, then nobody waits, and it has no size any more', async ({ store }) => {
  await store.turn('c', ctx, () => store.addSnapshot('c', (directory) => writeFile(join(directory, 'f'), 'content')));
  const { promise, resolve } = Promise.withResolvers<void>();
  const measured = store.usage('c', ctx, async (directory) => {
    await promise;
    return treeUsage(kernel, directory);
  });
  await store.turn('c', ctx, () => store.remove('c'));
  resolve();
  assert.is(await codeOf(measured), 'SNAPSHOT_NOT_FOUND');
});

test('given a layer, when it is measured twice, then it is walked once; a snapshot is each time', async ({ store }) => {
  let walks = 0;
  const measure = async (directory: string) => {
    walks += 1;
    return treeUsage(kernel, directory);
  };
  await store.turn('l', ctx, async () => {
    await mkdir(join(store.layers, 'l'));
    await writeFile(join(store.layers, 'l', 'f'), 'content');
  });
  for (let times = 0; times < 2; times += 1) assert.equal(await store.usage('l', ctx, measure), { bytes: 7, inodes: 1 });
  assert.is(walks, 1);
  await store.turn('c', ctx, () => store.addSnapshot('c', (directory) => writeFile(join(directory, 'f'), 'content')));
  for (let times = 0; times < 2; times += 1) await store.usage('c', ctx, measure);
  assert.is(walks, 3);
});

test('given who asks that goes away, when a tree is measured, then it ends; where there is none, it says so', async ({ stateDir }) => {
  await mkdir(join(stateDir, 'tree', 'a'), { recursive: true });
  const abort = new AbortController();
  abort.abort();
  assert.is(await codeOf(treeUsage(kernel, join(stateDir, 'tree'), abort.signal)), 'CANCELED');
  await treeUsage(kernel, join(stateDir, 'none')).then(
    () => assert.unreachable(),
    (error: unknown) => assert.is(errnoOf(error), 'ENOENT'),
  );
});

test.run();
