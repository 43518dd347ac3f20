import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverFamilies, Kernel, VerbKind } from '@shiplog/contracts';
import { ask } from './ask.ts';
import type { Call } from './call.ts';
import { interceptFileSystem } from './file-system.ts';
import { interceptKernel } from './kernel.ts';
import { interceptRequests } from './requests.ts';
import type { StepRecords } from './step-records.ts';

/** How the driver died that made a call. */
export interface Death {
  readonly hasAnswered: boolean;
  /** What it did, or died before, in order. */
  readonly effects: readonly string[];
  /** Of the call's steps, for the next driver. */
  readonly records: StepRecords;
}

/** A host for one driver, what happens on it, and a look at it from outside. */
export interface Stage<K extends VerbKind> {
  /** The port that the driver was given; absent if it has none. */
  readonly kernel?: Kernel;
  /** Another instance over the same state, as after a restart of the engine. */
  make(): Promise<DriverFamilies[K]>;
  /** Ends the one that was made last as SIGKILL does, where it is a process of its own. */
  kill(): Promise<void>;
  /**
   * Lives up to the call at `index`, and dies there, at its effect `last` or after its answer, in a process of its own. Absent where that
   * is simulated: for drivers that hold nothing that a process takes with it, such as pipes.
   */
  die?(index: number, last: number): Promise<Death>;
  /** From nothing, by everything the driver makes, to nothing again. Ids are the same ones on every stage, or `varying`. */
  readonly life: readonly Call[];
  /** The undo of everything, in order: clears what is left at any moment of `life`. */
  readonly clear: readonly Call[];
  /** All of this driver's that is on the host, a line each. */
  look(): Promise<readonly string[]>;
  /** Words that are other ones on each stage, such as its directory. */
  readonly varying: readonly string[];
  /** An answer without what is another one each time, such as a pid. Absent: it has no such thing. */
  plain?(answer: unknown): unknown;
  /** Milliseconds that what a call lets happen, such as the end of a process, may take after its answer. Absent: 0. */
  readonly patienceMs?: number;
  /** Takes away what a reboot does: mounts, namespaces, links, groups, the run directory. */
  reboot(): Promise<void>;
  cleanup(): Promise<void>;
}

/** A fresh stage; called for every moment that a driver dies at. */
export type Factory<K extends VerbKind> = () => Promise<Stage<K>>;

/** Undoes everything. */
export async function clear<K extends VerbKind>(stage: Stage<K>): Promise<void> {
  const driver = await stage.make();
  for (const call of stage.clear) await ask(driver, call);
}

/** Works on a fresh stage, where drivers may die, and clears it away, also after failure. */
export async function on<K extends VerbKind, T>(factory: Factory<K>, work: (stage: Stage<K>) => Promise<T>): Promise<T> {
  const stage = await factory();
  const restore = [interceptFileSystem(), interceptRequests(), ...(stage.kernel === undefined ? [] : [interceptKernel(stage.kernel)])];
  try {
    return await work(stage);
  } finally {
    for (const undo of restore) undo();
    try {
      // What a wrong driver leaves is not this host's to keep.
      await clear(stage).catch(() => stage.reboot());
    } finally {
      await stage.cleanup();
    }
  }
}

/** How a stage gets its instances: a fresh one each time, and of drivers that are processes the one that lives, until it is killed. */
export function instancesOf<D>(fixture: { readonly driver: D; restart(): Promise<D>; kill?(): Promise<void> }): {
  make(): Promise<D>;
  kill(): Promise<void>;
} {
  let next: D | undefined = fixture.driver;
  return {
    async make() {
      const driver = next ?? (await fixture.restart());
      next = fixture.kill === undefined ? undefined : driver;
      return driver;
    },
    async kill() {
      next = undefined;
      await fixture.kill?.();
    },
  };
}

/** Every path beneath a directory, with its type, size of files, and target of links. */
export async function treeOf(directory: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const path of (await readdir(directory, { recursive: true })).toSorted()) {
    const stats = await lstat(join(directory, path));
    if (stats.isSymbolicLink()) lines.push(`${path} -> ${await readlink(join(directory, path))}`);
    else lines.push(stats.isFile() ? `${path} ${stats.size}` : `${path} ${stats.isDirectory() ? 'directory' : 'other'}`);
  }
  return lines;
}
