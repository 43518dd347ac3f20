import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Call, crashSuite, instancesOf, type Stage } from '../crash/index.ts';
import type { TestFunction } from '../in-lab.ts';
import type { CgroupAbilities, CgroupFactory } from './lab.ts';

const ID = 'd'.repeat(64);

/** One group with limits and a process, from nothing to nothing: killed anywhere. */
export function cgroupCrashChecks(test: TestFunction, factory: CgroupFactory, { freeze, kill }: CgroupAbilities): void {
  const verbs = ['create', 'update', 'join', ...(freeze ? ['freeze', 'thaw'] : []), ...(kill ? ['kill'] : []), 'remove'];
  crashSuite({ test, name: 'cgroup', verbs, factory: () => stageOf(factory, verbs) });
}

async function stageOf(factory: CgroupFactory, verbs: readonly string[]): Promise<Stage<'cgroup'>> {
  const fixture = await factory();
  const group = { id: ID };
  // A reboot ends it, and another one takes its place.
  let member = startMember();
  const joining = { id: ID, pid: member.pid };
  const args: { readonly [verb: string]: object } = {
    create: { id: ID, limits: { pids: 10, memoryBytes: 64 * 1024 * 1024 } },
    update: { id: ID, limits: { pids: 20 } },
    join: joining,
  };
  const calls = (names: readonly string[]): readonly Call[] => names.map((verb) => ({ verb, args: args[verb] ?? group }));
  return {
    ...(fixture.kernel === undefined ? {} : { kernel: fixture.kernel }),
    ...instancesOf(fixture),
    life: calls(verbs),
    clear: calls(['remove']),
    async look() {
      const groups = await fixture.groupsOf(ID);
      const limits =
        groups.length === 0
          ? []
          : [
              `pids ${await fixture.readLimit(ID, 'pids')}`,
              `bytes ${await fixture.readLimit(ID, 'memoryBytes')}`,
              ...((await fixture.isFrozen(ID)) ? ['frozen'] : []),
            ];
      return [...groups, ...(await fixture.groupsOf()), ...limits, ...(await membershipsOf(member.pid))];
    },
    varying: [fixture.engineId],
    async reboot() {
      const groups = await fixture.groupsOf(ID);
      // The kernel ends no frozen process of version 1.
      if (groups.length > 0 && (await fixture.isFrozen(ID))) await fixture.thaw(ID);
      await member.end();
      for (const directory of groups) await rmdir(directory);
      for (const parent of new Set([...groups.map((directory) => dirname(directory)), ...(await fixture.groupsOf())])) await rmdir(parent);
      member = startMember();
      joining.pid = member.pid;
    },
    async cleanup() {
      await member.end();
      await fixture.cleanup();
    },
  };
}

interface Member {
  readonly pid: number;
  /** Ends it, if it did not end before. */
  end(): Promise<void>;
}

function startMember(): Member {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  if (child.pid === undefined) throw new Error('sleep does not start');
  return {
    pid: child.pid,
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Hierarchies in which the process is in the group. Dead ones are in none. */
async function membershipsOf(pid: number): Promise<readonly string[]> {
  const gone = (error: NodeJS.ErrnoException): string => {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return '';
  };
  if (/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(gone))) return [];
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(gone)).split('\n');
  return lines.filter((line) => line.endsWith(`/${ID}`)).map((line) => `member by ${line.split(':')[1] ?? ''}`);
}
