import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CgroupDriver, Kernel } from '@shiplog/contracts';
import { errnoOf, groupsIn, namesIn, processesIn, readControl, removeGroup } from '@shiplog/driver-kit';
import { type Hierarchy, hierarchies } from '../hierarchies.ts';
import { nameEngine } from '../name-engine.ts';
import type { CgroupFixture, ReadableLimit } from './lab.ts';

/** Version 1: the controller and its file. Version 2: the file, and which of its words. */
const FILES: { readonly [what in ReadableLimit]: { readonly 1: readonly [string, string]; readonly 2: readonly [string, number?] } } = {
  memoryBytes: { 1: ['memory', 'memory.limit_in_bytes'], 2: ['memory.max', 0] },
  memoryReservationBytes: { 1: ['memory', 'memory.soft_limit_in_bytes'], 2: ['memory.low', 0] },
  cpuQuotaUs: { 1: ['cpu', 'cpu.cfs_quota_us'], 2: ['cpu.max', 0] },
  cpuPeriodUs: { 1: ['cpu', 'cpu.cfs_period_us'], 2: ['cpu.max', 1] },
  cpusetCpus: { 1: ['cpuset', 'cpuset.cpus'], 2: ['cpuset.cpus', 0] },
  pids: { 1: ['pids', 'pids.max'], 2: ['pids.max', 0] },
  hugetlb: { 1: ['hugetlb', 'hugetlb.2MB.limit_in_bytes'], 2: ['hugetlb.2MB.max', 0] },
  ioWeight: { 1: ['blkio', 'blkio.bfq.weight'], 2: ['io.weight', 1] },
  readBps: { 1: ['blkio', 'blkio.throttle.read_bps_device'], 2: ['io.max'] },
};

/** By version: the file that freezes a group, and its words. */
const FREEZERS = {
  1: { file: 'freezer.state', running: 'THAWED', frozen: 'FROZEN' },
  2: { file: 'cgroup.freeze', running: '0', frozen: '1' },
} as const;

const SIGKILL = 9;
/** How often the kernel is asked to let go of what was killed, and how long after another. */
const TRIES = 200;
const PAUSE_MS = 20;

/** A driver whose engine has an id that no other has. */
export interface CgroupInstances {
  readonly engineId: string;
  readonly kernel: Kernel;
  readonly capabilities: { readonly [ability: string]: boolean };
  /** Another instance of it. */
  make(): Promise<CgroupDriver>;
  /** Ends the one that was made last as SIGKILL does, where it is a process of its own. */
  kill?(): Promise<void>;
  cleanup(): Promise<void>;
}

/** A group in one hierarchy. */
interface Group {
  readonly hierarchy: Hierarchy;
  readonly directory: string;
}

/**
 * What the kit asks of a driver that makes its groups in hierarchies of this host, of either version, at `<a name with the engine's id>/<id>`.
 * It reads them from the kernel's files, and never asks the driver.
 */
export async function cgroupFixture({ make, cleanup, ...instances }: CgroupInstances): Promise<CgroupFixture> {
  const { engineId, kernel } = instances;
  const mark = await mkdtemp(join(tmpdir(), 'shiplog-kit-'));
  await nameEngine(mark, engineId);
  const all = await hierarchies(kernel);
  const groups = async (id?: string): Promise<readonly Group[]> => {
    const found: Group[] = [];
    for (const hierarchy of all)
      for (const parent of (await namesIn(hierarchy.mounted)).filter((name) => name.includes(engineId))) {
        const directory = join(hierarchy.mounted, parent);
        if (id === undefined) found.push({ hierarchy, directory });
        else if ((await namesIn(directory)).includes(id)) found.push({ hierarchy, directory: join(directory, id) });
      }
    return found;
  };
  /** Files of a group with a state of being frozen, of both versions. */
  const frozen = async (id: string): Promise<readonly { readonly file: string; readonly running: string; readonly state: string }[]> => {
    const files = (await groups(id)).map(({ hierarchy: { version }, directory }) => {
      const { file, running } = FREEZERS[version];
      return { file: join(directory, file), running };
    });
    const states = await Promise.all(files.map(async (one) => ({ ...one, state: await readControl(one.file) })));
    return states.filter(({ state, running }) => state !== '' && state !== running);
  };
  return {
    ...instances,
    driver: await make(),
    restart: make,
    async readLimit(id, what) {
      for (const { hierarchy, directory } of await groups(id)) {
        const text = await limitIn(hierarchy, directory, what);
        if (text !== '') return text;
      }
      return '';
    },
    isFrozen: async (id) => (await frozen(id)).length > 0,
    async thaw(id) {
      for (const { file, running } of await frozen(id)) await writeFile(file, running);
    },
    groupsOf: async (id) => (await groups(id)).map(({ directory }) => directory),
    async cleanup() {
      await cleanup();
      // What a wrong driver leaves is not this host's to keep: groups, and processes in them that nobody ended.
      const left = await groups();
      // With their freezer first: frozen ones die when they are let go.
      for (const { directory } of left.toSorted((a, b) => Number(hasFreezer(b.hierarchy)) - Number(hasFreezer(a.hierarchy))))
        await endProcesses(kernel, directory);
      for (const { directory } of left) await removeParent(directory);
      await rm(mark, { recursive: true, force: true });
    },
  };
}

function hasFreezer({ version, controllers }: Hierarchy): boolean {
  return version === 2 || controllers.includes('freezer');
}

/**
 * Ends all processes in a group and in those below. They stand still meanwhile, where it has a freezer: some start others as fast as these are
 * killed. What the kernel does not let go of in time keeps its group, whose removal says so.
 */
async function endProcesses(kernel: Kernel, directory: string): Promise<void> {
  for (const group of (await groupsIn(directory)).toReversed()) {
    const names = await namesIn(group);
    const freezer = Object.values(FREEZERS).find(({ file }) => names.includes(file));
    for (let tries = 0; tries < TRIES && (await processesIn(group)).length > 0; tries += 1) {
      if (freezer !== undefined) await writeFile(join(group, freezer.file), freezer.frozen);
      for (const pid of await processesIn(group)) await kernel.processes.kill(pid, SIGKILL);
      if (freezer !== undefined) await writeFile(join(group, freezer.file), freezer.running);
      await sleep(PAUSE_MS);
    }
  }
}

/** Removes the group that is above all of an engine's, with them. */
async function removeParent(directory: string): Promise<void> {
  for (const group of (await groupsIn(directory)).slice(1)) await removeGroup(group);
  // It goes with the last of them, if there was one.
  await rmdir(directory).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

async function limitIn({ version, controllers }: Hierarchy, directory: string, what: ReadableLimit): Promise<string> {
  if (version === 1) {
    const [controller, file] = FILES[what][1];
    const text = controllers.includes(controller) ? await readControl(join(directory, file)) : '';
    return text === '-1' ? 'max' : text;
  }
  const [file, word] = FILES[what][2];
  const text = await readControl(join(directory, file));
  return word === undefined ? text : (text.split(' ')[word] ?? '');
}
