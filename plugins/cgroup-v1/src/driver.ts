import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DriverHome,
  type DriverLog,
  HOME,
  inject,
  injectable,
  KERNEL,
  LOG,
  LOGGER,
  type Logger,
  errnoOf,
  throwIfAborted,
  together,
  writeControl,
  groupsIn,
  processesIn,
  removeGroup,
  warnOfMissing,
  rdma,
} from '@shiplog/driver-kit';
import {
  type CgroupDriver,
  type Kernel,
  type Observed,
  type OperationContext,
  type ResourceLimits,
  ShiplogError,
} from '@shiplog/contracts';
import { cpu } from './cpu.ts';
import { cpuset } from './cpuset.ts';
import { ExpectedJoin } from './expected-join.ts';
import { freeze, thaw } from './freezer.ts';
import { makeGroup } from './group.ts';
import { type Hierarchies, hierarchies, unifiedHierarchy } from './hierarchies.ts';
import { hugetlb } from './hugetlb.ts';
import { io } from './io.ts';
import { memory } from './memory.ts';
import { pids } from './pids.ts';
import { sample } from './stats.ts';

type Args<V extends keyof CgroupDriver> = CgroupDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;

const CONTROLLERS = [cpu, cpuset, memory, pids, io, hugetlb, rdma];
const KILL = 9;
const KILL_MS = 10_000;
/** Killing goes on without it, so it does not wait long. */
const FREEZE_TO_KILL_MS = 300;

/**
 * Cgroups on version 1 hierarchies (cgroups(7)): `/shiplog-<engine>/<id>` in every one that is mounted. All state is in
 * the kernel. `update`, `join` and `freeze` of a group that is not there throw KERNEL_CALL_FAILED with ENOENT.
 */
@injectable()
export class CgroupV1Driver implements CgroupDriver, AsyncDisposable {
  readonly #parent: string;
  readonly #join = new ExpectedJoin();
  readonly #ended = new AbortController();
  #foresees = false;
  #mounted: Promise<Hierarchies> | undefined;
  #unified: Promise<string | undefined> | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
    @inject(LOG) private readonly log: DriverLog,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#parent = `shiplog-${home.engineId}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
  }

  async create({ id, limits }: Args<'create'>): Promise<{ cgroupsPath: string; unsupported: string[] }> {
    await together((await this.#groups(id)).map(makeGroup));
    const pids = (await this.#hierarchies()).get('pids');
    if (pids !== undefined) this.#expectJoins(pids);
    return { cgroupsPath: `/${this.#parent}/${id}`, unsupported: await this.#setLimits(id, limits) };
  }

  async update({ id, limits }: Args<'update'>): Promise<{ unsupported: string[] }> {
    await this.#mustExist(id);
    return { unsupported: await this.#setLimits(id, limits) };
  }

  async join({ id, pid }: Args<'join'>): Promise<Record<string, never>> {
    // Where its processes are looked for comes first: one that joined in part, since the driver died, is found and killed with the group.
    const groups = new Set([await this.#in('pids', id), ...(await this.#groups(id))]);
    for (const group of groups) await writeControl(join(group, 'cgroup.procs'), pid);
    return {};
  }

  async freeze({ id }: Args<'freeze'>, { signal }: OperationContext): Promise<Record<string, never>> {
    await freeze(await this.#in('freezer', id), { signal });
    return {};
  }

  async thaw({ id }: Args<'thaw'>): Promise<Record<string, never>> {
    await thaw(await this.#in('freezer', id));
    return {};
  }

  /** Frozen first, so that nothing forks away while it is killed; then killed, and thawed so that it dies. */
  async kill({ id }: Args<'kill'>, { signal }: OperationContext): Promise<Record<string, never>> {
    const directory = await this.#in('freezer', id);
    const end = performance.now() + KILL_MS;
    for (let tries = 0; ; tries += 1) {
      const found = await this.#processes(id);
      if (found.length === 0) return {};
      throwIfAborted(signal);
      if (performance.now() > end)
        throw new ShiplogError('DEADLINE_EXCEEDED', `processes of ${id} outlive SIGKILL; one hangs in the kernel`, {
          id,
          pids: found.join(' '),
        });
      try {
        await freeze(directory, { waitMs: FREEZE_TO_KILL_MS });
      } catch (error) {
        // Killing goes on without: what forks away is found by the next round.
        if (!(error instanceof ShiplogError)) throw error;
      }
      for (const pid of await this.#processes(id)) await this.kernel.processes.kill(pid, KILL);
      // A signal does not reach what is frozen, and a container may have frozen groups of its own.
      for (const group of await groupsIn(directory)) await thaw(group);
      await sleep(tries < 10 ? 2 : 20);
    }
  }

  async remove({ id }: Args<'remove'>, ctx: OperationContext): Promise<Record<string, never>> {
    await this.kill({ id }, ctx);
    await together((await this.#parents()).map((parent) => removeGroup(join(parent, id))));
    return {};
  }

  /** Zeros for a group that is not there. */
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
    for (const parent of await this.#parents()) for (const name of await directoriesIn(parent)) ids.add(name);
    return [...ids].map((id) => ({ resource: 'cgroup', id }));
  }

  /** Of this container now; of those to come as soon as the log tells of them. */
  #expectJoins(mount: string): void {
    this.#join.begin('pids', mount);
    if (this.#foresees) return;
    this.#foresees = true;
    this.#join.follow(this.log, 'pids', mount, this.#ended.signal).catch((error: unknown) => {
      // Only time is lost: the next container's group asks for the log again.
      this.#foresees = false;
      this.logger.debug('joins are not foreseen', { error: String(error) });
    });
  }

  #hierarchies(): Promise<Hierarchies> {
    return (this.#mounted ??= hierarchies());
  }

  /** Its directory in every hierarchy; controllers mounted together share one. */
  async #groups(id: string): Promise<readonly string[]> {
    return [...new Set((await this.#hierarchies()).values())].map((mount) => join(mount, this.#parent, id));
  }

  /** What is above its groups, everywhere: on a hybrid host, runtimes may make them in the unified hierarchy, too, and leave them. */
  async #parents(): Promise<readonly string[]> {
    const unified = await (this.#unified ??= unifiedHierarchy());
    const mounts = new Set([...(await this.#hierarchies()).values(), ...(unified === undefined ? [] : [unified])]);
    return [...mounts].map((mount) => join(mount, this.#parent));
  }

  async #in(controller: string, id: string): Promise<string> {
    const mount = (await this.#hierarchies()).get(controller);
    if (mount === undefined) throw new ShiplogError('NOT_SUPPORTED', `this host has no ${controller} cgroup hierarchy`, { controller });
    return join(mount, this.#parent, id);
  }

  async #mustExist(id: string): Promise<void> {
    const path = await this.#in('pids', id);
    if (!(await directoriesIn(join(path, '..'))).includes(id))
      throw new ShiplogError('KERNEL_CALL_FAILED', `there is no cgroup ${id}`, { call: 'open', path, errno: 'ENOENT' });
  }

  async #setLimits(id: string, limits: ResourceLimits): Promise<string[]> {
    const mounted = await this.#hierarchies();
    const done = await Promise.allSettled(
      CONTROLLERS.map(async (controller) => {
        const mount = mounted.get(controller.name);
        if (mount !== undefined) return controller.setLimits(join(mount, this.#parent, id), limits);
        return warnOfMissing(controller, limits, `no version 1 hierarchy has the ${controller.name} controller`);
      }),
    );
    // Thrown when all have ended: whoever removes the group next meets no late write.
    return done.flatMap((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  async #processes(id: string): Promise<number[]> {
    return processesIn(await this.#in('pids', id));
  }
}

async function directoriesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
