import { link, mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOf } from '@shiplog/contracts/testing';
import { treeChanges, treeUsage } from '@shiplog/driver-kit';
import { createKernel } from './kernel.ts';
import { Walk } from './walk-ops.ts';

const test = suite<{ home: string }>('kernel-linux: walks');
const kernel = createKernel();

test.before.each(async (world) => {
  world.home = await mkdtemp(join(tmpdir(), 'shiplog-walk-'));
});
test.after.each(async ({ home }) => rm(home, { recursive: true, force: true }));
test.after(async () => kernel[Symbol.asyncDispose]());

/** Makes files by their paths; a name with a slash at its end is an empty directory. */
async function made(root: string, ...paths: readonly string[]): Promise<string> {
  await mkdir(root, { recursive: true });
  for (const path of paths) {
    const at = join(root, path);
    await mkdir(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (path.endsWith('/')) continue;
    await writeFile(at, path);
    await utimes(at, 1, 1);
  }
  return root;
}

async function walked(root: string, depth = 9): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const entries of kernel.trees.walk(root, depth)) paths.push(...entries.map(({ path }) => path));
  return paths;
}

const open = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

test('given a tree, when it is walked, then a directory comes before what is in it, names in order, and links are links', async ({
  home,
}) => {
  const root = await made(join(home, 'tree'), 'b/z', 'b/deep/x', 'b.c', 'a', 'c/');
  await symlink(home, join(root, 'link'));
  const told = ['a', 'b', 'b/deep', 'b/deep/x', 'b/z', 'b.c', 'c', 'link'];
  assert.equal(await walked(root), told);
  assert.equal(
    await walked(root, 1),
    told.filter((path) => !path.includes('/')),
  );
  const many = await made(join(home, 'many'), ...Array.from({ length: 1500 }, (_, at) => `d${at % 3}/${at}`));
  assert.is((await walked(many)).length, 1503);
  for await (const [entry] of kernel.trees.walk(root, 9)) {
    assert.equal([entry?.path, entry?.stats?.size, entry?.stats?.mtimeNs, entry?.stats?.nlink], ['a', 1n, 1_000_000_000n, 1n]);
  }
  assert.is(await codeOf(walked(join(home, 'none'))), 'KERNEL_CALL_FAILED');
});

test('given a directory that becomes a link out of the tree, when the walk comes to it or is in it, then nothing outside is told', async ({
  home,
}) => {
  const outside = await made(join(home, 'outside'), 'secret', 'a/secret', 'b/secret');
  const root = await made(join(home, 'tree'), 'd/a/inner', 'd/b/inner', 'e/inner');
  const before = await open();
  const walk = new Walk(root, 9);
  const next = (): string | undefined => walk.on(1).paths[0];
  assert.equal([next(), next(), next()], ['d', 'd/a', 'd/a/inner']);
  for (const name of ['d', 'e']) {
    await rename(join(root, name), join(home, `was-${name}`));
    await symlink(outside, join(root, name));
  }
  // What is in a directory that was found is still that; what took another one's place is the link that it is.
  assert.equal([next(), next(), next(), next()], ['d/b', 'd/b/inner', 'e', undefined]);
  assert.is(await open(), before);
});

test('given a walk, when its reader leaves, then nothing stays open', async ({ home }) => {
  const root = await made(join(home, 'tree'), ...Array.from({ length: 2000 }, (_, at) => `d/d/${at}`));
  await walked(root);
  const before = await open();
  for await (const entries of kernel.trees.walk(root, 9)) if (entries.length > 0) break;
  assert.is(await open(), before);
});

test('given a tree that changes while it is measured, when names go and come, then it has a size all the same', async ({ home }) => {
  const tree = await made(join(home, 'tree'), ...Array.from({ length: 1600 }, (_, at) => `d${at % 40}/f${at}`));
  const { bytes: whole } = await treeUsage(kernel, tree);
  let busy = true;
  const churn = (async (): Promise<void> => {
    for (let at = 0; busy; at = (at + 1) % 40) {
      await rename(join(tree, `d${at}`), join(tree, `e${at}`));
      await rm(join(tree, `e${at}`, `f${at}`), { force: true });
      await rename(join(tree, `e${at}`), join(tree, `d${at}`));
    }
  })();
  try {
    for (let times = 0; times < 20; times += 1) {
      const { bytes } = await treeUsage(kernel, tree);
      assert.ok(bytes > 0 && bytes <= whole, `${bytes} of ${whole}`);
    }
  } finally {
    busy = false;
    await churn;
  }
});

test('given two trees, when they are compared, then what differs is told, a directory before what is in it', async ({ home }) => {
  const common = ['same/x', 'same.y', 'gone/deep/x', 'into-file/x', 'into-directory', 'touched/in/x', 'touched/y', 'mode', 'kept/x'];
  const base = await made(join(home, 'base'), ...common);
  const tree = await made(join(home, 'tree'), ...common, 'new/deep/x', 'same/added', 'ignored/x', 'touched/in/z');
  for (const path of ['gone', 'into-file', 'into-directory']) await rm(join(tree, path), { recursive: true });
  await made(tree, 'into-file', 'into-directory/x');
  await writeFile(join(tree, 'mode'), 'mode', { mode: 0o755 });
  await utimes(join(tree, 'mode'), 2, 2);
  const compared = async (from?: string): Promise<readonly string[]> => {
    const changes = await treeChanges({ kernel, base: from, tree, ignore: new Set(['/ignored']), signal: AbortSignal.timeout(60_000) });
    return changes.map(({ path, kind }) => `${kind[0]} ${path}`);
  };
  assert.equal(await compared(base), ['d /gone', 'm /into-directory', 'a /into-directory/x', 'm /into-file', 'm /mode', 'a /new', 'a /new/deep', 'a /new/deep/x', 'm /same', 'a /same/added', 'm /touched', 'm /touched/in', 'a /touched/in/z']); // prettier-ignore
  assert.equal(
    (await compared()).filter((change) => /same|new/.test(change)),
    ['a /new', 'a /new/deep', 'a /new/deep/x', 'a /same', 'a /same/added', 'a /same/x', 'a /same.y'],
  );
});

test('given a name that is not UTF-8, when a tree is measured or compared, then it is passed over, and refused where it would be in a layer', async ({
  home,
}) => {
  const tree = await made(join(home, 'tree'), 'a');
  await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0x66, 0xfc])]), 'xyz');
  await link(join(tree, 'a'), join(tree, 'b'));
  assert.equal(await treeUsage(kernel, tree), { bytes: 1, inodes: 1 });
  const comparison = { kernel, tree, ignore: new Set<string>(), signal: new AbortController().signal };
  assert.is((await treeChanges(comparison)).length, 2);
  assert.is(await codeOf(treeChanges({ ...comparison, byChangeTime: true })), 'ARCHIVE_INVALID');
  assert.is(await codeOf(treeChanges({ ...comparison, signal: AbortSignal.abort() })), 'CANCELED');
});

test.run();
