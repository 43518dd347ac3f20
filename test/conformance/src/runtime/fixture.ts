import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createContext, type Kernel, type RuntimeDriver } from '@shiplog/contracts';
import { instantiate, namesIn, type PluginDefinition, readControl, removeGroup, type ScopedDriver } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { type Hierarchy, hierarchies } from '../hierarchies.ts';
import { nameEngine } from '../name-engine.ts';
import { dieApart, type LastCalls } from '../crash/last-calls.ts';
import type { Death } from '../crash/stage.ts';
import { type Home, runtimeOf } from './driver-of.ts';
import { type Call, killAfter, type Killed } from './kill-after.ts';
import { killProcessesOf, monitorOf, processesOf } from './processes.ts';
import { makeRootFileSystem } from './root-file-system.ts';
import { type SpecOptions, specOf } from './spec.ts';

/** A driver under test, fresh, with its own empty directories. */
export interface RuntimeFixture {
  readonly driver: RuntimeDriver;
  /** The port that the driver was given. */
  readonly kernel: Kernel;
  /** Directory with everything that is this driver's and its containers': `state` and `run` are its own. */
  readonly home: string;
  readonly engineId: string;
  /** What `create` is asked for: `oci`, or the name of one of several that the driver can use. */
  readonly runtime: string;
  /** True when `spec` can limit memory on this host. */
  readonly limitsMemory: boolean;
  /** Another driver over the same directories, as after kill -9 of an engine. The former one is used no more. */
  restart(): Promise<RuntimeDriver>;
  /**
   * An OCI runtime spec whose root file system has busybox as /bin/busybox with links for what the checks run in /bin, /etc/passwd and
   * /etc/group with root and with `app` (1000:1000, home /home/app, member of `extra` 2000), a text file /etc/plain that is
   * not executable, and /proc. Capabilities as Docker gives them.
   */
  spec(id: string, args: readonly string[], options?: SpecOptions): object;
  /** Where the log of a container goes. */
  logPath(id: string): string;
  /** What is left on the host of these containers and sessions: processes, files, mounts and cgroups, in words. */
  remains(ids: readonly string[]): Promise<readonly string[]>;
  /** Kills what watches a container, or does nothing and answers false if there is no such thing. */
  killMonitor(id: string): Promise<boolean>;
  /**
   * Makes the call with another driver over the same directories, in a process of its own that is killed `after` milliseconds
   * from then, or when the call has ended.
   */
  kill(call: Call, after?: number): Promise<Killed>;
  /** Makes calls with another driver over the same directories, in a process of its own that dies in the last one: {@link dieApart}. */
  die(calls: LastCalls): Promise<Death>;
  /** Called at the end, failed or not. */
  cleanup(): Promise<void>;
}

export type RuntimeFactory = () => Promise<RuntimeFixture>;

/** A runtime driver of a plugin. */
export interface RuntimeOfPlugin {
  readonly plugin: PluginDefinition;
  /** URL of the plugin's module, for processes of their own that make calls and are killed. */
  readonly module: string;
  /** Of the driver; it is also what `create` is asked for. */
  readonly name: string;
  readonly kernel: Kernel;
}

const script = (name: string): string => fileURLToPath(new URL(`${name}.script.js`, import.meta.url));
/** What a name that is no other's is looked for beneath. */
const PREFIX = 'shiplog-kit-';

/**
 * What the kit asks of a driver: empty directories, a bundle with a root file system in which busybox is, and a look at the host. A driver whose
 * manifest says that it runs no programs gets no root file system, and its processes are not looked for.
 */
export async function runtimeFixture({ plugin, module, name, kernel }: RuntimeOfPlugin): Promise<RuntimeFixture> {
  const definition = runtimeOf(plugin, name);
  const programs = definition.manifest.capabilities['programs'] !== false;
  const home = await mkdtemp(join(tmpdir(), PREFIX));
  const [stateDir, runDir, rootfs] = [join(home, 'state'), join(home, 'run'), join(home, 'rootfs')];
  await Promise.all([mkdir(stateDir), mkdir(runDir), ...(programs ? [makeRootFileSystem(rootfs)] : [])]);
  const engineId = randomBytes(6).toString('hex');
  await nameEngine(home, engineId);
  const all = await hierarchies(kernel);
  const limiting = await memoryOf(all);
  const cgroups = (): Promise<readonly string[]> => groupsCalled(all, engineId);
  let current: ScopedDriver<'runtime'> | undefined;
  const restart = async (): Promise<RuntimeDriver> => {
    await current?.dispose();
    current = instantiate(definition, createTestServices({ kernel, stateDir, runDir, engineId }));
    return current.driver;
  };
  const driver = await restart();
  const where: Home = { module, name, stateDir, runDir, engineId };
  return {
    driver,
    kernel,
    home,
    engineId,
    runtime: name,
    limitsMemory: programs && limiting !== undefined,
    restart,
    spec(id, args, options = {}) {
      const cgroupsPath = `/${PREFIX}${engineId}-${id.slice(0, 12)}`;
      if (options.memory !== undefined && limiting !== undefined) limitMemory(limiting, cgroupsPath, options.memory);
      return specOf({ rootfs, cgroupsPath }, args, options);
    },
    logPath: (id) => join(home, 'logs', `${id}.log`),
    async remains(ids) {
      // Cgroups are the cgroup driver's, which removes those that nobody is in.
      for (const path of await cgroups()) await rmdir(path).catch(() => undefined);
      const processes = programs ? (await processesOf(home)).map(({ pid, command }) => `${pid} ${command}`) : [];
      const paths = (await Promise.all([stateDir, runDir].map((directory) => pathsNaming(directory, ids)))).flat();
      const mounts = (await kernel.mounts.list()).map(({ target }) => target).filter((target) => target.startsWith(`${home}/`));
      return [...processes, ...paths, ...mounts.map((target) => `mount ${target}`), ...(await cgroups())];
    },
    async killMonitor(id) {
      const state = await current?.driver.state({ id }, createContext({ op: 'kit', signal: AbortSignal.timeout(60_000) }));
      const monitor = state?.process === undefined ? undefined : await monitorOf(state.process.pid);
      if (monitor === undefined) return false;
      process.kill(monitor, 'SIGKILL');
      while ((await kernel.processes.startTicks(monitor)) !== undefined) await sleep(2);
      return true;
    },
    kill: (call, after) => killAfter([process.execPath, script('call'), JSON.stringify(where)], call, after),
    die: (calls) => dieApart([process.execPath, script('die'), JSON.stringify(where)], calls),
    async cleanup() {
      await current?.dispose();
      if (programs) await killProcessesOf(home);
      // With those of exec sessions in them; who was killed a moment ago may not have left them yet.
      for (const path of await cgroups()) await removeGroup(path);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The hierarchy in which memory can be limited; undefined where there is none. */
async function memoryOf(all: readonly Hierarchy[]): Promise<Hierarchy | undefined> {
  for (const one of all) {
    const has = one.version === 1 ? one.controllers : (await readControl(join(one.mounted, 'cgroup.subtree_control'))).split(' ');
    if (has.includes('memory')) return one;
  }
  return undefined;
}

/** As a cgroup driver does it, before there is a process. */
function limitMemory({ version, mounted }: Hierarchy, cgroupsPath: string, bytes: number): void {
  const directory = join(mounted, cgroupsPath);
  mkdirSync(directory);
  writeFileSync(join(directory, version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes));
}

async function groupsCalled(all: readonly Hierarchy[], word: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    all.map(async ({ mounted }) => (await namesIn(mounted)).filter((name) => name.includes(word)).map((name) => join(mounted, name))),
  );
  return lists.flat();
}

/** What is called after one of these containers or sessions, or an abbreviation of its id. */
async function pathsNaming(directory: string, ids: readonly string[]): Promise<readonly string[]> {
  const words = ids.map((id) => id.slice(0, 12));
  return (await readdir(directory, { recursive: true }))
    .filter((path) => words.some((word) => path.includes(word)))
    .map((path) => join(directory, path));
}
