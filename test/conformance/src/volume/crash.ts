import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernel, VolumeDriver } from '@shiplog/contracts';
import { type Call, crashSuite, instancesOf, type Stage, treeOf } from '../crash/index.ts';
import type { TestFunction } from '../in-lab.ts';

/** A driver under test, fresh, with its own empty state. */
export interface VolumeHost {
  readonly driver: VolumeDriver;
  /** The kit reads the mount table through it. */
  readonly kernel: Kernel;
  /** An empty directory for volumes. */
  readonly scratch: string;
  /** Where the driver keeps what survives a reboot. */
  readonly stateDir: string;
  /** Where it keeps what does not. */
  readonly runDir: string;
  /** What else the driver made on this host, a line each, such as what the plugin has that it speaks to. */
  look?(): Promise<readonly string[]>;
  /** What a reboot takes away beside mounts and the run directory. */
  reboot?(): Promise<void>;
  /** Another driver over the same state, as after a restart of the engine. The former one is used no more. */
  restart(): Promise<VolumeDriver>;
  /** Ends the driver that was made last as SIGKILL does; absent for drivers in this process. */
  kill?(): Promise<void>;
  /** Called at the end, failed or not; the kit has removed its volumes. */
  cleanup(): Promise<void>;
}

export type VolumeHostFactory = () => Promise<VolumeHost>;

export interface VolumeCrashSuite {
  readonly test: TestFunction;
  readonly name: string;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: VolumeHostFactory;
}

const VERBS = ['create', 'publish', 'unpublish', 'remove'] as const;

/** One volume with one consumer, from nothing to nothing: killed anywhere. */
export function volumeCrashSuite({ test, name, factory }: VolumeCrashSuite): void {
  crashSuite({ test, name: `volume/${name}`, verbs: VERBS, factory: () => stageOf(factory) });
}

function argsOf({ scratch }: VolumeHost): { readonly [verb in (typeof VERBS)[number]]: object } {
  const volume = { name: 'data', driver: 'mine', path: `${scratch}/volumes/data/_data`, options: {} };
  const publication = { ...volume, consumer: 'c0ffee' };
  return { create: volume, publish: publication, unpublish: publication, remove: volume };
}

async function stageOf(factory: VolumeHostFactory): Promise<Stage<'volume'>> {
  const fixture = await factory();
  const { kernel, scratch, stateDir, runDir } = fixture;
  const volumes = join(scratch, 'volumes');
  await mkdir(volumes);
  const args = argsOf(fixture);
  const calls = (verbs: readonly (typeof VERBS)[number][]): readonly Call[] => verbs.map((verb) => ({ verb, args: args[verb] }));
  const mounts = async (): Promise<readonly string[]> =>
    (await kernel.mounts.list())
      .map(({ target }) => target)
      .filter((path) => path.startsWith(`${scratch}/`) || path.startsWith(`${stateDir}/`));
  return {
    kernel,
    ...instancesOf(fixture),
    life: calls(VERBS),
    clear: calls(['unpublish', 'remove']),
    look: async () => [
      ...(await mounts()).map((path) => `mount ${path}`),
      ...(await Promise.all([volumes, stateDir, runDir].map(treeOf))).flat(),
      ...((await fixture.look?.()) ?? []),
    ],
    varying: [scratch, stateDir, runDir],
    async reboot() {
      for (const path of (await mounts()).toReversed()) await kernel.mounts.unmount(path);
      await rm(runDir, { recursive: true, force: true });
      await mkdir(runDir);
      await fixture.reboot?.();
    },
    cleanup: () => fixture.cleanup(),
  };
}
