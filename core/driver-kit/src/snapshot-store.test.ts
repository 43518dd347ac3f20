import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type ErrorCode, ShiplogError } from '@shiplog/contracts';
import { SnapshotStore } from './snapshot-store.ts';
import { treeUsage } from './tree-usage.ts';

const test = suite<{ stateDir: string; store: SnapshotStore }>('snapshot store: measuring');
const ctx = createContext({ op: 'op', signal: new AbortController().signal });
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
    return treeUsage(directory);
  });
  await store.turn('c', ctx, () => store.remove('c'));
  resolve();
  assert.is(await codeOf(measured), 'SNAPSHOT_NOT_FOUND');
});

test('given a layer, when it is measured twice, then it is walked once; a snapshot is each time', async ({ store }) => {
  let walks = 0;
  const measure = async (directory: string) => {
    walks += 1;
    return treeUsage(directory);
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

test('given a tree that changes while it is measured, when names go and come, then it has a size all the same', async ({ stateDir }) => {
  const tree = join(stateDir, 'tree');
  for (let at = 0; at < 40; at += 1) {
    await mkdir(join(tree, `d${at}`), { recursive: true });
    for (let file = 0; file < 40; file += 1) await writeFile(join(tree, `d${at}`, `f${file}`), 'x');
  }
  let busy = true;
  const churn = (async (): Promise<void> => {
    for (let at = 0; busy; at = (at + 1) % 40) {
      await rename(join(tree, `d${at}`), join(tree, `e${at}`));
      await rm(join(tree, `e${at}`, 'f0'), { force: true });
      await rename(join(tree, `e${at}`), join(tree, `d${at}`));
    }
  })();
  try {
    for (let times = 0; times < 20; times += 1) {
      const { bytes } = await treeUsage(tree);
      assert.ok(bytes > 0 && bytes <= 1600, `${bytes}`);
    }
  } finally {
    busy = false;
    await churn;
  }
  assert.is((await treeUsage(tree)).bytes >= 1560, true);
});

test('given who asks that goes away, when a tree is measured, then it ends; where there is none, it says so', async ({ stateDir }) => {
  await mkdir(join(stateDir, 'tree', 'a'), { recursive: true });
  const abort = new AbortController();
  abort.abort();
  assert.is(await codeOf(treeUsage(join(stateDir, 'tree'), abort.signal)), 'CANCELED');
  await treeUsage(join(stateDir, 'none')).then(
    () => assert.unreachable(),
    (error: NodeJS.ErrnoException) => assert.is(error.code, 'ENOENT'),
  );
});

test.run();
