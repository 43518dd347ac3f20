import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Kernel, NetworkDriver, Observed } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';
import { namesIn } from './safe-remove.ts';
import { together } from './together.ts';

type Args<V extends 'openSandbox' | 'closeSandbox'> = Parameters<NetworkDriver[V]>[0];

/**
 * The network namespaces a driver made. Each is remembered as a symlink in the driver's run directory, named by the
 * sandbox id and pointing to the namespace file, because the engine chooses the path and only the driver knows it is its own.
 */
export class Sandboxes {
  readonly #kernel: Kernel;
  readonly #records: string;

  constructor(kernel: Kernel, runDir: string) {
    this.#kernel = kernel;
    this.#records = join(runDir, 'sandboxes');
  }

  /** Makes the namespace with loopback up, and sets the sysctls that belong to a network namespace; the others are the runtime's. */
  async open({ id, path, sysctls }: Args<'openSandbox'>): Promise<{ readonly path: string }> {
    try {
      await together([this.#remember(id, path), this.#make(path)]);
      for (const [name, value] of Object.entries(sysctls)) {
        if (/^net[./]/.test(name)) await this.#kernel.namespaces.setSysctl(name, value, path);
      }
    } catch (error) {
      await this.close({ id, path });
      throw error;
    }
    return { path };
  }

  /** Removes the namespace file. Succeeds when there is none. */
  async close({ id, path }: Args<'closeSandbox'>): Promise<Record<string, never>> {
    await this.#kernel.namespaces.removeNetwork(path);
    await rm(join(this.#records, id), { force: true });
    return {};
  }

  /** Sandboxes that are there now. */
  async observe(): Promise<readonly Observed[]> {
    const found: Observed[] = [];
    for (const id of await namesIn(this.#records)) {
      const path = await readlink(join(this.#records, id));
      if (await this.#kernel.namespaces.isNamespace(path)) found.push({ resource: 'sandbox', id });
    }
    return found;
  }

  async #make(path: string): Promise<void> {
    try {
      await this.#kernel.namespaces.createNetwork(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      await mkdir(dirname(path), { recursive: true });
      await this.#kernel.namespaces.createNetwork(path);
    }
  }

  async #remember(id: string, path: string): Promise<void> {
    const record = join(this.#records, id);
    try {
      await symlink(path, record);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') {
        await mkdir(this.#records, { recursive: true });
        await this.#remember(id, path);
        return;
      }
      if (errnoOf(error) !== 'EEXIST') throw error;
      if ((await readlink(record)) === path) return;
      await rm(record, { force: true });
      await this.#remember(id, path);
    }
  }
}
