import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Consumers, type DriverHome, errnoOf, HOME, inject, injectable, KERNEL, KeyedLock, seedVolume } from '@shiplog/driver-kit';
import { type Kernel, type Observed, type OperationContext, ShiplogError, type VolumeDriver } from '@shiplog/contracts';
import { checkOptions, mountOf } from './mount-options.ts';

type Args<V extends keyof VolumeDriver> = VolumeDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;

/**
 * Volumes as directories, `<volumes>/<name>/_data`. One made with Docker's options `type`, `device` and `o` has that mounted
 * there while somebody consumes it.
 */
@injectable()
export class LocalVolumeDriver implements VolumeDriver {
  readonly #consumers: Consumers;
  readonly #turns = new KeyedLock();

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
  ) {
    this.#consumers = new Consumers(home.runDir);
  }

  async create({ path, options }: Args<'create'>): Promise<Record<string, never>> {
    checkOptions(options);
    await mkdir(path, { recursive: true, mode: 0o755 });
    return {};
  }

  publish({ name, path, options, consumer, seed }: Args<'publish'>, { signal }: OperationContext): Promise<{ path: string }> {
    return this.#turns.run(name, async () => {
      const mount = await mountOf(options);
      await mkdir(path, { recursive: true, mode: 0o755 });
      if (mount !== undefined) {
        await this.#consumers.add(name, consumer);
        if (!(await this.#isMounted(path))) await this.#mount(name, { ...mount, target: path });
      }
      if (seed !== undefined) await seedVolume({ kernel: this.kernel, seed, to: path, signal });
      return { path };
    });
  }

  async unpublish({ name, path, options, consumer }: Args<'unpublish'>): Promise<Record<string, never>> {
    if (options.type === undefined) return {};
    return this.#turns.run(name, async () => {
      await this.#consumers.remove(name, consumer);
      if ((await this.#consumers.of(name)).length === 0 && (await this.#isMounted(path))) await this.kernel.mounts.unmount(path);
      return {};
    });
  }

  remove({ name, path }: Args<'remove'>): Promise<Record<string, never>> {
    return this.#turns.run(name, async () => {
      // What is mounted there is not ours to delete.
      while (await this.#isMounted(path)) await this.kernel.mounts.unmount(path);
      await this.#consumers.forget(name);
      await deleteVolume(dirname(path));
      return {};
    });
  }

  observe(): Promise<readonly Observed[]> {
    return this.#consumers.observe();
  }

  async #mount(name: string, call: Parameters<Kernel['mounts']['mount']>[0]): Promise<void> {
    try {
      await this.kernel.mounts.mount(call);
    } catch (error) {
      // Not the options: they may hold a password.
      const errno = error instanceof ShiplogError ? String(error.facts.errno ?? error.code) : String(error);
      throw new ShiplogError(
        'KERNEL_CALL_FAILED',
        `error while mounting volume '${join(call.target)}': failed to mount local volume: mount ${call.source}:${call.target}, type ${call.type}: ${errno}`,
        { call: 'mount', errno, name, type: call.type },
      );
    }
  }

  async #isMounted(path: string): Promise<boolean> {
    return (await this.kernel.mounts.list()).some(({ target }) => target === path);
  }
}

/**
 * Renames the directory of a volume away before it is deleted, so that no half of one looks whole. The name is no volume's, and the same
 * each time: what a crash leaves goes when the removal is repeated.
 */
async function deleteVolume(volume: string): Promise<void> {
  const doomed = join(dirname(volume), `.rm-${createHash('sha256').update(basename(volume)).digest('hex')}`);
  await rm(doomed, { recursive: true, force: true });
  try {
    await rename(volume, doomed);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await rm(doomed, { recursive: true, force: true });
}
