import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Call, crashSuite, instancesOf, type Stage, treeOf } from '../crash/index.ts';
import { Lab, type StorageFactory } from './lab.ts';
import { makeTar } from './tar.ts';
import type { TestFunction } from '../in-lab.ts';

const BASE = makeTar([
  { path: 'dir', type: 'directory' },
  { path: 'dir/file', content: 'a' },
  { path: 'link', type: 'symlink', linkTarget: 'dir/file' },
]);
const CHILD = makeTar([
  { path: 'dir/.wh.file', content: '' },
  { path: 'dir/new', content: 'b' },
]);
const [BASE_KEY, CHILD_KEY, KEY] = [`sha256:${'b'.repeat(64)}`, `sha256:${'c'.repeat(64)}`, 'd'.repeat(64)];

const VERBS = ['applyLayer', 'applyLayer', 'prepare', 'mount', 'unmount', 'remove', 'remove', 'remove'];

/** Two layers and a snapshot on them, mounted, from nothing to nothing: killed anywhere. */
export function storageCrashChecks(test: TestFunction, factory: StorageFactory): void {
  crashSuite({ test, name: 'storage', verbs: VERBS, factory: async () => stageOf(factory) });
}

async function stageOf(factory: StorageFactory): Promise<Stage<'storage'>> {
  const fixture = await factory();
  const { kernel, scratch, stateDir } = fixture;
  const lab = new Lab(fixture);
  const [base, child] = [await lab.blob(BASE), await lab.blob(CHILD)];
  const target = join(scratch, 'mounts', 'target');
  await mkdir(dirname(target));
  const takeDown: readonly Call[] = [
    { verb: 'unmount', args: { key: KEY, target } },
    ...[KEY, CHILD_KEY, BASE_KEY].map((key) => ({ verb: 'remove', args: { key } })),
  ];
  const mountsHere = async (): Promise<readonly string[]> =>
    (await kernel.mounts.list())
      .map((mount) => mount.target)
      .filter((path) => path.startsWith(`${stateDir}/`) || path.startsWith(`${scratch}/`));
  return {
    kernel,
    ...instancesOf(fixture),
    life: [
      { verb: 'applyLayer', args: { key: BASE_KEY, ...base } },
      { verb: 'applyLayer', args: { key: CHILD_KEY, parent: BASE_KEY, ...child } },
      { verb: 'prepare', args: { key: KEY, parent: CHILD_KEY } },
      { verb: 'mount', args: { key: KEY, target } },
      ...takeDown,
    ],
    clear: takeDown,
    look: async () => [
      ...(await mountsHere()).map((path) => `mount ${path}`),
      ...(await treeOf(stateDir)),
      ...(await treeOf(dirname(target))),
    ],
    varying: [stateDir, scratch],
    async reboot() {
      for (const path of (await mountsHere()).toReversed()) await kernel.mounts.unmount(path);
      await rm(target, { recursive: true, force: true });
    },
    cleanup: () => fixture.cleanup(),
  };
}
