import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, type DriverFamilies, type DriverManifest, type Kernel, type VerbKind } from '@shiplog/contracts';
import { type DriverDefinition, instantiate, type PluginDefinition } from '@shiplog/driver-kit';
import { type Guest, type GuestSource, remoteDriver, startGuest } from '@shiplog/driver-kit/isolation';
import { createTestServices } from '@shiplog/driver-kit/testing';

/** What is proven: a plugin's value in this process, or one that runs elsewhere. */
export type Proven =
  | { readonly plugin: PluginDefinition; readonly module?: string; readonly kernel: Kernel }
  | { readonly guest: GuestSource; readonly drivers: readonly DriverManifest[]; readonly kernel: Kernel };

/** A place on this host for one driver: directories of its own, and as many instances as a check wants. */
export interface DriverLab<K extends VerbKind> {
  readonly scratch: string;
  readonly stateDir: string;
  readonly runDir: string;
  /** Another instance over the same state. `engineId`: of another engine. */
  make(engineId?: string): Promise<DriverFamilies[K]>;
  /** Ends the instance that was made last as SIGKILL does; absent for those in this process. */
  kill?(): Promise<void>;
  /** Ends all instances, as a crash would: nothing is closed that they have open. */
  end(): Promise<void>;
  /** The same, and deletes the directories. */
  cleanup(): Promise<void>;
}

/** A lab for one driver of what is proven. Its directories are made in one that is made `below`. */
export async function driverLab<K extends VerbKind>(proven: Proven, kind: K, name: string, below = tmpdir()): Promise<DriverLab<K>> {
  const directory = await mkdtemp(join(below, 'shiplog-kit-'));
  const [stateDir, runDir, scratch] = [join(directory, 'state'), join(directory, 'run'), join(directory, 'scratch')];
  for (const path of [stateDir, runDir, scratch]) await mkdir(path);
  const ends: (() => Promise<unknown>)[] = [];
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  let last: Guest | undefined;
  return {
    scratch,
    stateDir,
    runDir,
    async make(engineId) {
      const services = createTestServices({ kernel: proven.kernel, stateDir, runDir, ...(engineId === undefined ? {} : { engineId }) });
      if ('plugin' in proven) {
        const scoped = instantiate(definitionOf(proven.plugin, kind, name), services);
        ends.push(() => scoped.dispose());
        return scoped.driver;
      }
      const { home, log, options } = services;
      const guest = await startGuest(proven.guest, {
        note: () => undefined,
        printed: () => undefined,
        log,
        patienceMs: 5_000,
        socketDirectory: join(directory, 'sockets'),
      });
      ends.push(async () => {
        guest.kill();
        await guest.exited;
      });
      last = guest;
      guest.connection.welcome(Object.fromEntries(proven.drivers.map((one) => [`${one.kind}/${one.name}`, { home, options }])));
      return remoteDriver(kind, (verb, args, ctx) => guest.connection.call(`${kind}/${name}`, verb, args, ctx));
    },
    ...('guest' in proven
      ? {
          async kill() {
            last?.kill();
            await last?.exited;
          },
        }
      : {}),
    end: endAll,
    async cleanup() {
      await endAll();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a guest says of its drivers when it begins. */
export async function driversOf(guest: GuestSource): Promise<readonly DriverManifest[]> {
  const directory = await mkdtemp(join(tmpdir(), 'shiplog-kit-'));
  try {
    const { log } = createTestServices({ stateDir: directory, runDir: directory });
    const host = { note: () => undefined, printed: () => undefined, log, patienceMs: 5_000, socketDirectory: directory };
    const { connection, kill, exited } = await startGuest(guest, host);
    const { drivers } = await connection.hello;
    kill();
    await exited;
    return drivers;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether it can run here, and why not. */
export async function probeOf(proven: Proven, kind: string, name: string): Promise<string | undefined> {
  const lab = await driverLab(proven, kind as VerbKind, name);
  try {
    if ('guest' in proven) return undefined;
    const services = createTestServices({ kernel: proven.kernel, stateDir: lab.stateDir, runDir: lab.scratch });
    const probe = await definitionOf(proven.plugin, kind as VerbKind, name).probe?.(services);
    return probe === undefined || probe.usable ? undefined : probe.reason;
  } finally {
    await lab.cleanup();
  }
}

/** Context of a call that nobody cancels. */
export const calmly = () => createContext({ op: 'kit', signal: AbortSignal.timeout(60_000) });

function definitionOf<K extends VerbKind>(plugin: PluginDefinition, kind: K, name: string): DriverDefinition<K> {
  const found = plugin.drivers.find(({ manifest }) => manifest.kind === kind && manifest.name === name);
  if (found === undefined) throw new Error(`the plugin has no driver ${kind}/${name}`);
  return found as DriverDefinition<K>;
}
