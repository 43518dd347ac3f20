import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernel, TreeEntry } from '@shiplog/contracts';
import { type Recorder, refused } from './recorder.ts';

/** No tree can be had; what is walked is the disk. */
export function recordingTrees(recorder: Recorder): Kernel['trees'] {
  return {
    async ofProcess(process) {
      recorder.note('trees.ofProcess', process);
      throw refused('setns', 'ESRCH', { pid: process.pid });
    },
    async assemble(plan) {
      recorder.note('trees.assemble', plan);
      throw refused('unshare', 'EPERM', { root: plan.root });
    },
    async open(tree, path, options) {
      recorder.note('trees.open', tree, path, options);
      throw refused('openat2', 'EBADF', { path });
    },
    async resolve(tree, path) {
      recorder.note('trees.resolve', tree, path);
      throw refused('openat2', 'EBADF', { path });
    },
    async *walk(root, depth) {
      recorder.note('trees.walk', root, depth);
      yield* walkDisk(root);
    },
  };
}

/** Of a tree that nobody else writes to. */
export async function* walkDisk(root: string, directory = ''): AsyncGenerator<readonly TreeEntry[], void, undefined> {
  for (const name of (await readdir(join(root, directory))).toSorted()) {
    const path = join(directory, name);
    const stats = await lstat(join(root, path), { bigint: true });
    yield [{ path, stats }];
    if (stats.isDirectory()) yield* walkDisk(root, path);
  }
}
