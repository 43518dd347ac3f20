import { link, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, ShiplogError } from '@shiplog/contracts';
import { errnoOf, namesIn, pathExists, syncDirectory } from '@shiplog/driver-kit';
import { isDigest } from '@shiplog/oci';
import { makeDirectory } from './durable.ts';

/** A finished file, synced, that is to become a blob. */
export interface NewBlob {
  readonly digest: Digest;
  /** On the same file system as the blobs. It is moved away, or left where it is if the blob is there already. */
  readonly file: string;
}

/** Content by digest: one read-only file each, `<directory>/<64 hex>`. */
export class Blobs {
  readonly #directory: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Takes in all of `blobs`, or none: durable when it resolves, and when it fails those that it had moved are gone again.
   * Calls run one after the other, so that no call counts on a blob that another one takes back.
   */
  async add(blobs: readonly NewBlob[]): Promise<void> {
    const turn = this.#last.then(
      () => this.#add(blobs),
      () => this.#add(blobs),
    );
    this.#last = turn;
    await turn;
  }

  async #add(blobs: readonly NewBlob[]): Promise<void> {
    await makeDirectory(this.#directory);
    const added: string[] = [];
    try {
      for (const { digest, file } of blobs) {
        const path = this.#file(digest);
        if (await pathExists(path)) continue;
        await rename(file, path);
        added.push(path);
      }
      await syncDirectory(this.#directory);
    } catch (error) {
      await Promise.all(added.map((path) => rm(path, { force: true })));
      throw error;
    }
  }

  /** Throws BLOB_NOT_FOUND. */
  async path(digest: Digest): Promise<string> {
    if (!isDigest(digest) || !(await pathExists(this.#file(digest)))) {
      throw new ShiplogError('BLOB_NOT_FOUND', `no blob ${digest} is stored`, { digest });
    }
    return this.#file(digest);
  }

  has(digest: Digest): Promise<boolean> {
    return pathExists(this.#file(digest));
  }

  /** Makes a blob appear at `path` too, where it stays if it is removed here. False where it is not stored. */
  link(digest: Digest, path: string): Promise<boolean> {
    return linked(this.#file(digest), path);
  }

  /** Bytes of those that are there. */
  async sizes(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, number>> {
    const sizes = new Map<Digest, number>();
    for (const digest of new Set(digests)) {
      const stats = isDigest(digest) ? await stat(this.#file(digest)).catch(unlessThere) : undefined;
      if (stats !== undefined) sizes.set(digest, stats.size);
    }
    return sizes;
  }

  /** Succeeds for those that are not there. */
  async remove(digests: readonly Digest[]): Promise<void> {
    const known = digests.filter((digest) => isDigest(digest));
    await Promise.all(known.map((digest) => rm(this.#file(digest), { force: true })));
    if (known.length > 0 && (await pathExists(this.#directory))) await syncDirectory(this.#directory);
  }

  async list(): Promise<readonly Digest[]> {
    return (await namesIn(this.#directory)).map((name) => `sha256:${name}`).filter((name) => isDigest(name));
  }

  #file(digest: Digest): string {
    return join(this.#directory, digest.slice('sha256:'.length));
  }
}

/** Makes the file `from` appear at `path` too, unless there is something. False where there is no such file. */
export async function linked(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return true;
    unlessThere(error);
    return false;
  }
}

function unlessThere(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
