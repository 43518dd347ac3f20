import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createContext,
  type ErrorCode,
  ERRORS,
  type Kernel,
  type Observed,
  type OperationContext,
  ShiplogError,
  type StorageDriver,
} from '@shiplog/contracts';
import { type TarEntry, diffIdOf, makeTar } from './tar.ts';

/** A driver under test, fresh, with its own empty state. */
export interface StorageFixture {
  readonly driver: StorageDriver;
  /** The real one: the kit reads the mount table and extended attributes through it. */
  readonly kernel: Kernel;
  /** An empty directory for blobs and mount targets. */
  readonly scratch: string;
  /** Where the driver keeps its state: the kit checks that failures leave nothing there. */
  readonly stateDir: string;
  /** Another driver over the same state, as after a restart of the engine. The former one is used no more. */
  restart(): Promise<StorageDriver>;
  /** Ends the driver that was made last as SIGKILL does; absent for drivers in this process. */
  kill?(): Promise<void>;
  /** Called at the end, failed or not; the kit has taken away what it mounted. */
  cleanup(): Promise<void>;
}

export type StorageFactory = () => Promise<StorageFixture>;

/** A layer's blob, and what it is called. */
export interface Blob {
  readonly source: string;
  readonly diffId: string;
}

/** What a check works with: the driver, and shorthands for its life-cycle. */
export class Lab {
  driver: StorageDriver;
  readonly kernel: Kernel;
  readonly scratch: string;
  readonly stateDir: string;
  readonly #fixture: StorageFixture;
  readonly #shown: { readonly key: string; readonly target: string }[] = [];

  constructor(fixture: StorageFixture) {
    this.#fixture = fixture;
    this.driver = fixture.driver;
    this.kernel = fixture.kernel;
    this.scratch = fixture.scratch;
    this.stateDir = fixture.stateDir;
  }

  ctx(signal: AbortSignal = new AbortController().signal): OperationContext {
    return createContext({ op: randomBytes(8).toString('hex'), signal });
  }

  /** A key such as containers have. */
  containerKey(): string {
    return randomBytes(32).toString('hex');
  }

  /** A key such as layers have; with a colon in it. */
  layerKey(): string {
    return `sha256:${randomBytes(32).toString('hex')}`;
  }

  /** Writes bytes as a blob. `tar` is what the diff id is computed from, if it is not the blob itself. */
  async blob(bytes: Uint8Array, tar: Uint8Array = bytes): Promise<Blob> {
    const diffId = diffIdOf(tar);
    const source = join(this.scratch, `blob-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`);
    await writeFile(source, bytes);
    return { source, diffId };
  }

  /** Applies a layer of these entries and answers its key. */
  async layer(entries: readonly TarEntry[], parent?: string): Promise<string> {
    const key = this.layerKey();
    const { source, diffId } = await this.blob(makeTar(entries));
    await this.driver.applyLayer({ key, ...parentOf(parent), diffId, source }, this.ctx());
    return key;
  }

  /** Prepares an active snapshot on `parent`, mounts it, and answers where. */
  async show(parent?: string, key: string = this.containerKey()): Promise<string> {
    await this.driver.prepare({ key, ...parentOf(parent) }, this.ctx());
    return this.mount(key);
  }

  async mount(key: string, target: string = this.target()): Promise<string> {
    this.#shown.push({ key, target });
    await this.driver.mount({ key, target }, this.ctx());
    return target;
  }

  /** A path to mount at; nothing is there. */
  target(): string {
    return join(this.scratch, 'mounts', randomBytes(8).toString('hex'));
  }

  async restart(): Promise<void> {
    this.driver = await this.#fixture.restart();
  }

  /** Targets at which something is mounted, one for each mount. */
  async mountsAt(target: string): Promise<number> {
    return (await this.kernel.mounts.list()).filter((mount) => mount.target === target).length;
  }

  async observed(): Promise<readonly string[]> {
    return (await this.driver.observe()).map(({ resource, id }: Observed) => `${resource} ${id}`).toSorted();
  }

  /** Every path in the driver's state, and every mount in it: equal before and after means that nothing stayed. */
  async footprint(): Promise<readonly string[]> {
    const mounts = (await this.kernel.mounts.list()).map(({ target }) => target).filter((target) => target.startsWith(`${this.stateDir}/`));
    return [...mounts.map((target) => `mount ${target}`), ...(await readdir(this.stateDir, { recursive: true }))].toSorted();
  }

  /** Runs `work`, which must fail with `code` and leave nothing: no snapshot, no file, no mount. */
  async failsWithoutTrace(codes: ErrorCode | readonly ErrorCode[], work: () => Promise<unknown>): Promise<void> {
    // The first verb may make directories of the driver's own.
    await this.driver.remove({ key: this.containerKey() }, this.ctx());
    const before = { observed: await this.observed(), footprint: await this.footprint() };
    await rejectsWith(codes, work());
    assert.deepEqual({ observed: await this.observed(), footprint: await this.footprint() }, before, 'the failure left something behind');
  }

  async end(): Promise<void> {
    try {
      for (const { key, target } of this.#shown.toReversed()) await this.driver.unmount({ key, target }, this.ctx());
    } finally {
      await this.#fixture.cleanup();
    }
  }
}

/** The code is one of the catalogue's that fits; the message is for a person. */
export async function rejectsWith(codes: ErrorCode | readonly ErrorCode[], work: Promise<unknown>): Promise<void> {
  const wanted: readonly string[] = typeof codes === 'string' ? [codes] : codes;
  await assert.rejects(work, (error: unknown) => {
    if (!(error instanceof ShiplogError)) throw new Error(`expected a ShiplogError, got ${String(error)}`, { cause: error });
    assert.ok(error.code in ERRORS, `${error.code} is not in the catalogue`);
    assert.ok(wanted.includes(error.code), `expected ${wanted.join(' or ')}, got ${error.code}: ${error.message}`);
    assert.ok(error.message.length > 0, 'the error has no message');
    return true;
  });
}

/** Names in a directory, sorted. */
export async function names(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).toSorted();
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    return false;
  }
}

export function parentOf(parent: string | undefined): { readonly parent?: string } {
  return parent === undefined ? {} : { parent };
}

/** Adds a named check, which gets a lab of its own. */
export type AddCheck = (name: string, body: (lab: Lab) => Promise<void>) => void;
