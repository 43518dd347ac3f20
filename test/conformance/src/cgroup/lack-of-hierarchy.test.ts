import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MountInfo } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { lackOfHierarchy } from './lack-of-hierarchy.ts';

const test = suite('conformance: hierarchies for a driver');

/** A host with these hierarchies: `cgroup` with its controllers as mount options, `cgroup2` with them in a file. */
async function lackOn(hierarchies: readonly (readonly [type: string, ...controllers: string[]])[], needs?: readonly string[]) {
  await using directory = await temporaryDirectory();
  const kernel = createRecordingKernel();
  const mounts: MountInfo[] = [];
  for (const [index, [type, ...controllers]] of hierarchies.entries()) {
    const target = join(directory.path, String(index));
    await mkdir(target);
    await writeFile(join(target, 'cgroup.controllers'), controllers.join(' '));
    const [numbers, texts] = [
      { id: index, parent: 0, major: 0, minor: index },
      { root: '/', target, type, source: type },
    ];
    mounts.push({ ...numbers, ...texts, options: [], superOptions: ['rw', ...controllers], propagation: [] });
  }
  return lackOfHierarchy({ ...kernel, mounts: { ...kernel.mounts, list: async () => mounts } }, needs);
}

const HYBRID = [
  ['cgroup', 'memory'],
  ['cgroup', 'pids'],
  ['cgroup2', 'hugetlb'],
] as const;

test('given version 1 with a version 2 beside that has little, when drivers are to be proven, then one of version 2 alone cannot be', async () => {
  assert.is(await lackOn(HYBRID, ['cgroup']), undefined);
  assert.is(await lackOn(HYBRID), undefined);
  assert.is(await lackOn(HYBRID, ['cgroup2', 'cgroup']), undefined);
  assert.match((await lackOn(HYBRID, ['cgroup2'])) ?? '', /no cgroup hierarchy of version 2 .* memory and pids/);
});

test('given version 2 alone, when drivers are to be proven, then one of version 1 alone cannot be', async () => {
  const unified = [['cgroup2', 'cpu', 'memory', 'pids']] as const;
  assert.is(await lackOn(unified, ['cgroup2']), undefined);
  assert.is(await lackOn(unified), undefined);
  assert.match((await lackOn(unified, ['cgroup'])) ?? '', /no cgroup hierarchy of version 1 /);
});

test('given no hierarchy, when drivers are to be proven, then none can be', async () => {
  assert.match((await lackOn([])) ?? '', /of version 1 or 2 /);
});

test.run();
