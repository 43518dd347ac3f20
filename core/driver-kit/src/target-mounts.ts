import { type Kernel, type MountInfo, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';
import { findMountPoint, makeMountPoint, removeMountPoint, unmountPatiently } from './mount-point.ts';
import type { Logger } from './services.ts';

/** Something of a driver's own that is mounted: `key` says what. */
export interface TargetMount {
  readonly key: string;
  /** Real path. */
  readonly target: string;
}

/**
 * Shows what a driver keeps at targets, and takes it away again. Remembers nothing: what is shown is what the kernel's
 * mount table says, read by `find`, so that a crash or another instance changes nothing.
 */
export class TargetMounts {
  constructor(
    private readonly kernel: Kernel,
    private readonly logger: Logger,
    private readonly find: (table: readonly MountInfo[]) => Promise<readonly TargetMount[]>,
  ) {}

  async list(): Promise<readonly TargetMount[]> {
    return this.find(await this.kernel.mounts.list());
  }

  /** Makes the directory `target`, and has `mount` show `key` at its real path. Repeating it is free. Throws DRIVER_FAILED where something else is mounted. */
  async show(key: string, target: string, mount: (path: string) => Promise<void>): Promise<void> {
    const { path, made } = await makeMountPoint(target);
    if (await this.#isShown(key, path)) return;
    try {
      await mount(path);
    } catch (error) {
      if (made) await removeMountPoint(path);
      throw error;
    }
  }

  /** Takes `key` away from `target`, and the directory with it. Succeeds when nothing is there. */
  async hide(key: string, target: string): Promise<void> {
    const path = await findMountPoint(target);
    if (path !== undefined) await this.#take(key, path);
  }

  /** Takes `key` away from everywhere. */
  async hideAll(key: string): Promise<void> {
    for (const shown of await this.list()) if (shown.key === key) await this.#take(key, shown.target);
  }

  async #take(key: string, path: string): Promise<void> {
    while (await this.#isShown(key, path)) {
      await unmountPatiently(this.kernel, this.logger, path);
      try {
        return await removeMountPoint(path);
      } catch (error) {
        // Something was mounted beneath what was on top.
        if (errnoOf(error) !== 'EBUSY') throw error;
      }
    }
    await removeMountPoint(path);
  }

  /** Throws when something else is mounted there: it is not the driver's to cover or to take away. */
  async #isShown(key: string, path: string): Promise<boolean> {
    const table = await this.kernel.mounts.list();
    if (!table.some((mount) => mount.target === path)) return false;
    if ((await this.find(table)).some((shown) => shown.key === key && shown.target === path)) return true;
    throw new ShiplogError('DRIVER_FAILED', `something else is mounted at ${path}`, { key, target: path });
  }
}
