import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Kernel } from '@shiplog/contracts';
import { errnoOf } from '../errno.ts';
import { namesIn } from '../safe-remove.ts';

/** Where an endpoint's interface is. */
export interface InterfacePlace {
  /** The namespace file. */
  readonly sandbox: string;
  readonly ifName: string;
}

/**
 * The interfaces that endpoints have inside sandboxes, for drivers that leave nothing of an endpoint on the host. Each is remembered in the
 * driver's run directory, written before the interface is made, as a symlink from the endpoint's id to `<namespace file>/<interface>`.
 */
export class InterfaceRecords {
  readonly #kernel: Kernel;
  readonly #records: string;

  constructor(kernel: Kernel, runDir: string) {
    this.#kernel = kernel;
    this.#records = join(runDir, 'endpoints');
  }

  /** Remembers where the interface will be. What was remembered of the endpoint before is forgotten. */
  async remember(endpoint: string, { sandbox, ifName }: InterfacePlace): Promise<void> {
    const record = join(this.#records, endpoint);
    const target = join(sandbox, ifName);
    try {
      await symlink(target, record);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== 'ENOENT' && errno !== 'EEXIST') throw error;
      if (errno === 'ENOENT') await mkdir(this.#records, { recursive: true });
      else if ((await readlink(record)) === target) return;
      else await rm(record, { force: true });
      await this.remember(endpoint, { sandbox, ifName });
    }
  }

  async placeOf(endpoint: string): Promise<InterfacePlace | undefined> {
    try {
      const target = await readlink(join(this.#records, endpoint));
      return { sandbox: dirname(target), ifName: basename(target) };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Succeeds when nothing is remembered. */
  async forget(endpoint: string): Promise<void> {
    await rm(join(this.#records, endpoint), { force: true });
  }

  /** Removes the interface, then the record. Succeeds when the interface, its namespace or the record is gone. */
  async remove(endpoint: string): Promise<void> {
    const place = await this.placeOf(endpoint);
    if (place === undefined) return;
    if (await this.#kernel.namespaces.isNamespace(place.sandbox)) await this.#kernel.links.remove(place.ifName, place.sandbox);
    await this.forget(endpoint);
  }

  /** Ids of the endpoints whose interface is there now. */
  async present(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const endpoint of await namesIn(this.#records)) {
      const place = await this.placeOf(endpoint);
      if (place === undefined || !(await this.#kernel.namespaces.isNamespace(place.sandbox))) continue;
      const links = await this.#kernel.links.list(place.sandbox);
      if (links.some(({ name }) => name === place.ifName)) found.push(endpoint);
    }
    return found;
  }
}
