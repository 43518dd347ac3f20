import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Call, crashSuite, instancesOf, type Stage } from '../crash/index.ts';
import type { CgroupFactory } from './lab.ts';
import type { TestFunction } from '../in-lab.ts';

const ID = 'd'.repeat(64);

/** One group with limits, from nothing to nothing: killed anywhere. */
export function cgroupCrashChecks(test: TestFunction, factory: CgroupFactory): void {
  crashSuite({ test, name: 'cgroup', verbs: ['create', 'update', 'remove'], factory: () => stageOf(factory) });
}

async function stageOf(factory: CgroupFactory): Promise<Stage<'cgroup'>> {
  const fixture = await factory();
  const remove: Call = { verb: 'remove', args: { id: ID } };
  return {
    ...instancesOf(fixture),
    life: [
      { verb: 'create', args: { id: ID, limits: { pids: 10, memoryBytes: 64 * 1024 * 1024 } } },
      { verb: 'update', args: { id: ID, limits: { pids: 20 } } },
      remove,
    ],
    clear: [remove],
    async look() {
      const groups = await fixture.groupsOf(ID);
      const limits =
        groups.length === 0 ? [] : [`pids ${await fixture.readLimit(ID, 'pids')}`, `bytes ${await fixture.readLimit(ID, 'memoryBytes')}`];
      return [...groups, ...(await fixture.groupsOf()), ...limits];
    },
    varying: [fixture.parent],
    async reboot() {
      const groups = await fixture.groupsOf(ID);
      for (const group of groups) await rmdir(group);
      for (const parent of new Set([...groups.map((group) => dirname(group)), ...(await fixture.groupsOf())])) await rmdir(parent);
    },
    cleanup: () => fixture.cleanup(),
  };
}
