import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PathChange } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { changedEntries } from './changed-entries.ts';

const test = suite('what changed in a tree');

/** Reads the changes of a tree, in which something happens after each entry. Names and types. */
async function read(tree: string, paths: readonly string[], meanwhile: (name: string) => Promise<void>): Promise<readonly string[]> {
  const changes = paths.map((path): PathChange => ({ path, kind: path.endsWith('/gone') ? 'deleted' : 'added' }));
  const told: string[] = [];
  for await (const { name, type } of changedEntries({
    kernel: createRecordingKernel(),
    tree,
    changes,
    signal: AbortSignal.timeout(60_000),
  })) {
    told.push(`${type} ${name}`);
    await meanwhile(name);
  }
  return told;
}

for (const [what, put] of [
  ['link', (path: string) => symlink('/etc', path)],
  ['file', (path: string) => writeFile(path, '')],
] as const) {
  test(`given a directory that is a ${what} when it is told, when it is one again, then nothing is told that would lie beneath the ${what}`, async () => {
    await using temporary = await temporaryDirectory();
    const tree = temporary.path;
    await mkdir(join(tree, 'moved/deep'), { recursive: true });
    for (const path of ['moved/deep/file', 'moved/other', 'd-beside']) await writeFile(join(tree, path), '');
    await put(join(tree, 'd'));
    const told = await read(tree, ['/d', '/d/deep', '/d/deep/file', '/d/gone', '/d/other', '/d-beside'], async (name) => {
      if (name !== 'd') return;
      await rm(join(tree, 'd'));
      await rename(join(tree, 'moved'), join(tree, 'd'));
    });
    assert.equal(told, [what === 'link' ? 'symlink d' : 'file d', 'file d-beside']);
  });
}

test.run();
