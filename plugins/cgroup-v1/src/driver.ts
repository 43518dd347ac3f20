import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriverHome, HOME, inject, injectable, KERNEL, readControl, writeControl } from '@shiplog/driver-kit';
import { type CgroupDriver, type Kernel, type Observed, type ResourceLimits, ShiplogError } from '@shiplog/contracts';
import { cpu } from './cpu.ts';
import { cpuset } from './cpuset.ts';
import { freeze, thaw } from './freezer.ts';
import { type Hierarchies, hierarchies } from './hierarchies.ts';
import { io } from './io.ts';
import { memory } from './memory.ts';
import { pids } from './pids.ts';
import { sample } from './stats.ts';

type Args<V extends keyof CgroupDriver> = CgroupDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;

const CONTROLLERS = [cpu, cpuset, memory, pids, io];
const KILL = 9;

/** Cgroups on version 1 hierarchies: `/shiplog-<engine>/<id>` in every one that is mounted. */
@injectable()
export class CgroupV1Driver implements CgroupDriver {
  readonly #parent: string;
  #mounted: Promise<Hierarchies> | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
  ) {
    this.#parent = `shiplog-${home.engineId}`;
  }

  async create({ id, limits }: Args<'create'>): Promise<{ cgroupsPath: string; unsupported: string[] }> {
    const { groups } = await this.#groups(id);
    await Promise.all(groups.map((group) => this.#make(group)));
    return { cgroupsPath: `/${this.#parent}/${id}`, unsupported: await this.#setLimits(id, limits) };
  }

  async update({ id, limits }: Args<'update'>): Promise<{ unsupported: string[] }> {
    return { unsupported: await this.#setLimits(id, limits) };
  }

  async join({ id, pid }: Args<'join'>): Promise<Record<string, never>> {
    for (const group of (await this.#groups(id)).groups) await writeControl(join(group, 'cgroup.procs'), pid);
    return {};
  }

  async freeze({ id }: Args<'freeze'>): Promise<Record<string, never>> {
    await freeze(await this.#in('freezer', id));
    return {};
  }

  async thaw({ id }: Args<'thaw'>): Promise<Record<string, never>> {
    const directory = await this.#in('freezer', id);
    if ((await readControl(`${directory}/freezer.state`)) !== '') await thaw(directory);
    return {};
  }

  /** Frozen first, so that nothing forks away while it is killed; then killed, and thawed so that it dies. */
  async kill({ id }: Args<'kill'>): Promise<Record<string, never>> {
    const directory = await this.#in('freezer', id);
    for (let tries = 0; ; tries += 1) {
      const found = await this.#processes(id);
      if (found.length === 0) return {};
      if (tries > 200) throw new ShiplogError('DEADLINE_EXCEEDED', `processes of ${id} outlive SIGKILL; one hangs in the kernel`, { id, pids: found.join(' ') });
      await freeze(directory).catch((error: unknown) => {
        // Killing goes on without: what forks away is found by the next round.
        if (!(error instanceof ShiplogError)) throw error;
      });
      for (const pid of await this.#processes(id)) await this.kernel.processes.kill(pid, KILL);
      if ((await readControl(`${directory}/freezer.state`)) !== '') await thaw(directory);
      await sleep(tries < 10 ? 2 : 20);
    }
  }

  async remove({ id }: Args<'remove'>): Promise<Record<string, never>> {
    if ((await this.#processes(id)).length > 0) await this.kill({ id });
    const { groups } = await this.#groups(id);
    await Promise.all(groups.map((group) => removeGroup(group)));
    // The last one takes the engine's own group along; others in it keep it.
    await Promise.all(groups.map((group) => rmdir(dirname(group)).catch(() => undefined)));
    return {};
  }

  async stats({ id }: Args<'stats'>): ReturnType<CgroupDriver['stats']> {
    const mounted = await this.#hierarchies();
    return sample((controller) => {
      const mount = mounted.get(controller);
      return mount === undefined ? undefined : join(mount, this.#parent, id);
    });
  }

  async processes({ id }: Args<'processes'>): Promise<{ pids: number[] }> {
    return { pids: await this.#processes(id) };
  }

  async observe(): Promise<readonly Observed[]> {
    const ids = new Set<string>();
    for (const mount of new Set((await this.#hierarchies()).values())) {
      for (const entry of await readdir(join(mount, this.#parent), { withFileTypes: true }).catch(() => [])) if (entry.isDirectory()) ids.add(entry.name);
    }
    return [...ids].map((id) => ({ resource: 'cgroup', id }));
  }

  #hierarchies(): Promise<Hierarchies> {
    return (this.#mounted ??= hierarchies());
  }

  async #groups(id: string): Promise<{ readonly groups: readonly string[] }> {
    return { groups: [...new Set((await this.#hierarchies()).values())].map((mount) => join(mount, this.#parent, id)) };
  }

  async #in(controller: string, id: string): Promise<string> {
    const mount = (await this.#hierarchies()).get(controller);
    if (mount === undefined) throw new ShiplogError('NOT_SUPPORTED', `this host has no ${controller} cgroup hierarchy`, { controller });
    return join(mount, this.#parent, id);
  }

  /** Another container's removal may take the parent away between the two. */
  async #make(group: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await mkdir(group, { recursive: true });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries > 20) throw error;
      }
    }
  }

  async #setLimits(id: string, limits: ResourceLimits): Promise<string[]> {
    const mounted = await this.#hierarchies();
    const unset = await Promise.all(
      CONTROLLERS.map(async (controller) => {
        const mount = mounted.get(controller.name);
        return mount === undefined ? [] : controller.setLimits(join(mount, this.#parent, id), limits);
      }),
    );
    return unset.flat();
  }

  async #processes(id: string): Promise<number[]> {
    const mounted = await this.#hierarchies();
    const mount = mounted.get('pids') ?? [...mounted.values()][0];
    if (mount === undefined) return [];
    return (await readControl(join(mount, this.#parent, id, 'cgroup.procs'))).split('\n').filter((line) => line !== '').map(Number);
  }
}

/** A group whose last process has just died is busy for a moment. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      // The container may have made groups of its own.
      for (const entry of await readdir(group, { withFileTypes: true })) if (entry.isDirectory()) await removeGroup(join(group, entry.name));
      await rmdir(group);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || tries > 100) throw error;
      await sleep(tries < 10 ? 1 : 20);
    }
  }
}
