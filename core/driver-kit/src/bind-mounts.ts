import { realpath } from 'node:fs/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { pathExists } from './build-directory.ts';
import { findMountPoint, makeMountPoint, removeMountPoint, unmountPatiently } from './mount-point.ts';
import { bindMountsOf } from './mount-table.ts';
import type { Logger } from './services.ts';

/** A directory that is shown at a target: `key` is its first path segment below the home it lies in. */
export interface ShownDirectory {
  readonly key: string;
  readonly target: string;
}

/**
 * Shows directories `<home>/<key>/…` at targets by bind mounts, and takes them away again. Remembers nothing: what is shown is what
 * the kernel's mount table says, so that a crash or another instance changes nothing.
 */
export class BindMounts {
  constructor(
    private readonly kernel: Kernel,
    private readonly logger: Logger,
    private readonly home: string,
  ) {}

  async list(): Promise<readonly ShownDirectory[]> {
    if (!(await pathExists(this.home))) return [];
    const binds = bindMountsOf(await this.kernel.mounts.list(), await realpath(this.home));
    return binds.map(({ path, target }) => ({ key: path.split('/')[0] ?? '', target }));
  }

  /** Makes `source` (below `<home>/<key>`) visible at `target`, which it creates. Repeating it is free. Throws DRIVER_FAILED where something else is mounted. */
  async show(key: string, source: string, target: string) {
    const { path, made } = await makeMountPoint(target);
    const mount = { type: 'bind', source, target: path, options: ['bind', 'private'] };
    if (!(await this.#isShown(key, path))) {
      try {
        await this.kernel.mounts.mount(mount);
      } catch (error) {
        if (made) await removeMountPoint(path);
        throw error;
      }
    }
    return { ...mount, target };
  }

  /** Takes `key` away from `target`, and the directory with it. Succeeds when nothing is there. */
  async hide(key: string, target: string): Promise<void> {
    const path = await findMountPoint(target);
    if (path === undefined) return;
    while (await this.#isShown(key, path)) await unmountPatiently(this.kernel, this.logger, path);
    await removeMountPoint(path);
  }

  /** Takes `key` away from everywhere. */
  async hideAll(key: string): Promise<void> {
    for (const shown of await this.list()) if (shown.key === key) await this.hide(key, shown.target);
  }

  /** Throws when something else is mounted there: it is nobody's to cover or to take away. */
  async #isShown(key: string, path: string): Promise<boolean> {
    if ((await this.list()).some((shown) => shown.key === key && shown.target === path)) return true;
    if (!(await this.kernel.mounts.list()).some((mount) => mount.target === path)) return false;
    throw new ShiplogError('DRIVER_FAILED', `something else is mounted at ${path}`, { key, target: path });
  }
}
