import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CgroupDriver, type Kernel, type Observed, type OperationContext, ShiplogError } from '@shiplog/contracts';
import { type DriverHome, errnoOf, HOME, inject, injectable, KERNEL, writeControl, processesIn, removeGroup } from '@shiplog/driver-kit';
import { freeze, thaw } from './freezer.ts';
import { makeGroup } from './group.ts';
import { killGroup } from './kill.ts';
import { mountPoint } from './mount-point.ts';
import { OomKills } from './oom-kills.ts';
import { setLimits } from './set-limits.ts';
import { sample } from './stats.ts';

type Args<V extends keyof CgroupDriver> = CgroupDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;

/**
 * Cgroups on the unified hierarchy (cgroups(7)): `/shiplog-<engine>/<id>`. All state is in the kernel. `update`, `join` and
 * `freeze` of a group that is not there throw KERNEL_CALL_FAILED with ENOENT.
 */
@injectable()
export class CgroupV2Driver implements CgroupDriver, AsyncDisposable {
  readonly #parent: string;
  readonly #kills = new OomKills();
  #mounted: Promise<string | undefined> | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
  ) {
    this.#parent = `shiplog-${home.engineId}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kills.end();
  }

  async create({ id, limits }: Args<'create'>): Promise<{ cgroupsPath: string; unsupported: string[] }> {
    await makeGroup(await this.#mount(), this.#parent, id);
    this.#kills.watch(id, await this.#group(id));
    return { cgroupsPath: `/${this.#parent}/${id}`, unsupported: await setLimits(await this.#group(id), limits) };
  }

  async update({ id, limits }: Args<'update'>): Promise<{ unsupported: string[] }> {
    const path = await this.#group(id);
    if (!(await this.#ids()).includes(id))
      throw new ShiplogError('KERNEL_CALL_FAILED', `there is no cgroup ${id}`, { call: 'open', path, errno: 'ENOENT' });
    return { unsupported: await setLimits(path, limits) };
  }

  async join({ id, pid }: Args<'join'>): Promise<Record<string, never>> {
    await writeControl(join(await this.#group(id), 'cgroup.procs'), pid);
    return {};
  }

  async freeze({ id }: Args<'freeze'>, { signal }: OperationContext): Promise<Record<string, never>> {
    await freeze(await this.#group(id), { signal });
    return {};
  }

  async thaw({ id }: Args<'thaw'>): Promise<Record<string, never>> {
    await thaw(await this.#group(id));
    return {};
  }

  async kill({ id }: Args<'kill'>, { signal }: OperationContext): Promise<Record<string, never>> {
    await killGroup(await this.#group(id), this.kernel, signal);
    return {};
  }

  async remove({ id }: Args<'remove'>, { signal }: OperationContext): Promise<Record<string, never>> {
    const group = await this.#group(id);
    await killGroup(group, this.kernel, signal);
    await removeGroup(group);
    // Not before: who asks for kills meanwhile watches all that is there, and one that is made again must not pass for watched.
    this.#kills.forget(id);
    return {};
  }

  /** Zeros for a group that is not there. */
  async stats({ id }: Args<'stats'>): ReturnType<CgroupDriver['stats']> {
    return sample(await this.#group(id));
  }

  async processes({ id }: Args<'processes'>): Promise<{ pids: number[] }> {
    return { pids: await processesIn(await this.#group(id)) };
  }

  async *oomKills(signal: AbortSignal): AsyncGenerator<{ readonly id: string }> {
    for (const id of await this.#ids()) this.#kills.watch(id, await this.#group(id));
    yield* this.#kills.follow(signal);
  }

  async observe(): Promise<readonly Observed[]> {
    return (await this.#ids()).map((id) => ({ resource: 'cgroup', id }));
  }

  async #mount(): Promise<string> {
    const mount = await (this.#mounted ??= mountPoint());
    if (mount === undefined) throw new ShiplogError('NOT_SUPPORTED', 'this host has no unified cgroup hierarchy mounted');
    return mount;
  }

  async #group(id: string): Promise<string> {
    return join(await this.#mount(), this.#parent, id);
  }

  async #ids(): Promise<readonly string[]> {
    try {
      return (await readdir(join(await this.#mount(), this.#parent), { withFileTypes: true }))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}
